"""R11: a disk that is full, read-only or gone costs the chain nothing but a warning, and recording recovers by itself."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from weaklink.recorder import Recorder
from weaklink.testing.calls import STEPS, rag_call, step


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def recovers(recorder: Recorder, seconds: float = 5.0) -> float:
    """Until all is stored, in seconds, less what a busy machine adds."""
    began = time.monotonic()
    late = 0.0
    while recorder.counts().pending:
        assert time.monotonic() - began < seconds + 1 + 5 * late, recorder.counts()
        asked = time.monotonic()
        time.sleep(0.02)
        late = max(late, time.monotonic() - asked - 0.02)
    return max(0.0, time.monotonic() - began - 5 * late)


def stored_spans(path: Path) -> int:
    return apsw.Connection(str(path)).execute("SELECT count(*) FROM spans").get


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "weaklink" and record.levelno >= logging.WARNING
    ]


def test_a_full_disk_is_survived(
    small_disk: Path, new_recorder: Callable[..., Recorder], caplog: pytest.LogCaptureFixture
):
    recorder = new_recorder(small_disk / "traces.db")
    filler = small_disk / "filler"
    rag_call(recorder)
    assert recorder.flush(10)
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4_096)
        except OSError:
            pass
    for number in range(200):
        recorder.finish(step(recorder, None, "root", input=f"{number} " * 60))
    assert not recorder.flush(1.0)
    counts = recorder.counts()
    assert counts.emitted == STEPS + 200 == counts.stored + counts.pending
    filler.unlink()
    took = recovers(recorder)
    print(
        f"R11: full disk: {counts.pending} records waited, {len(ours(caplog))} warning, all stored {took:.1f} s after there was room"
    )
    assert recorder.counts() == (STEPS + 200, STEPS + 200, 0, {})
    assert stored_spans(recorder.path) == STEPS + 200
    assert len(ours(caplog)) == 1
    assert "recording is paused" in ours(caplog)[0]
    assert took < 5


def test_a_folder_that_is_removed_is_made_again(recorder: Recorder, store_path: Path, caplog: pytest.LogCaptureFixture):
    rag_call(recorder)
    assert recorder.flush(10)
    shutil.rmtree(store_path.parent)
    rag_call(recorder)
    assert recorder.flush(10)
    print(
        f"R11: removed folder: {recorder.counts().stored} of {2 * STEPS} stored, {stored_spans(store_path)} in the new file"
    )
    assert stored_spans(store_path) == STEPS
    assert ours(caplog) == []


def test_a_path_that_cannot_be_a_folder_is_no_trouble_for_the_chain(
    tmp_path: Path, new_recorder: Callable[..., Recorder], caplog: pytest.LogCaptureFixture
):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    recorder = new_recorder(in_the_way / "traces.db")
    for _ in range(20):
        rag_call(recorder)
        assert not recorder.flush(0.02)
    assert recorder.counts() == (20 * STEPS, 0, 20 * STEPS, {})
    in_the_way.unlink()
    took = recovers(recorder)
    print(f"R11: no folder: {len(ours(caplog))} warning, all stored {took:.1f} s after it could be made")
    assert stored_spans(in_the_way / "traces.db") == 20 * STEPS
    assert len(ours(caplog)) == 1


def test_a_file_that_cannot_be_written_is_no_trouble_for_the_chain(
    recorder: Recorder, store_path: Path, caplog: pytest.LogCaptureFixture
):
    store_path.parent.mkdir()
    store_path.write_text("this is a letter, and no database at all; it must not be touched. " * 20)
    for _ in range(5):
        rag_call(recorder)
    assert not recorder.flush(0.3)
    assert store_path.read_text().startswith("this is a letter")
    assert len(ours(caplog)) == 1
    assert str(store_path) in ours(caplog)[0]
    store_path.unlink()
    took = recovers(recorder)
    print(f"R11: not a database: {len(ours(caplog))} warning, all stored {took:.1f} s after it was gone")
    assert stored_spans(store_path) == 5 * STEPS


def test_a_read_only_disk_is_survived(
    small_disk: Path, new_recorder: Callable[..., Recorder], caplog: pytest.LogCaptureFixture
):
    recorder = new_recorder(small_disk / "traces.db")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    rag_call(recorder)
    assert not recorder.flush(0.5)
    assert recorder.counts() == (STEPS, 0, STEPS, {})
    assert len(ours(caplog)) == 1
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    took = recovers(recorder)
    print(f"R11: read-only disk: {len(ours(caplog))} warning, all stored {took:.1f} s after it could be written")
    assert stored_spans(recorder.path) == STEPS


def test_the_same_cause_warns_once_a_minute(recorder: Recorder, caplog: pytest.LogCaptureFixture):
    writer = recorder._writer
    for _ in range(50):
        writer.warn("BusyError", "recording is paused")
    writer._warned["BusyError"] -= 61
    writer.warn("BusyError", "recording is paused")
    writer.warn("FullError", "recording is paused")
    assert len(ours(caplog)) == 3


_FAILING = """
import json, sys, time
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
recorder = recorder_for(sys.argv[1])
for number in range(25):
    rag_call(recorder, f"question {number} " + "long " * (number % 90))
    recorder.flush(0.05)
