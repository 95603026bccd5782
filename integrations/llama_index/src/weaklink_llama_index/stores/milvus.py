"""Milvus through llama-index-vector-stores-milvus: Milvus Lite in this process, or a server by URL."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place
from weaklink.bench.backends import milvus as backend
from weaklink_llama_index.stores.collection import StoreCollection


# Before 1.0 (with pymilvus 2.6.5) it makes an asynchronous client as well, which needs a running loop.
async def _store(place: Place) -> Any:
    return import_module("llama_index.vector_stores.milvus").MilvusVectorStore(
        uri=backend.address(place), collection_name=backend.NAME, dim=place.dimensions, similarity_metric="COSINE",
        index_config={"index_type": "FLAT"}, consistency_level="Strong", use_async_client=False,
    )  # fmt: skip


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield StoreCollection(asyncio.run(_store(place)), place.embed)


_MODULES = ("pymilvus", "milvus_lite", "llama_index.vector_stores.milvus")
_NEEDS = ("llama-index-vector-stores-milvus", "milvus-lite", "pymilvus<2.6.6")
milvus = backend.LITE.through("llama_index", _open, _MODULES, _NEEDS)
