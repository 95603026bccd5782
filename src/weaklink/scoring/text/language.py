"""Does a text read like English, which is what the scorers were fitted on?"""

from collections.abc import Iterable
from itertools import islice

from weaklink.scoring.text.lexicon import STOPWORDS
from weaklink.scoring.text.tokens import Token

_LOOKED_AT = 300
_FEWEST = 8
_STOPWORDS_AT_LEAST = 0.12
"""Share of words; English prose has .35 to .5, German, French and Spanish up to .06."""
_FOREIGN_AT_MOST = 0.2
"""Share of words with a letter beyond ASCII."""


def reads_as_english(tokens: Iterable[Token]) -> bool:
    """The words are English prose, or too few (under 8) to tell.

    Lists, tables and code of eight words or more are no prose, and do not.
    """
    words = [token.surface.lower() for token in islice(tokens, _LOOKED_AT) if token.kind == "word"]
    if sum(not word.isascii() for word in words) > _FOREIGN_AT_MOST * len(words):
        return False
    if len(words) < _FEWEST:
        return True
    return sum(word in STOPWORDS for word in words) >= _STOPWORDS_AT_LEAST * len(words)