began = time.monotonic()
while recorder.counts().pending and time.monotonic() - began < 20:
    time.sleep(0.02)
print(json.dumps([recorder.counts(), time.monotonic() - began]))
"""
FAULTS = ("EIO", "ENOSPC", "EDQUOT", "EINTR")


@pytest.mark.skipif(shutil.which("strace") is None, reason="making writes fail needs strace")
@pytest.mark.parametrize("fault", FAULTS)
def test_writes_that_fail_for_a_while_cost_a_warning_and_nothing_else(fault: str, tmp_path: Path, is_long: bool):
    """The n-th to the (n + 14)-th write of the process fail, wherever in a transaction, a checkpoint or the making of the file."""
    starts = range(1, 151, 3) if is_long else (1, 40)
    lost = warnings = corrupt = 0
    slowest = 0.0
    for start in starts:
        path = tmp_path / str(start) / "traces.db"
        inject = f"inject=pwrite64,fdatasync,ftruncate:error={fault}:when={start}..{start + 14}"
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync,ftruncate", "-e", inject]
        done = subprocess.run(
            [*command, sys.executable, "-c", _FAILING, str(path)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        (emitted, stored, pending, dropped), took = json.loads(done.stdout)
        found = apsw.Connection(str(path))
        lost += emitted - stored + (25 * STEPS - found.execute("SELECT count(*) FROM spans").get)
        corrupt += found.execute("PRAGMA integrity_check").get != "ok"
        assert (pending, dropped) == (0, {})
        told = done.stderr.splitlines()
        assert all("recording is paused" in line for line in told), done.stderr
        assert len(told) <= 3
        warnings += len(told)
        slowest = max(slowest, took)
    print(
        f"R11: {fault} at {len(starts)} points: {lost} spans lost, {corrupt} corrupt, {warnings} warnings, recovered in {slowest:.1f} s"
    )
    assert (lost, corrupt) == (0, 0)
    assert slowest < 5


_STOPPED = """
import os, signal, sys
import apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE prunings SET count = count")
print("holds", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.mark.parametrize("end", ["goes on", "is killed"])
def test_a_writer_that_is_stopped_while_it_writes_holds_no_chain_up(
    end: str, recorder: Recorder, caplog: pytest.LogCaptureFixture
):
    rag_call(recorder)
    assert recorder.flush(10)
    process = subprocess.Popen([sys.executable, "-c", _STOPPED, str(recorder.path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    slowest = 0.0
    for _ in range(100):
        began = time.thread_time()
        rag_call(recorder)
        slowest = max(slowest, time.thread_time() - began)
    assert not recorder.flush(0.5)
    counts = recorder.counts()
    process.send_signal(signal.SIGCONT if end == "goes on" else signal.SIGKILL)
    process.wait()
    took = recovers(recorder)
    print(f"R11: a stopped writer that {end}: {counts.pending} records waited, at most {slowest * 1000:.1f} ms for a call meanwhile, all "
          f"stored {took:.1f} s after")  # fmt: skip
    assert (recorder.counts().dropped, stored_spans(recorder.path)) == ({}, 101 * STEPS)
    assert slowest < 0.05
    assert took < 5
