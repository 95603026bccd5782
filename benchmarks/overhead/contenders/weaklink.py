"""Weaklink itself, as its README tells users to set it up, storing to SQLite."""

import sqlite3
from dataclasses import replace
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


def langchain(database: Path) -> Tracing:
    """The callback handler with its default settings, passed to each call."""
    from weaklink_langchain import WeaklinkCallbackHandler

    handler = WeaklinkCallbackHandler(store=str(database))
    return Tracing(config=lambda: {"callbacks": [handler]})


def llama_index(database: Path) -> Tracing:
    """The callback handler with its default settings, attached to the process."""
    from weaklink_llama_index import WeaklinkCallbackHandler

    WeaklinkCallbackHandler(store=str(database)).attach()
    return Tracing()


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """The handler of the framework, storing to SQLite."""
    import weaklink

    database = tmp / "traces.db"
    tracing = {"langchain": langchain, "llama_index": llama_index}[framework](database)

    def flush() -> None:
        weaklink.flush()

    return replace(tracing, flush=flush, count=lambda: counts(database), bytes=lambda: bytes_on_disk(database))


WEAKLINK = Contender(
    "weaklink",
    start,
    packages=("weaklink",),
    adapters={"langchain": "weaklink-langchain", "llama_index": "weaklink-llama-index"},
    imports={"langchain": "weaklink_langchain", "llama_index": "weaklink_llama_index"},
    frameworks=("langchain", "llama_index"),
)
