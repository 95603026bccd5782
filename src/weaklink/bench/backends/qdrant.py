"""Qdrant's own client: local (exact, in Python, no server) and by URL."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from weaklink.bench.data import Passage
from weaklink.bench.store import Index, Place

_CLIENTS = ("qdrant_client:QdrantClient.query_points", "qdrant_client:QdrantClient.query_batch_points")
LOCAL = Index("qdrant", kind="exact", clients=_CLIENTS, persistent=True)
SERVER = Index(
    "qdrant-server", build={"m": 16, "ef_construction": 100}, clients=_CLIENTS, url="WEAKLINK_QDRANT_URL", url_required=True
)  # fmt: skip
NAME = "weaklink-bench"


def point_id(passage: Passage) -> str:
    """Qdrant takes no id but numbers and UUIDs."""
    return str(uuid5(NAMESPACE_URL, passage.id))


def condition(key: str, value: str) -> Any:
    """The filter "`key` is `value`"."""
    models = import_module("qdrant_client").models
    return models.Filter(must=[models.FieldCondition(key=key, match=models.MatchValue(value=value))])


def make_collection(client: Any, place: Place) -> None:
    """A collection with cosine distance, unless it is there."""
    models = import_module("qdrant_client").models
    if client.collection_exists(NAME):
        return
    graph = None
    if place.parameters:
        graph = models.HnswConfigDiff(m=place.number("m"), ef_construct=place.number("ef_construction"))
    vectors = models.VectorParams(size=place.dimensions, distance=models.Distance.COSINE)
    client.create_collection(NAME, vectors_config=vectors, hnsw_config=graph)


@contextmanager
def local(place: Place) -> Generator[Any]:
    """A client of a folder."""
    client = import_module("qdrant_client").QdrantClient(path=str(place.folder), force_disable_check_same_thread=True)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def server(place: Place) -> Generator[Any]:
    """A client of the server at `place.url`, with the key in WEAKLINK_QDRANT_API_KEY; the collection is deleted in the end."""
    key = os.environ.get("WEAKLINK_QDRANT_API_KEY")
    client = import_module("qdrant_client").QdrantClient(url=place.url, api_key=key)
    try:
        yield client
        client.delete_collection(NAME)
    finally:
        client.close()
