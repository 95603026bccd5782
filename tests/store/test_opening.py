"""Opening a store: what is there, what is not, what is somebody else's, and what is newer than this program."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from weaklink.errors import NewerStore, StoreError, UnknownTrace
from weaklink.settings import Settings
from weaklink.store import open_store
from weaklink.store.connection import NEWEST
from weaklink.store.schema import APPLICATION_ID, MIGRATIONS
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import build


def test_reading_a_store_that_is_not_there_says_so_and_makes_none(store_path: Path):
    with pytest.raises(StoreError) as raised:
        open_store(store_path).latest()
    assert str(raised.value) == (
        f"there is no store at {store_path}: nothing was recorded there yet; check the path, or run your chain with a "
        "WeaklinkCallbackHandler first"
    )
    assert not store_path.parent.exists()


def test_a_file_that_another_process_has_just_made_holds_nothing_yet(store_path: Path):
    store_path.parent.mkdir()
    store_path.touch()
    with pytest.raises(StoreError, match="nothing was recorded there yet"):
        open_store(store_path).latest()


def test_an_empty_store_has_no_latest_trace(store: SQLiteStore):
    store.write([build("chain")])
    assert store.prune(keep=0) == 1
    with pytest.raises(UnknownTrace, match="the store is empty"):
        store.latest()
    assert (list(store.traces()), store.summaries()) == ([], [])


def test_a_new_store_has_the_newest_version_and_our_mark(store: SQLiteStore, store_path: Path):
    store.write([build("chain")])
    connection = apsw.Connection(str(store_path))
    assert connection.pragma("user_version") == NEWEST == len(MIGRATIONS)
    assert connection.pragma("application_id") == APPLICATION_ID
    assert connection.pragma("journal_mode") == "wal"
    assert connection.execute("PRAGMA integrity_check").get == "ok"


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder with a store in it, of which this process may only read."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "traces.db"
    with closing(open_store(path)) as store:
        store.write([build("chain", "Why?")])
    path.chmod(0o444)
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # root may write everywhere
    try:
        yield path
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_store_in_a_folder_that_nobody_may_write_to_can_be_read(read_only: Path):
    with closing(open_store(read_only)) as store:
        assert store.latest().question == "Why?"
    assert sorted(path.name for path in read_only.parent.iterdir()) == ["traces.db", "traces.db-reserve"]


def test_writing_to_a_store_that_may_only_be_read_says_so(read_only: Path):
    with closing(open_store(read_only)) as store, pytest.raises(StoreError, match="can be written here"):
        store.prune(keep=0)


def test_a_folder_is_no_store(tmp_path: Path):
    with pytest.raises(StoreError, match="it is a folder"):
        open_store(tmp_path).latest()


def made_by(version: int, path: Path) -> apsw.Connection:
    """A store as an older version of Weaklink made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(path))
    for script in MIGRATIONS[:version]:
        connection.execute(script)
    connection.execute(f"PRAGMA user_version = {version}; PRAGMA application_id = {APPLICATION_ID}")
    return connection


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
def test_a_store_of_each_earlier_version_is_read_and_written(version: int, store: SQLiteStore, store_path: Path):
    old = made_by(version, store_path)
    old.execute(
        "INSERT INTO traces (id, name, status, start_ns, spans) VALUES ('old', 'chain', 'ok', 1, 1);"
        "INSERT INTO spans (trace_id, id, name, kind, status, start_ns, duration_ns, plumbing, input) "
        "VALUES ('old', 'old', 'chain', 'chain', 'ok', 1, 2, 0, '\"Who?\"')"
    )
    old.close()
    assert store.latest().question == "Who?"
    store.write([build("chain", "And now?")])
    assert [trace.question for trace in store.traces()] == ["And now?", "Who?"]
    assert apsw.Connection(str(store_path)).pragma("user_version") == NEWEST


def test_a_migration_that_is_interrupted_is_undone(store_path: Path, monkeypatch: pytest.MonkeyPatch):
    made_by(1, store_path).close()
    monkeypatch.setattr(
        "weaklink.store.connection.MIGRATIONS", (*MIGRATIONS[:1], "CREATE TABLE half (a); CREATE TABLE half (a);")
    )
    with pytest.raises(StoreError, match="already exists"):
        SQLiteStore(store_path, Settings()).write([build("chain")])
    connection = apsw.Connection(str(store_path))
    assert connection.pragma("user_version") == 1
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").get == 0


def test_a_newer_store_is_read_but_not_written(store: SQLiteStore, store_path: Path):
    store.write([build("chain", "Who?")])
    store.close()
    apsw.Connection(str(store_path)).execute(f"PRAGMA user_version = {NEWEST + 3}")
    newer = SQLiteStore(store_path, Settings())
    assert newer.latest().question == "Who?"
    with pytest.raises(NewerStore) as raised:
        newer.write([build("chain")])
    assert str(raised.value) == (
        f"the store {store_path} cannot be written: it has version {NEWEST + 3}, and this Weaklink knows up to {NEWEST}; "
        "type: pip install --upgrade weaklink, or set WEAKLINK_STORE to another file"
    )
    assert newer.latest().question == "Who?"
    newer.close()


def test_the_database_of_another_program_is_left_alone(store: SQLiteStore, store_path: Path):
    store_path.parent.mkdir()
    other = sqlite3.connect(store_path)
    other.execute("CREATE TABLE letters (text)")
    other.commit()
    other.close()
    before = store_path.read_bytes()
    for attempt in (lambda: store.write([build("chain")]), store.latest):
        with pytest.raises(StoreError) as raised:
            attempt()
        assert str(raised.value) == (
            f"{store_path} is not a Weaklink store: it is a database of another program; name another file"
        )
    assert store_path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"this is a letter, and no database at all. " * 100, b"SQLite format 3\x00" + b"\xff" * 5_000]
)
def test_what_is_no_database_is_left_alone(store: SQLiteStore, store_path: Path, content: bytes):
    store_path.parent.mkdir()
    store_path.write_bytes(content)
    for attempt in (lambda: store.write([build("chain")]), store.latest):
        with pytest.raises(StoreError) as raised:
            attempt()
        assert str(raised.value).startswith(f"the store {store_path} cannot be opened: ")
        assert str(raised.value).endswith("; check the file, or name another one")
    assert store_path.read_bytes() == content


def test_a_folder_in_the_place_of_the_file_is_an_error(store: SQLiteStore, store_path: Path):
    store_path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be opened"):
        store.write([build("chain")])


def test_a_store_that_was_closed_opens_again(store: SQLiteStore):
    store.write([build("chain", "Who?")])
    store.close()
    store.close()
    assert store.latest().question == "Who?"


def test_a_reader_follows_a_file_that_was_replaced(store: SQLiteStore, store_path: Path):
    store.write([build("chain", "first")])
    reader = open_store(store_path)
    assert reader.latest().question == "first"
    store.close()
    for file in store_path.parent.iterdir():
        file.unlink()
    store.write([build("chain", "second")])
    assert reader.latest().question == "second"
    reader.close()


def test_a_store_held_by_another_writer_for_long_is_an_error_that_says_so(store: SQLiteStore, store_path: Path):
    store.write([build("chain")])
    blocker = apsw.Connection(str(store_path))
    blocker.execute("BEGIN IMMEDIATE")
    impatient = SQLiteStore(store_path, Settings(), may_wait=lambda: False)
    with pytest.raises(StoreError, match="database is locked"):
        impatient.write([build("chain")])
    assert store.latest().name == "chain"
    blocker.execute("ROLLBACK")
    impatient.write([build("chain")])
    impatient.close()
