"""FAISS through llama-index-vector-stores-faiss: flat, HNSW and IVF."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Passage, Place, Value
from weaklink.bench.backends import faiss as backend
from weaklink_llama_index.stores.collection import StoreCollection

_MODULES = (backend.MODULE, "llama_index.vector_stores.faiss")
_NEEDS = (backend.PACKAGE, "llama-index-vector-stores-faiss")


class _Faiss(StoreCollection):
    def __init__(self, index: Any, place: Place) -> None:
        self._index, self._place = index, place
        super().__init__(
            import_module("llama_index.vector_stores.faiss").FaissVectorStore(faiss_index=index), place.embed
        )

    def add(self, passages: Sequence[Passage]) -> None:
        backend.train(self._index, self._place)
        super().add(passages)

    def tune(self, parameters: Mapping[str, Value]) -> None:
        backend.tune(self._index, parameters)


def _opening(make: Callable[[Place], Any]) -> Callable[[Place], AbstractContextManager[Collection]]:
    @contextmanager
    def opened(place: Place) -> Generator[Collection]:
        yield _Faiss(make(place), place)

    return opened


flat = backend.FLAT.through("llama_index", _opening(backend.flat), _MODULES, _NEEDS)
hnsw = backend.HNSW.through("llama_index", _opening(backend.hnsw), _MODULES, _NEEDS)
ivf = backend.IVF.through("llama_index", _opening(backend.ivf), _MODULES, _NEEDS)
