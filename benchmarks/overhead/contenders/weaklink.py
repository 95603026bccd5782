"""Weaklink itself, as its README tells users to set it up, storing to SQLite."""

import sqlite3
from pathlib import Path

from benchmarks.overhead.contender import Contender, Counts, Tracing


def counts(database: Path) -> Counts:
    """Rows of the `spans` table, and those that have an end; read by the standard library, not by Weaklink."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        spans, ended = connection.execute("select count(*), sum(status <> 'incomplete') from spans").fetchone()
    finally:
        connection.close()
    return Counts(spans, ended or 0)


def bytes_on_disk(database: Path) -> int:
    """The database with its write-ahead log."""
    files = (database, database.with_name(database.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """The callback handler with its default settings."""
    from weaklink_langchain import WeaklinkCallbackHandler

    import weaklink

    database = tmp / "traces.db"
    handler = WeaklinkCallbackHandler(store=str(database))

    def flush() -> None:
        weaklink.flush()

    return Tracing(
        config=lambda: {"callbacks": [handler]},
        flush=flush,
        count=lambda: counts(database),
        bytes=lambda: bytes_on_disk(database),
    )


WEAKLINK = Contender(
    "weaklink", start, packages=("weaklink", "weaklink-langchain"), imports={"langchain": "weaklink_langchain"}
)
