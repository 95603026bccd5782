"""FAISS through langchain-community: flat, HNSW and IVF."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Passage, Place, Value
from weaklink.bench.backends import faiss as backend
from weaklink_langchain.stores.collection import LookedUp, StoreCollection

_MODULES = (backend.MODULE, "langchain_community")
_NEEDS = (backend.PACKAGE, "langchain-community")


class _Faiss(StoreCollection):
    def __init__(self, store: Any, place: Place) -> None:
        super().__init__(store)
        self._index = store.index
        self._place = place

    def add(self, passages: Sequence[Passage]) -> None:
        backend.train(self._index, self._place)
        super().add(passages)

    def tune(self, parameters: Mapping[str, Value]) -> None:
        backend.tune(self._index, parameters)


def _opening(make: Callable[[Place], Any]) -> Callable[[Place], AbstractContextManager[Collection]]:
    @contextmanager
    def opened(place: Place) -> Generator[Collection]:
        InMemoryDocstore = import_module("langchain_community.docstore.in_memory").InMemoryDocstore
        FAISS = import_module("langchain_community.vectorstores").FAISS
        yield _Faiss(FAISS(LookedUp(place.embed), make(place), InMemoryDocstore(), {}), place)

    return opened


flat = backend.FLAT.through("langchain", _opening(backend.flat), _MODULES, _NEEDS)
hnsw = backend.HNSW.through("langchain", _opening(backend.hnsw), _MODULES, _NEEDS)
ivf = backend.IVF.through("langchain", _opening(backend.ivf), _MODULES, _NEEDS)
