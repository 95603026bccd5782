"""Stores by their own client, without a framework: exact, lexical and hybrid search, and what no framework has a class for."""

from weaklink.bench.direct.bm25 import bm25
from weaklink.bench.direct.duckdb_vss import duckdb_vss
from weaklink.bench.direct.exact import exact
from weaklink.bench.direct.hnswlib import hnswlib
from weaklink.bench.direct.hybrid import hybrid
from weaklink.bench.store import Recipe

DIRECT: tuple[Recipe, ...] = (exact, bm25, hybrid, hnswlib, duckdb_vss)

__all__ = ["DIRECT"]
