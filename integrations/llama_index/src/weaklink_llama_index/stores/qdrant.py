"""Qdrant through llama-index-vector-stores-qdrant: in this process (exact, in Python), or a server by URL."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Passage, Place
from weaklink.bench.backends import qdrant as backend
from weaklink_llama_index.stores.collection import StoreCollection

_MODULES = ("qdrant_client", "llama_index.vector_stores.qdrant")
_NEEDS = ("llama-index-vector-stores-qdrant",)


class _Qdrant(StoreCollection):
    def __init__(self, client: Any, place: Place) -> None:
        store = import_module("llama_index.vector_stores.qdrant").QdrantVectorStore
        backend.make_collection(client, place)
        super().__init__(store(backend.NAME, client=client), place.embed)

    def add(self, passages: Sequence[Passage]) -> None:
        super().add([passage.model_copy(update={"id": backend.point_id(passage)}) for passage in passages])

    def delete(self, passages: Sequence[Passage]) -> None:
        super().delete([passage.model_copy(update={"id": backend.point_id(passage)}) for passage in passages])


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    with backend.local(place) as client:
        yield _Qdrant(client, place)


@contextmanager
def _open_server(place: Place) -> Generator[Collection]:
    with backend.server(place) as client:
        yield _Qdrant(client, place)


qdrant = backend.LOCAL.through("llama_index", _open, _MODULES, _NEEDS)
qdrant_server = backend.SERVER.through("llama_index", _open_server, _MODULES, _NEEDS)
