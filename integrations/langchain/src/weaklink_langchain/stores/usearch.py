"""USearch through langchain-community: HNSW in this process."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Passage, Place, Recipe, Unsupported, Value
from weaklink_langchain.stores.collection import LookedUp, StoreCollection


class _USearch(StoreCollection):
    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self._index = store.index
        self._count = 0

    def add(self, passages: Sequence[Passage]) -> None:
        # Its ids have to be numbers as text, although it says otherwise; results are matched by their text.
        ids = [str(self._count + number) for number in range(len(passages))]
        self._count += len(passages)
        self.store.add_texts([p.text for p in passages], [dict(p.metadata) for p in passages], ids=ids)

    def tune(self, parameters: Mapping[str, Value]) -> None:
        self._index.expansion_search = int(parameters["ef"])

    def delete(self, passages: Sequence[Passage]) -> None:
        raise Unsupported("USearch of LangChain has no delete")

    def search_where(self, query: str, k: int, key: str, value: str) -> Any:
        raise Unsupported("USearch of LangChain has no filter")


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    index = import_module("usearch.index").Index(
        ndim=place.dimensions, metric="cos", dtype="f32", connectivity=place.number("m"),
        expansion_add=place.number("ef_construction"), expansion_search=place.number("ef"),
    )  # fmt: skip
    docstore = import_module("langchain_community.docstore.in_memory").InMemoryDocstore()
    yield _USearch(
        import_module("langchain_community.vectorstores").USearch(LookedUp(place.embed), index, docstore, [])
    )


usearch = Recipe(
    "usearch", framework="langchain", open=_open, modules=("usearch", "langchain_community"), needs=("usearch", "langchain-community"),
    build={"m": 16, "ef_construction": 128}, search={"ef": 64}, sweep={"ef": (10, 20, 40, 80, 160)},
    clients=("usearch.index:Index.search",),
)  # fmt: skip
