"""Stores by their own client, without a framework: exact search, the lexical line, and what no framework has a good class for."""

from weaklink.bench.direct.bm25 import bm25
from weaklink.bench.direct.duckdb_vss import duckdb_vss
from weaklink.bench.direct.exact import exact
from weaklink.bench.direct.hnswlib import hnswlib
from weaklink.bench.store import Recipe

DIRECT: tuple[Recipe, ...] = (exact, bm25, hnswlib, duckdb_vss)

__all__ = ["DIRECT"]
