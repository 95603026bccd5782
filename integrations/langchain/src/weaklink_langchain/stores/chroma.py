"""Chroma through langchain-chroma: in this process, and as a server (`chroma run`)."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place, Value
from weaklink.bench.backends import chroma as backend
from weaklink_langchain.stores.collection import LookedUp, StoreCollection

_MODULES = ("chromadb", "langchain_chroma")
_NEEDS = ("langchain-chroma",)


class _Chroma(StoreCollection):
    def tune(self, parameters: Mapping[str, Value]) -> None:
        backend.tune(vars(self.store)["_chroma_collection"], parameters)


def _collection(client: Any, place: Place) -> Collection:
    Chroma = import_module("langchain_chroma").Chroma
    wanted: Any = backend.configuration(place)
    return _Chroma(Chroma(backend.NAME, LookedUp(place.embed), client=client, collection_configuration=wanted))


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield _collection(backend.in_process(place), place)


@contextmanager
def _open_server(place: Place) -> Generator[Collection]:
    with backend.server(place) as client:
        yield _collection(client, place)


chroma = backend.IN_PROCESS.through("langchain", _open, _MODULES, _NEEDS)
chroma_server = backend.SERVER.through("langchain", _open_server, _MODULES, _NEEDS)
