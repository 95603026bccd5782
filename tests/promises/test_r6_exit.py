"""R6: however a process ends, what it recorded is stored, and its end is not held up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

CALLS = 20
_START = """
import os, signal, sys, threading, time
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call, step
recorder = recorder_for(sys.argv[1])
for _ in range({calls}):
    rag_call(recorder)
opened = step(recorder, None, "open")
"""
ENDS = {
    "normal": "",
    "sys.exit": "sys.exit(3)",
    "exception": "raise ValueError('the chain failed')",
    # The writer has written before: where Ctrl-C comes while it still imports SQLite, in the first moments of a process, Python 3.11
    # forgets that it was Ctrl-C (each exec, as in making a named tuple, resets that), and leaves with 1.
    "SIGINT": "recorder.flush(5); os.kill(os.getpid(), signal.SIGINT); time.sleep(5)",
    "a thread that goes on": "threading.Thread(target=lambda: time.sleep(0.2)).start()",
    "a daemon that goes on recording": """
def forever():
    while True:
        rag_call(recorder)
        time.sleep(0.001)
threading.Thread(target=forever, daemon=True).start()
time.sleep(0.1)""",
    "with a handler that exits at SIGTERM": """
signal.signal(signal.SIGTERM, lambda *args: sys.exit(0))
os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)""",
}


def spans_in(path: Path) -> dict[str, int]:
    rows = apsw.Connection(str(path)).execute("SELECT name || ' ' || status, count(*) FROM spans GROUP BY 1").fetchall()
    return dict(rows)


def run(script: str, path: Path) -> tuple[float, int, str]:
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    return time.monotonic() - began, done.returncode, done.stderr


@pytest.mark.parametrize("end", ENDS)
def test_all_is_stored_when_a_process_ends_by(end: str, store_path: Path):
    _, code, errors = run(_START.format(calls=CALLS) + ENDS[end], store_path)
    found = spans_in(store_path)
    assert "weaklink" not in errors.replace("/weaklink/", ""), errors
    assert code == {"sys.exit": 3, "exception": 1, "SIGINT": -signal.SIGINT}.get(end, 0), errors
    if "daemon" in end:
        assert found["rag ok"] > CALLS
    else:
        print(f"R6: {end}: all of {3 * CALLS + 1} stored")
        assert found == {"rag ok": CALLS, "retriever ok": CALLS, "llm ok": CALLS, "open incomplete": 1}


_UNTIL_KILLED = """
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
import sys, time
recorder = recorder_for(sys.argv[1])
while True:
    rag_call(recorder)
    print(time.monotonic(), flush=True)
    time.sleep(0.002)
"""


def test_sigterm_loses_at_most_one_flush_interval(store_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", _UNTIL_KILLED, str(store_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()  # it runs
    time.sleep(1.0)
    process.terminate()
    times = [float(line) for line in [first, *process.communicate(timeout=10)[0].splitlines()]]
    kept = spans_in(store_path)["rag ok"]
    lost = times[kept:]
    lost_ms = (times[-1] - lost[0]) * 1000 if lost else 0.0
    print(f"R6: SIGTERM: {len(lost)} of {len(times)} calls lost, the work of {lost_ms:.0f} ms")
    assert kept > 20
    assert lost_ms < 200 + 150  # and what a slow machine adds


def test_a_store_that_is_locked_holds_the_exit_up_by_at_most_2_s(store_path: Path):
    plain, _, _ = run(_START.format(calls=CALLS), store_path)
    blocker = apsw.Connection(str(store_path))
    blocker.execute("BEGIN IMMEDIATE")
    locked, code, errors = run(_START.format(calls=CALLS), store_path)
    blocker.execute("ROLLBACK")
    print(f"R6: exit held up by {locked - plain:.2f} s with the store locked")
    assert code == 0
    assert errors.splitlines() == [
        f"weaklink: recording is paused, {3 * CALLS + 1} records wait: database is locked",
        f"weaklink: {3 * CALLS + 1} records are lost: the process ended before the store could be written",
    ]
    assert locked - plain < 2.2
    assert spans_in(store_path)["rag ok"] == CALLS


def test_a_process_that_records_nothing_has_no_thread_and_no_store(store_path: Path):
    script = "import sys, threading, weaklink.recorder as r; r.recorder_for(sys.argv[1]); assert threading.active_count() == 1"
    assert run(script, store_path)[1] == 0
    assert not store_path.parent.exists()


_WORKERS = """
import sys, multiprocessing
from concurrent.futures import ProcessPoolExecutor
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call

def work(number):
    for _ in range({calls}):
        rag_call(recorder_for(sys.argv[1]))

def last(path):
    sys.argv = [sys.argv[0], path]
    work(0)

if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    processes = [context.Process(target=last, args=(sys.argv[1],)) for _ in range(2)]
    for process in processes: process.start()
    for process in processes: process.join()
    if "{method}" == "fork":
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            list(pool.map(work, range(4)))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing_lose_nothing_at_their_end(method: str, store_path: Path, tmp_path: Path):
    script = tmp_path / "workers.py"
    script.write_text(_WORKERS.format(calls=CALLS, method=method))
    done = subprocess.run(
        [sys.executable, str(script), str(store_path)], capture_output=True, text=True, timeout=60, env={**os.environ}
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = CALLS * (6 if method == "fork" else 2)
    print(f"R6: multiprocessing by {method}: {spans_in(store_path)['rag ok']} of {expected} calls of workers stored")
    assert spans_in(store_path)["rag ok"] == expected
