"""DuckDB with the extension vss (HNSW), by SQL: no framework's class makes use of its index."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import local
from typing import Any

from weaklink.bench.data import Hit, Passage, Value
from weaklink.bench.store import Collection, Place, Recipe
from weaklink.errors import WeaklinkError


class TableSearch(Collection):
    """A table with a column of vectors and an HNSW index over it."""

    def __init__(self, place: Place, connection: Any) -> None:
        """`connection` has the extension loaded."""
        self._embed, self._place, self._connection = place.embed, place, connection
        self._cursors = local()
        self._vector = f"FLOAT[{place.dimensions}]"
        connection.execute(
            f"CREATE TABLE passages (id VARCHAR, text VARCHAR, metadata MAP(VARCHAR, VARCHAR), vector {self._vector})"
        )

    @property
    def _cursor(self) -> Any:
        """DuckDB wants a cursor of its own for each thread."""
        if not hasattr(self._cursors, "cursor"):
            self._cursors.cursor = self._connection.cursor()
        return self._cursors.cursor

    def add(self, passages: Sequence[Passage]) -> None:
        """Insert rows."""
        vectors = self._embed([passage.text for passage in passages])
        rows = [
            (passage.id, passage.text, {key: str(value) for key, value in passage.metadata.items()}, list(vector))
            for passage, vector in zip(passages, vectors, strict=True)
        ]
        self._cursor.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", rows)

    def ready(self) -> None:
        """Build the index: much faster when the rows are there already."""
        build = self._place
        self._connection.execute(
            "CREATE INDEX neighbours ON passages USING HNSW (vector) "
            f"WITH (metric = 'l2sq', M = {build.number('m')}, ef_construction = {build.number('ef_construction')})"
        )
        self.tune(build.parameters)

    def search(self, query: str, k: int) -> Any:
        """The nearest rows."""
        return self._nearest(query, k, "")

    def search_where(self, query: str, k: int, key: str, value: str) -> Any:
        """The nearest rows with this metadata: DuckDB then scans, without its index."""
        return self._nearest(query, k, f"WHERE metadata['{key}'] = '{value}'")

    def _nearest(self, query: str, k: int, where: str) -> Any:
        (vector,) = self._embed([query])
        sql = f"SELECT id, text FROM passages {where} ORDER BY array_distance(vector, {list(vector)}::{self._vector}) LIMIT {k}"
        return self._cursor.execute(sql).fetchall()

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [Hit(found, text) for found, text in result]

    def delete(self, passages: Sequence[Passage]) -> None:
        """Delete rows."""
        self._cursor.execute(
            "DELETE FROM passages WHERE id IN (SELECT unnest(?))", [[passage.id for passage in passages]]
        )

    def tune(self, parameters: Mapping[str, Value]) -> None:
        """Set ef."""
        self._connection.execute(f"SET GLOBAL hnsw_ef_search = {int(parameters['ef'])}")


def _extension() -> Path:
    spec = find_spec("duckdb_extension_vss")
    folders = spec.submodule_search_locations if spec else None
    found = next((file for folder in folders or () for file in Path(folder).rglob("vss.duckdb_extension")), None)
    if found is None:
        raise WeaklinkError(
            "the package duckdb-extension-vss holds no extension for this system; there is nothing to load"
        )
    return found


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    connection = import_module("duckdb").connect(config={"allow_unsigned_extensions": "true"})
    try:
        connection.load_extension(str(_extension()))
        yield TableSearch(place, connection)
    finally:
        connection.close()


duckdb_vss = Recipe(
    "duckdb-vss", framework="none", open=_open, modules=("duckdb", "duckdb_extension_vss"), needs=("duckdb-extension-vss",),
    build={"m": 16, "ef_construction": 128}, search={"ef": 64}, sweep={"ef": (10, 20, 40, 80, 160)},
)  # fmt: skip
