"""Milvus through langchain-milvus: Milvus Lite in this process, or a server by URL."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place
from weaklink.bench.backends import milvus as backend
from weaklink_langchain.stores.collection import LookedUp, StoreCollection


class _Milvus(StoreCollection):
    def search_where(self, query: str, k: int, key: str, value: str) -> Any:
        return self._retriever(k, expr=f'{key} == "{value}"').invoke(query)


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    store: Any = import_module("langchain_milvus").Milvus(
        LookedUp(place.embed),
        collection_name=backend.NAME,
        connection_args={"uri": backend.address(place)},
        index_params={"index_type": "FLAT", "metric_type": "COSINE"},
        auto_id=False,
        consistency_level="Strong",
    )
    yield _Milvus(store)


_MODULES = ("pymilvus", "milvus_lite", "langchain_milvus")
_NEEDS = ("langchain-milvus", "milvus-lite", "pymilvus<2.6.6")
milvus = backend.LITE.through("langchain", _open, _MODULES, _NEEDS)
