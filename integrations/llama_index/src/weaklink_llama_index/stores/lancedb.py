"""LanceDB through llama-index-vector-stores-lancedb: files in a folder, searched exactly."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module

from weaklink.bench import Collection, Place
from weaklink.bench.backends import lancedb as backend
from weaklink_llama_index.stores.collection import StoreCollection


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    store = import_module("llama_index.vector_stores.lancedb").LanceDBVectorStore
    yield StoreCollection(store(uri=str(place.folder), table_name=backend.NAME, mode="create"), place.embed)


_MODULES = ("lancedb", "llama_index.vector_stores.lancedb")
_NEEDS = ("llama-index-vector-stores-lancedb",)
lancedb = backend.FLAT.through("llama_index", _open, _MODULES, _NEEDS)
