"""DuckDB through langchain-community: a table, searched exactly, without the index of the extension vss."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Passage, Place, Recipe, Unsupported
from weaklink_langchain.stores.collection import LookedUp, StoreCollection


class _DuckDB(StoreCollection):
    def delete(self, passages: Sequence[Passage]) -> None:
        raise Unsupported("DuckDB of LangChain has no delete")

    def search_where(self, query: str, k: int, key: str, value: str) -> Any:
        raise Unsupported("DuckDB of LangChain has no filter")


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    connection = import_module("duckdb").connect(str(place.folder / "vectors.duckdb"))
    try:
        store: Any = import_module("langchain_community.vectorstores").DuckDB(
            connection=connection, embedding=LookedUp(place.embed)
        )
        yield _DuckDB(store, parallel=False)
    finally:
        connection.close()


duckdb = Recipe(
    "duckdb", "exact", framework="langchain", open=_open, modules=("duckdb", "langchain_community", "pandas"),
    needs=("duckdb", "langchain-community", "pandas"), persistent=True,
)  # fmt: skip
