"""What `weaklink doctor --stress` does: a short form of what Weaklink promises, on this machine and this disk.

It records into a store of its own in a new folder beside the user's, and removes it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from weaklink.cli.checks import Check

_SECONDS: Final = 2.0
_PROCESSES: Final = 3
_KILLS: Final = 5
_FORKS: Final = 20
_MOST_US: Final = 200.0
_ROOM: Final = 100_000_000
_PATIENCE_S: Final = 30.0

_WRITES: Final = """
import sys, threading, time
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
recorder, until, calls = recorder_for(sys.argv[1]), time.monotonic() + float(sys.argv[2]), []
def work():
    while time.monotonic() < until:
        calls.append(rag_call(recorder, f"question {len(calls)}"))
        time.sleep(0.002)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
recorder.flush(20)
print(len(calls))
"""
_UNTIL_KILLED: Final = """
import sys
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
recorder = recorder_for(sys.argv[1])
while True:
    rag_call(recorder)
    if recorder.flush(10):
        print("stored", flush=True)
"""
_FORKS_MANY: Final = """
import os, sys
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
recorder = recorder_for(sys.argv[1])
rag_call(recorder)
for _ in range(int(sys.argv[2])):
    rag_call(recorder)
    child = os.fork()
    if child == 0:
        rag_call(recorder)
        os._exit(0 if recorder.flush(20) else 1)
    assert os.waitpid(child, 0)[1] == 0
sys.exit(0 if recorder.flush(20) else 1)
"""


def stress_checks(store: Path) -> Iterator[Check]:
    """Each check as it ends; about 15 seconds in all. `store` says on which disk."""
    above = store.absolute().parent
    while not above.exists():
        above = above.parent
    try:
        folder = tempfile.TemporaryDirectory(prefix=".weaklink-stress-", dir=above)
    except OSError as error:
        yield Check(
            "stress", "folder", "wrong", f"nothing can be written beside {store}: {error.strerror}", f"check {above}"
        )
        return
    with folder:
        if (free := shutil.disk_usage(folder.name).free) < _ROOM:
            says = (
                f"{free / 1e6:,.0f} MB are free beside {store}, and this takes up to {_ROOM / 1e6:.0f} MB for a moment"
            )
            yield Check("stress", "room", "wrong", says, "make room, or set WEAKLINK_STORE to another disk")
            return
        for number, check in enumerate((_speed, _together, _killed, _forked)):
            yield _guarded(check, Path(folder.name) / str(number) / "traces.db")


def _guarded(check: Callable[[Path], Check], path: Path) -> Check:
    try:
        return check(path)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is the finding
        name = check.__name__.removeprefix("_")
        return Check("stress", name, "wrong", f"it failed: {type(error).__name__}: {error}")


def _started(script: str, path: Path, *arguments: object) -> subprocess.Popen[str]:
    """A process of its own, without the user's settings: those may leave traces out."""
    path.parent.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEAKLINK_")}
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment, cwd=path.parent,
    )  # fmt: skip


def _check(name: str, is_well: bool, says: str) -> Check:
    return Check("stress", name, "ok" if is_well else "wrong", says)


def _speed(path: Path) -> Check:
    """One thread records as fast as it can: what an event takes, how many arrive."""
    from weaklink.recorder import Recorder
    from weaklink.settings import Settings
    from weaklink.testing.calls import STEPS, rag_call

    recorder = Recorder(path, Settings())
    calls = 0
    began, cpu = time.monotonic(), time.thread_time()
    while time.monotonic() - began < _SECONDS:
        rag_call(recorder, f"question {calls}")
        calls += 1
        if calls % 500 == 0:
            # As fast as the disk takes it, and no faster.
            while recorder.counts().pending > 20_000 and time.monotonic() - began < _PATIENCE_S:
                time.sleep(0.005)
    us = (time.thread_time() - cpu) / (calls * STEPS) * 1e6
    is_stored = recorder.flush(_PATIENCE_S)
    took = time.monotonic() - began
    counts = recorder.counts()
    recorder.close()
    lost = counts.emitted - counts.stored
    rate = f"{calls * STEPS / took:,.0f} steps/s to this disk, {us:.0f} us of the chain's thread per step"
    says = f"{rate}, {lost} of {counts.emitted:,} lost"
    return _check("speed", is_stored and lost == 0 and us < _MOST_US, says)


def _together(path: Path) -> Check:
    """Several processes write, this one reads and prunes."""
    from weaklink.settings import Settings
    from weaklink.store import SQLiteStore

    store = SQLiteStore(path, Settings())
    store.append(lambda batch: None)  # makes the file
    writers = [_started(_WRITES, path, _SECONDS) for _ in range(_PROCESSES)]
    pruned = 0
    while any(writer.poll() is None for writer in writers):
        pruned += store.prune(keep=300)
        store.summaries(limit=20)
        time.sleep(0.2)
    told = [writer.communicate() for writer in writers]
    made = sum(int(out or 0) for out, _ in told)
    complaints = [errors.strip().splitlines()[-1] for _, errors in told if errors.strip()]
    lost = made - store.count() - pruned
    store.close()
    says = f"{_PROCESSES} processes x 2 threads, a reader and a pruner: {lost} of {made:,} traces lost"
    return _check("together", made > 0 and lost == 0 and not complaints, "; ".join([says, *complaints[:1]]))


def _killed(path: Path) -> Check:
    """A process is killed while it writes."""
    corrupt = acknowledged = 0
    for number in range(_KILLS):
        process = _started(_UNTIL_KILLED, path)
        first = process.stdout.readline() if process.stdout else ""
        time.sleep(0.02 * number)
        process.kill()
        acknowledged += (first + process.communicate()[0]).count("stored\n")
        corrupt += _integrity(path) != "ok"
    lost = max(0, acknowledged - _count(path))
    says = f"killed {_KILLS} times in the middle of writing: {corrupt} times damaged, {lost} of {acknowledged} acknowledged traces lost"
    return _check("killed", corrupt == 0 and lost == 0 and acknowledged > 0, says)


def _forked(path: Path) -> Check:
    """A process that records forks workers."""
    if not hasattr(os, "fork"):
        return Check("stress", "forked", "note", "this system has no fork")
    process = _started(_FORKS_MANY, path, _FORKS)
    errors = process.communicate(timeout=120)[1].strip()
    expected = 1 + 2 * _FORKS
    lost = expected - _count(path)
    said = f"; {errors.splitlines()[-1]}" if errors else ""
    return _check(
        "forked", process.returncode == 0 and lost == 0, f"{_FORKS} forks: {lost} of {expected} traces lost{said}"
    )


def _integrity(path: Path) -> str:
    return str(_asked(path, "PRAGMA integrity_check(1)"))


def _count(path: Path) -> int:
    return int(_asked(path, "SELECT count(*) FROM traces"))


def _asked(path: Path, sql: str) -> Any:
    import apsw

    connection: Any = apsw.Connection(str(path))  # its stubs leave the type of a blob unknown
    try:
        return connection.execute(sql).get
    finally:
        connection.close()
