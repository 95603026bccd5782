"""Qdrant through langchain-qdrant: in this process (exact, in Python), or a server by URL."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Passage, Place
from weaklink.bench.backends import qdrant as backend
from weaklink_langchain.stores.collection import LookedUp, StoreCollection

_MODULES = ("qdrant_client", "langchain_qdrant")
_NEEDS = ("langchain-qdrant",)


class _Qdrant(StoreCollection):
    def add(self, passages: Sequence[Passage]) -> None:
        self.store.add_texts(
            [passage.text for passage in passages],
            [dict(passage.metadata) for passage in passages],
            ids=[backend.point_id(passage) for passage in passages],
        )

    def delete(self, passages: Sequence[Passage]) -> None:
        self.store.delete([backend.point_id(passage) for passage in passages])

    def condition(self, key: str, value: str) -> Any:
        return backend.condition(f"metadata.{key}", value)


def _collection(client: Any, place: Place) -> Collection:
    QdrantVectorStore = import_module("langchain_qdrant").QdrantVectorStore
    backend.make_collection(client, place)
    return _Qdrant(QdrantVectorStore(client, backend.NAME, LookedUp(place.embed), validate_collection_config=False))


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    with backend.local(place) as client:
        yield _collection(client, place)


@contextmanager
def _open_server(place: Place) -> Generator[Collection]:
    with backend.server(place) as client:
        yield _collection(client, place)


qdrant = backend.LOCAL.through("langchain", _open, _MODULES, _NEEDS)
qdrant_server = backend.SERVER.through("langchain", _open_server, _MODULES, _NEEDS)
