"""LanceDB's own client: where a search waits for it."""

from __future__ import annotations

from weaklink.bench.store import Index

_CLIENTS = (
    "lancedb.query:LanceQueryBuilder.to_arrow",
    "lancedb.query:LanceQueryBuilder.to_pandas",
    "lancedb.query:LanceQueryBuilder.to_list",
)
NAME = "weaklink_bench"
FLAT = Index("lancedb", kind="exact", clients=_CLIENTS, persistent=True)
