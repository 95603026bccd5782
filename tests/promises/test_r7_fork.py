"""R7: forks under load: nothing hangs, nothing is lost, no id is there twice, and the parent goes on recording."""

import json
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from weaklink.testing.calls import STEPS

# From Python 3.12 on, a fork of a process with threads is warned of; the tests read what else is said.
PYTHON = (sys.executable, "-W", "ignore:This process:DeprecationWarning")

_FORKS = """
import os, signal, sys, threading, time, json
from weaklink.recorder import recorder_for, registry
from weaklink.store import open_store
from weaklink.testing.calls import rag_call, trace_id

registry._EXIT_TIMEOUT_S = 60                # R6 is about the two seconds that it waits otherwise, which a busy machine may take
path, forks = sys.argv[1], int(sys.argv[2])
recorder = recorder_for(path)
keys, hangs, failed, going = [], 0, 0, True

def load():
    while going:
        keys.append(rag_call(recorder))
        time.sleep(0.001)

def child(number):
    mine = [rag_call(recorder) for _ in range(2)]
    if number % 4 == 0:                       # prefork: a worker that forks once more
        if (grandchild := os.fork()) == 0:
            mine = [rag_call(recorder)]
        else:
            os.waitpid(grandchild, 0)
    os.write(pipe[1], "".join(trace_id(key) + "\\n" for key in mine).encode())
    if number % 2:
        sys.exit(0)                           # through atexit and the interpreter's whole end
    if not recorder.flush(30):
        os._exit(9)
    os._exit(0)

keys.append(rag_call(recorder))
recorder.flush(10)
# Daemons: where something below fails, this process is to end and say so.
threads = [threading.Thread(target=load, daemon=True) for _ in range(2)]
for thread in threads: thread.start()
reader = open_store(path)
reader.latest()                               # an open reading connection is inherited too
pipe = os.pipe()
told = []
drain = threading.Thread(target=lambda: told.extend(os.fdopen(pipe[0]).read().split()))
drain.start()
running = {}

def reap(limit):
    global hangs, failed
    while len(running) > limit:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            running.pop(pid, None)
            failed += status != 0
            continue
        for pid, since in list(running.items()):
            if time.monotonic() - since > 30:
                hangs += 1
                os.kill(pid, signal.SIGKILL)
                running[pid] = float("inf")
        time.sleep(0.002)

for number in range(forks):
    pid = os.fork()
    if pid == 0:
        os.close(pipe[0])
        child(number)
    running[pid] = time.monotonic()
    reap(3)
reap(0)
os.close(pipe[1])
drain.join()
going = False
for thread in threads: thread.join()
after = [rag_call(recorder) for _ in range(5)]
ok = recorder.flush(60)
print(json.dumps({"hangs": hangs, "failed": failed, "flushed": ok, "counts": recorder.counts(),
                  "ids": [trace_id(key) for key in keys + after] + told, "of_children": len(told)}))
"""


def fork_many(forks: int, path: Path, script: Path) -> None:
    script.write_text(_FORKS)
    done = subprocess.run(
        [sys.executable, str(script), str(path), str(forks)], capture_output=True, text=True, timeout=50 + forks
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    stored = [row[0] for row in apsw.Connection(str(path)).execute("SELECT id FROM traces")]
    lost = set(found["ids"]) - set(stored)
    duplicates = len(found["ids"]) - len(set(found["ids"]))
    print(f"R7: {forks} forks under load, {found['hangs']} hangs, {len(lost)} of {len(found['ids']):,} calls lost "
          f"({found['of_children']} of children), {duplicates} duplicate ids")  # fmt: skip
    assert (found["hangs"], found["failed"], found["flushed"], duplicates) == (0, 0, True, 0), done.stderr
    assert lost == set()
    assert sorted(stored) == sorted(found["ids"])
    assert "Error" not in done.stderr, done.stderr


def test_forks_under_load_lose_nothing(store_path: Path, tmp_path: Path):
    fork_many(40, store_path, tmp_path / "forks.py")


@pytest.mark.slow
def test_many_forks_under_load_lose_nothing(store_path: Path, tmp_path: Path, is_long: bool):
    fork_many(1_000 if is_long else 250, store_path, tmp_path / "forks.py")


_IN_A_TRANSACTION = """
import os, sys, threading, time, json
from weaklink.recorder import recorder_for
from weaklink.settings import Settings
from weaklink.store import SQLiteStore, forking, open_store
from weaklink.testing.calls import rag_call
recorder = recorder_for(sys.argv[1])
rag_call(recorder)
recorder.flush(10)
reader = open_store(sys.argv[1])
reader.latest()
forking._MOST_S = 0.1
begun, over = threading.Event(), threading.Event()

def stuck(connection):
    connection.execute("UPDATE prunings SET count = count")
    begun.set()
    over.wait()

store = SQLiteStore(recorder.path, Settings())
thread = threading.Thread(target=store.change, args=(stuck,))
thread.start()
begun.wait()
child = os.fork()
if child == 0:
    rag_call(recorder)
    if recorder.flush(1) or recorder.counts().pending != 3:
        os._exit(1)
    sys.exit(5)                               # through atexit and the interpreter's whole end
over.set()
thread.join()
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
rag_call(recorder)
print(json.dumps([code, recorder.flush(30), len(list(reader.traces()))]))
"""


def test_a_process_forked_in_the_middle_of_a_transaction_says_that_it_cannot_record_and_ends(store_path: Path):
    done = subprocess.run(
        [*PYTHON, "-c", _IN_A_TRANSACTION, str(store_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [5, True, 2]
    said = done.stderr.splitlines()
    assert len(said) == 2, done.stderr
    assert "forked while the store was being written; start workers before recording" in said[0]
    assert said[1].startswith(f"weaklink: {STEPS} records are lost")


_FORK_WHILE_LOADING = """
import os, sys, time
from importlib.machinery import PathFinder
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name not in ("weaklink.recorder.encode", "weaklink.store.sqlite"):
            return None
        spec = PathFinder.find_spec(name, path)
        run = spec.loader.exec_module
        def exec_module(module):
            print("loading", name, flush=True)
            time.sleep(0.3)
            run(module)
        spec.loader.exec_module = exec_module
        return spec
sys.meta_path.insert(0, Slow())
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call
recorder = recorder_for(sys.argv[1])
children = []
for pause in (0.15, 0.3):
    rag_call(recorder)
    recorder.flush(0.001)
    time.sleep(pause)
    child = os.fork()
    if child == 0:
        rag_call(recorder)
        os._exit(0 if recorder.flush(20) else 1)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
assert recorder.flush(20)
"""


def test_a_fork_while_the_writer_loads_its_modules_loses_nothing(store_path: Path):
    run = subprocess.run(
        [*PYTHON, "-c", _FORK_WHILE_LOADING, str(store_path)], capture_output=True, text=True, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "loading weaklink.recorder.encode" in run.stdout
    assert apsw.Connection(str(store_path)).execute("SELECT count(*) FROM traces").get == 4
