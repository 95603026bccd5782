"""R8: a process that is killed at any moment leaves a store that is whole, with all that was acknowledged."""

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from weaklink.store import open_store
from weaklink.testing.calls import STEPS

_WRITES = """
import sys
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call, step, trace_id
recorder = recorder_for(sys.argv[1])
opened = step(recorder, None, "open", input="begun and never ended")
while not recorder.counts().stored:
    recorder.flush(0.05)
print("open", trace_id(opened.key), flush=True)
number = 0
while True:
    keys = [rag_call(recorder, f"question {number} " + "long " * (number % 90)) for _ in range(number % 7 + 1)]
    number += 1
    if recorder.flush(10):
        print("\\n".join(trace_id(key) for key in keys), flush=True)
"""


def kill_and_check(kills: int, path: Path) -> None:
    chance = random.Random(8)
    acknowledged: set[str] = set()
    opened: list[str] = []
    corrupt = 0
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", _WRITES, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        first = process.stdout.readline().split()
        opened.append(first[1])
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        lines = process.stdout.read().split("\n")
        process.wait()
        acknowledged |= {line for line in lines[:-1] if len(line) == 32}
        connection = apsw.Connection(str(path))
        corrupt += connection.execute("PRAGMA integrity_check").get != "ok"
        connection.close()
    connection = apsw.Connection(str(path))
    spans = dict(connection.execute("SELECT trace_id, count(*) FROM spans GROUP BY 1").fetchall())
    lost = sum(STEPS - spans.get(trace_id, 0) for trace_id in acknowledged)
    print(f"R8: {kills} kills, {corrupt} corrupt, {lost} of {len(acknowledged) * STEPS:,} acknowledged spans lost")
    assert (corrupt, lost) == (0, 0)
    assert len(acknowledged) > kills
    store = open_store(path)
    shown = [store.get(trace_id) for trace_id in opened]
    assert {(trace.status, trace.duration_ns, trace.question) for trace in shown} == {
        ("incomplete", None, "begun and never ended")
    }
    assert store.get(sorted(acknowledged)[0]).status == "ok"
    store.close()


def test_a_killed_process_loses_nothing_that_was_acknowledged(store_path: Path):
    kill_and_check(4, store_path)


@pytest.mark.slow
def test_many_kills_lose_nothing_that_was_acknowledged(store_path: Path, is_long: bool):
    kill_and_check(250 if is_long else 40, store_path)


_WRITES_SOME = """
import json, sys
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call, trace_id
recorder = recorder_for(sys.argv[1])
for number in range(12):
    keys = [rag_call(recorder, f"question {number} " + "long " * (number % 90)) for _ in range(3)]
    if recorder.flush(10):
        print(json.dumps([trace_id(key) for key in keys]), flush=True)
"""


def killed_at_write(number: int, path: Path) -> list[str]:
    """What was acknowledged by a process that is killed in its n-th write to a file."""
    inject = f"inject=pwrite64,ftruncate,fdatasync:signal=SIGKILL:when={number}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,ftruncate,fdatasync", "-e", inject]
    done = subprocess.run(
        [*command, sys.executable, "-c", _WRITES_SOME, str(path)], capture_output=True, text=True, timeout=300
    )
    return [trace_id for line in done.stdout.splitlines() if line.endswith("]") for trace_id in json.loads(line)]


@pytest.mark.skipif(shutil.which("strace") is None, reason="killing at a write needs strace")
def test_a_process_killed_in_its_nth_write_loses_nothing_that_was_acknowledged(tmp_path: Path, is_long: bool):
    """From the first write on, which makes the file, to those of later transactions, on new stores and on one that goes on."""
    numbers = range(1, 501, 2) if is_long else (2, 30, 121)
    corrupt = lost = acknowledged = 0
    for number in numbers:
        path = tmp_path / ("goes-on" if number % 2 else f"new-{number}") / "traces.db"
        told = killed_at_write(number, path)
        acknowledged += len(told) * STEPS
        if not path.exists() or not path.stat().st_size:
            lost += len(told) * STEPS
            continue
        connection = apsw.Connection(str(path))
        corrupt += connection.execute("PRAGMA integrity_check").get != "ok"
        has_tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'spans'").get
        for trace_id in told:
            lost += STEPS - (
                connection.execute("SELECT count(*) FROM spans WHERE trace_id = ?", (trace_id,)).get
                if has_tables
                else 0
            )
        connection.close()
    path = tmp_path / "goes-on" / "traces.db"  # no step by hand is needed after all of this
    assert killed_at_write(65_000, path)
    print(
        f"R8: killed in {len(numbers)} different writes: {corrupt} corrupt, {lost} of {acknowledged:,} acknowledged spans lost"
    )
    assert (corrupt, lost) == (0, 0)
    assert acknowledged > 0
