"""R10: many processes and threads write into one store while others read and prune it."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import apsw
import pytest

from weaklink.errors import UnknownTrace
from weaklink.store import open_store

_WRITER = """
import json, sys, threading, time
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call, trace_id
recorder, seconds, count, pause = recorder_for(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
until, keys = time.monotonic() + seconds, []
def work():
    while time.monotonic() < until:
        keys.append(rag_call(recorder, "the same question"))
        time.sleep(pause)
threads = [threading.Thread(target=work) for _ in range(count)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert recorder.flush(120)
print(json.dumps([recorder.counts(), [trace_id(key) for key in keys]]))
"""


def write_together(path: Path, *, processes: int, threads: int, seconds: float, pause: float, prune: bool) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path), str(seconds), str(threads), str(pause)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(processes)
    ]  # fmt: skip
    is_over = threading.Event()
    problems: list[Exception] = []
    reads = pruned = longest = 0

    def read() -> None:
        nonlocal reads, longest
        store, log = open_store(path), path.with_name(f"{path.name}-wal")
        while not is_over.is_set():
            try:
                longest = max(longest, log.stat().st_size if log.exists() else 0)
                for trace in store.traces("question", limit=5):
                    assert 1 <= len(trace.spans) <= 3
                store.latest()
                store.summaries(limit=50)
                reads += 1
                time.sleep(0.01)
            except UnknownTrace:  # pruned between the list and the reading
                continue
            except Exception as error:
                if "there is no store" not in str(error):
                    problems.append(error)
                time.sleep(0.01)

    def delete() -> None:
        nonlocal pruned
        store = open_store(path)
        while not is_over.wait(0.5):
            try:
                pruned += store.prune(keep=200)
            except Exception as error:
                if "there is no store" not in str(error):
                    problems.append(error)
        store.close()

    others = [threading.Thread(target=read), *([threading.Thread(target=delete)] if prune else [])]
    for other in others:
        other.start()
    results = [writer.communicate(timeout=seconds + 300) for writer in writers]
    is_over.set()
    for other in others:
        other.join()
    complaints = [line for _, errors in results for line in errors.splitlines()]
    assert complaints == []
    told = [json.loads(out) for out, _ in results]
    ids = {trace_id for _, found in told for trace_id in found}
    stored = {row[0] for row in apsw.Connection(str(path)).execute("SELECT id FROM traces")}
    lost = len(ids) - len(stored) - pruned
    print(f"R10: {processes} processes x {threads} threads, a reader{' and a pruner' if prune else ''}, {seconds:.0f} s: {lost} of "
          f'{len(ids):,} traces lost ({pruned:,} pruned), {len(problems)} "locked", {reads:,} reads, '
          f"the log at most {longest / 1e6:.0f} MB")  # fmt: skip
    assert problems == []
    assert all(counts[0] == counts[1] and not counts[3] for counts, _ in told)
    assert lost == 0
    assert stored <= ids
    assert reads > 5
    assert longest < 67_108_864


def test_many_writers_and_a_reader_lose_nothing(store_path: Path):
    write_together(store_path, processes=4, threads=2, seconds=2, pause=0.01, prune=False)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_many_writers_a_reader_and_a_pruner_lose_nothing(store_path: Path, is_long: bool):
    # What two cores write and delete for ten minutes without falling behind, and for a while more than that.
    seconds, pause = (600, 0.1) if is_long else (15, 0.01)
    write_together(store_path, processes=8, threads=4, seconds=seconds, pause=pause, prune=True)
