"""Milvus: in this process (Milvus Lite, a file), or a server by URL."""

from __future__ import annotations

from weaklink.bench.store import Index, Place

LITE = Index(
    "milvus-lite", kind="exact", clients=("pymilvus:MilvusClient.search",), persistent=True, url="WEAKLINK_MILVUS_URL"
)
NAME = "weaklink_bench"


def address(place: Place) -> str:
    """The server, or the file of Milvus Lite."""
    return place.url or str(place.folder / "milvus.db")
