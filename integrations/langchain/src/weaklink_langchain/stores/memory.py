"""LangChain's InMemoryVectorStore: a dict, searched with numpy."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from weaklink.bench import Collection, Place, Recipe
from weaklink_langchain.stores.collection import LookedUp, StoreCollection


class _Memory(StoreCollection):
    def condition(self, key: str, value: str) -> Callable[[Document], bool]:
        return lambda document: document.metadata.get(key) == value


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield _Memory(InMemoryVectorStore(LookedUp(place.embed)))


_SEARCH: Any = "InMemoryVectorStore._similarity_search_with_score_by_vector"
memory = Recipe(
    "memory", "exact", framework="langchain", open=_open, clients=(f"langchain_core.vectorstores.in_memory:{_SEARCH}",)
)
