"""LanceDB's own client: where a search waits for it."""

from __future__ import annotations

CLIENTS = (
    "lancedb.query:LanceQueryBuilder.to_arrow",
    "lancedb.query:LanceQueryBuilder.to_pandas",
    "lancedb.query:LanceQueryBuilder.to_list",
)
NAME = "weaklink_bench"
