"""R7: servers that load a program once and fork their workers: nothing hangs, nothing is lost, whatever was recorded before."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import apsw
import pytest

_APP = """
import os
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call, trace_id

recorder = recorder_for(os.environ["STORE"])
rag_call(recorder, "before the fork")      # the writer's thread runs and the store is open when the workers are forked
recorder.flush(10)
rag_call(recorder, "waits at the fork")

def app(environ, start_response):
    key = rag_call(recorder, environ["PATH_INFO"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {trace_id(key)}".encode()]
"""
_TASKS = """
import os
from celery import Celery
from weaklink.recorder import recorder_for
from weaklink.testing.calls import rag_call, trace_id

folder = os.environ["BROKER"]
app = Celery("tasks", broker="filesystem://")
app.conf.update(
    broker_transport_options={"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "/control"},
    broker_connection_retry_on_startup=True, worker_hijack_root_logger=False,
)
recorder = recorder_for(os.environ["STORE"])
rag_call(recorder, "before the fork")
recorder.flush(10)

@app.task
def call(number):
    with open(os.path.join(os.environ["DONE"], str(number)), "w") as file:
        file.write(f"{os.getpid()} {trace_id(rag_call(recorder, str(number)))}")
"""


def stored_ids(path: Path) -> list[str]:
    return [row[0] for row in apsw.Connection(str(path)).execute("SELECT id FROM traces WHERE status = 'ok'")]


def free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def get(url: str, patience_s: float = 30.0) -> str:
    until = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def ended(process: "subprocess.Popen[str]") -> str:
    """Ask the server to end, which waits for its workers; what it said."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.communicate(timeout=30)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def check(name: str, told: list[str], before: int, path: Path, said: str) -> None:
    pids, ids = {line.split()[0] for line in told}, [line.split()[1] for line in told]
    found = stored_ids(path)
    lost = set(ids) - set(found)
    print(
        f"R7: {name}: {len(lost)} of {len(ids)} calls in {len(pids)} workers lost, {len(ids) - len(set(ids))} duplicate ids"
    )
    assert (lost, len(ids)) == (set(), len(set(ids)))
    assert len(found) == len(ids) + before
    assert len(pids) > 1
    assert "weaklink:" not in said
    assert "Traceback" not in said


@pytest.mark.skipif(find_spec("gunicorn") is None, reason="needs gunicorn")
def test_gunicorn_with_preload(tmp_path: Path, store_path: Path, is_long: bool):
    (tmp_path / "served.py").write_text(_APP)
    port = free_port()
    command = [
        "-m",
        "gunicorn",
        "--preload",
        "--workers",
        "3",
        "--bind",
        f"127.0.0.1:{port}",
        "--chdir",
        str(tmp_path),
        "served:app",
    ]
    command += ["--max-requests", "25", "--no-control-socket"] if is_long else ["--no-control-socket"]
    process = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, "STORE": str(store_path)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True, cwd=tmp_path,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    told = [get(url)]
    until = time.monotonic() + 60
    with ThreadPoolExecutor(8) as pool:
        told += pool.map(get, [url] * (1_000 if is_long else 60))
        while len({line.split()[0] for line in told}) < 2 and time.monotonic() < until:  # the other workers may be late
            told += pool.map(get, [url] * 20)
    check("gunicorn --preload", told, 2, store_path, ended(process))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("celery") is None, reason="needs celery")
def test_celery_with_prefork(tmp_path: Path, store_path: Path, is_long: bool):
    count = 400 if is_long else 40
    (tmp_path / "tasks.py").write_text(_TASKS)
    folders = {name: tmp_path / name for name in ("broker", "done")}
    for folder in folders.values():
        folder.mkdir()
    (folders["broker"] / "control").mkdir()
    environment = {
        **os.environ, "STORE": str(store_path), "BROKER": str(folders["broker"]), "DONE": str(folders["done"]), "PYTHONPATH": str(tmp_path),
    }  # fmt: skip
    send = f"import os; os.environ['STORE'] += '-sender'; import tasks; [tasks.call.delay(n) for n in range({count})]"
    subprocess.run([sys.executable, "-c", send], env=environment, check=True, timeout=60, cwd=tmp_path)
    command = [
        "-m",
        "celery",
        "-A",
        "tasks",
        "worker",
        "--pool",
        "prefork",
        "--concurrency",
        "2",
        "--loglevel",
        "WARNING",
    ]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--max-tasks-per-child", "10"]
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        cwd=tmp_path,
    )  # fmt: skip
    until = time.monotonic() + 60
    while len(list(folders["done"].iterdir())) < count and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.3)  # until those that are over their number of tasks have gone
    said = ended(process)
    told = [file.read_text() for file in folders["done"].iterdir()]
    assert len(told) == count, said
    check("celery prefork", told, 1, store_path, said)
