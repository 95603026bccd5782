"""sqlite-vec through langchain-community: a table in SQLite, searched exactly."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from weaklink.bench import Collection, Passage, Place, Recipe, Unsupported
from weaklink_langchain.stores.collection import LookedUp, StoreCollection

# Many builds of Python have an sqlite3 that loads no extensions; pysqlite3-binary is the same with them.
sqlite: Any = import_module("pysqlite3" if find_spec("pysqlite3") else "sqlite3")


class TimedCursor(sqlite.Cursor):
    """SQLite's own cursor, in Python, so that its time can be told from the framework's."""

    def execute(self, *args: Any) -> "TimedCursor":
        """Run SQL."""
        sqlite.Cursor.execute(self, *args)
        return self

    def fetchall(self) -> list[Any]:
        """The rows."""
        return sqlite.Cursor.fetchall(self)


class _Connection(sqlite.Connection):
    def cursor(self, factory: Any = TimedCursor) -> Any:
        return sqlite.Connection.cursor(self, factory)


class _SQLite(StoreCollection):
    def add(self, passages: Sequence[Passage]) -> None:
        # It takes no ids; results are matched by their text.
        self.store.add_texts([passage.text for passage in passages], [dict(passage.metadata) for passage in passages])

    def delete(self, passages: Sequence[Passage]) -> None:
        raise Unsupported("SQLiteVec of LangChain has no delete")

    def search_where(self, query: str, k: int, key: str, value: str) -> Any:
        raise Unsupported("SQLiteVec of LangChain has no filter")


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    connection = sqlite.connect(place.folder / "vectors.db", factory=_Connection, check_same_thread=False)
    connection.row_factory = sqlite.Row
    connection.enable_load_extension(True)
    import_module("sqlite_vec").load(connection)
    connection.enable_load_extension(False)
    try:
        store: Any = import_module("langchain_community.vectorstores").SQLiteVec(
            "weaklink_bench", connection, LookedUp(place.embed), str(place.folder / "vectors.db")
        )
        yield _SQLite(store, parallel=False)
    finally:
        connection.close()


_CAN_LOAD = hasattr(sqlite.Connection, "enable_load_extension")
_LOADS = () if _CAN_LOAD else ("pysqlite3",)
_NEEDS = () if _CAN_LOAD else ("pysqlite3-binary",)
_HERE = "weaklink_langchain.stores.sqlite_vec:TimedCursor"
sqlite_vec = Recipe(
    "sqlite-vec", "exact", framework="langchain", open=_open, modules=("sqlite_vec", "langchain_community", *_LOADS),
    needs=("sqlite-vec", "langchain-community", *_NEEDS), clients=(f"{_HERE}.execute", f"{_HERE}.fetchall"), persistent=True,
)  # fmt: skip
