"""R13: a store of each earlier version is brought to the newest with all its rows, also where the process is killed meanwhile."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from weaklink.settings import Settings
from weaklink.store import SQLiteStore
from weaklink.store.connection import NEWEST
from weaklink.store.schema import APPLICATION_ID, MIGRATIONS
from weaklink.testing import build

TRACES = 60
_OPEN = """
import sys
from pathlib import Path
from weaklink.settings import Settings
from weaklink.store.sqlite import SQLiteStore
SQLiteStore(Path(sys.argv[1]), Settings()).append(lambda batch: None)
"""


def made_by(version: int, path: Path) -> apsw.Connection:
    """A store with traces in it, as the Weaklink of that schema made it."""
    path.parent.mkdir(parents=True)
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = WAL")
    for script in MIGRATIONS[:version]:
        connection.execute(script)
    connection.execute(f"PRAGMA user_version = {version}; PRAGMA application_id = {APPLICATION_ID}")
    for number in range(TRACES):
        trace_id = f"{number:032x}"
        text_id = connection.execute(
            "INSERT INTO texts (hash, content) VALUES (?, ?) RETURNING id",
            (bytes([number]) * 16, f"text {number} " * 99),
        ).get
        connection.execute("INSERT INTO traces (id, name, status, start_ns, duration_ns, spans) VALUES (?, 'rag', 'ok', ?, 5, 2)",
                           (trace_id, number))  # fmt: skip
        for span, parent in ((trace_id, None), (f"{number:031x}f", trace_id)):
            connection.execute(
                "INSERT INTO spans (trace_id, id, parent_id, name, kind, status, start_ns, duration_ns, plumbing, input, output) "
                "VALUES (?, ?, ?, 'step', 'chain', 'ok', ?, 5, 0, ?, '\"fine\"')",
                (trace_id, span, parent, number, f'{{"question":{{"$weaklink.text":{text_id}}}}}'),
            )
        connection.execute("INSERT INTO documents (trace_id, span_id, role, rank, text_id) VALUES (?1, ?1, 'documents', 1, ?2)",
                           (trace_id, text_id))  # fmt: skip
        connection.execute("INSERT INTO scores VALUES (?1, ?1, 'relevance', '', 'test/1', 0.5, '{}')", (trace_id,))
        connection.execute("INSERT INTO diagnoses VALUES (?1, 'ok', NULL, NULL, 0.5, '1', '{}')", (trace_id,))
        connection.execute("INSERT INTO feedback (trace_id, name, made_ns) VALUES (?, 'thumbs', 1)", (trace_id,))
    return connection


def content(path: Path) -> dict[str, Any]:
    """What the first schema knows of it."""
    connection = apsw.Connection(str(path))
    first = apsw.Connection(":memory:")
    first.execute(MIGRATIONS[0])
    found: dict[str, Any] = {}
    for table in ("traces", "spans", "documents", "texts", "scores", "diagnoses", "feedback"):
        columns = ", ".join(row[1] for row in first.execute(f"PRAGMA table_info({table})"))
        found[table] = connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3").fetchall()
    found["integrity"] = connection.execute("PRAGMA integrity_check").get
    connection.close()
    return found


def test_each_earlier_version_becomes_the_newest_with_all_its_rows(tmp_path: Path):
    rows = 0
    for version in range(1, NEWEST + 1):
        path = tmp_path / str(version) / "traces.db"
        made_by(version, path).close()
        before = content(path)
        store = SQLiteStore(path, Settings())
        store.write([build("chain", "And now?", trace_id=99)])
        assert {trace.question for trace in store.traces(limit=100)} == {
            "And now?",
            *((f"text {n} " * 99).strip() for n in range(TRACES)),
        }
        store.prune(keep=TRACES + 1)
        store.close()
        apsw.Connection(str(path)).execute(
            "DELETE FROM traces WHERE name = 'chain'; DELETE FROM spans WHERE name = 'chain'"
        )
        after = content(path)
        assert apsw.Connection(str(path)).pragma("user_version") == NEWEST
        assert after == before
        rows += sum(map(len, list(after.values())[:-1]))
    print(f"R13: {NEWEST} versions brought to the newest: 0 of {rows:,} rows lost")


@pytest.mark.skipif(shutil.which("strace") is None, reason="killing at a write needs strace")
def test_a_process_killed_while_it_migrates_leaves_the_old_version_or_the_new_one(tmp_path: Path, is_long: bool):
    original = tmp_path / "original" / "traces.db"
    made_by(1, original).close()
    before = content(original)
    kills = range(1, 81) if is_long else (2, 12, 40)
    versions: list[int] = []
    for number in kills:
        path = tmp_path / str(number) / "traces.db"
        shutil.copytree(original.parent, path.parent)
        inject = f"inject=pwrite64,fdatasync,ftruncate:signal=SIGKILL:when={number}"
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync,ftruncate", "-e", inject]
        subprocess.run(
            [*command, sys.executable, "-c", _OPEN, str(path)], capture_output=True, timeout=300, check=False
        )
        assert content(path) == before
        versions.append(int(apsw.Connection(str(path)).pragma("user_version")))  # type: ignore[arg-type]
        SQLiteStore(path, Settings()).append(lambda batch: None)  # goes on by itself
        assert content(path) == before
        assert apsw.Connection(str(path)).pragma("user_version") == NEWEST
    print(f"R13: killed in {len(kills)} different writes of a migration: 0 rows lost, "
          f"{versions.count(1)} left at version 1, {versions.count(NEWEST)} at {NEWEST}")  # fmt: skip
    assert set(versions) <= {1, NEWEST}
