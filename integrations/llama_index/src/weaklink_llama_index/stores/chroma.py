"""Chroma through llama-index-vector-stores-chroma: in this process, and as a server (`chroma run`)."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place, Value
from weaklink.bench.backends import chroma as backend
from weaklink_llama_index.stores.collection import StoreCollection

_MODULES = ("chromadb", "llama_index.vector_stores.chroma")
_NEEDS = ("llama-index-vector-stores-chroma",)


class _Chroma(StoreCollection):
    def __init__(self, client: Any, place: Place) -> None:
        self._collection = client.get_or_create_collection(backend.NAME, configuration=backend.configuration(place))
        store = import_module("llama_index.vector_stores.chroma").ChromaVectorStore
        super().__init__(store(chroma_collection=self._collection), place.embed)

    def tune(self, parameters: Mapping[str, Value]) -> None:
        backend.tune(self._collection, parameters)


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield _Chroma(backend.in_process(place), place)


@contextmanager
def _open_server(place: Place) -> Generator[Collection]:
    with backend.server(place) as client:
        yield _Chroma(client, place)


chroma = backend.IN_PROCESS.through("llama_index", _open, _MODULES, _NEEDS)
chroma_server = backend.SERVER.through("llama_index", _open_server, _MODULES, _NEEDS)
