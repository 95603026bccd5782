"""One grammar for finding traces, the same on the command line, in the viewer and in the API.

    verdict:broken step:retriever relevance:<0.3 latency:>2s since:2d "refund policy" -draft

A clause is `field:value`, a word, or a "phrase"; all of them must hold, and `-` before one turns it round. Commas give
alternatives, `*` stands for anything, numbers take `<`, `<=`, `>`, `>=` and `from..to`. What cannot be understood is an error
that says what was meant, never a clause that is left out.
"""

from weaklink.query.fields import FIELDS, Field
from weaklink.query.parse import BadQuery, Clause, Query, parse_query
from weaklink.query.sql import Condition, condition_of

__all__ = ["FIELDS", "BadQuery", "Clause", "Condition", "Field", "Query", "condition_of", "parse_query"]
