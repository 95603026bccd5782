"""Stores without a framework: exact search, the lexical line, and stores for which no framework has a class."""

from weaklink.bench.direct.bm25 import bm25
from weaklink.bench.direct.exact import exact
from weaklink.bench.store import Recipe

DIRECT: tuple[Recipe, ...] = (exact, bm25)

__all__ = ["DIRECT"]
