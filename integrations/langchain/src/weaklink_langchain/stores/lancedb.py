"""LanceDB through langchain-community: files in a folder, searched exactly."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place, Recipe
from weaklink.bench.backends import lancedb as backend
from weaklink_langchain.stores.collection import LookedUp, StoreCollection


class _Lance(StoreCollection):
    def condition(self, key: str, value: str) -> str:
        return f"metadata.{key} = '{value}'"


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    store: Any = import_module("langchain_community.vectorstores").LanceDB(
        uri=str(place.folder), table_name=backend.NAME, embedding=LookedUp(place.embed), mode="append"
    )
    yield _Lance(store)


lancedb = Recipe(
    "lancedb", "langchain", _open, ("lancedb", "langchain_community"), ("lancedb", "langchain-community"),
    kind="exact", clients=backend.CLIENTS, persistent=True,
)  # fmt: skip
