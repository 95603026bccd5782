"""LlamaIndex's SimpleVectorStore: a dict, searched with numpy."""

from collections.abc import Generator
from contextlib import contextmanager

from llama_index.core.vector_stores.simple import SimpleVectorStore

from weaklink.bench import Collection, Place, Recipe
from weaklink_llama_index.stores.collection import StoreCollection


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield StoreCollection(SimpleVectorStore(), place.embed)


simple = Recipe(
    "memory",
    "exact",
    framework="llama_index",
    open=_open,
    clients=("llama_index.core.vector_stores.simple:SimpleVectorStore.query",),
)
