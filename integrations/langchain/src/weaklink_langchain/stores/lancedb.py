"""LanceDB through langchain-community: files in a folder, searched exactly."""

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench import Collection, Place
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


_MODULES = ("lancedb", "langchain_community")
_NEEDS = ("lancedb", "langchain-community")
lancedb = backend.FLAT.through("langchain", _open, _MODULES, _NEEDS)
