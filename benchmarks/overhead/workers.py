"""The parent's side of the workers: one process per contender, and the sink for those that send over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.overhead.contender import Contender, Counts
from benchmarks.overhead.sample import Sample

ROOT = Path(__file__).resolve().parents[2]
OTHERS_SETTINGS = ("LANGCHAIN_", "LANGSMITH_", "LANGFUSE_", "OTEL_", "WEAKLINK_")
"""A tracer that the user's shell switches on would be measured in every contender."""
ANSWER_WITHIN_S = 900


class WorkerError(Exception):
    """The contender failed or did not answer; the message says how."""


class Out(NamedTuple):
    """What a contender has out so far; None where that cannot be known."""

    counts: Counts | None
    bytes: int | None


def environment() -> dict[str, str]:
    """The environment of a worker: this checkout importable from any folder, no foreign tracer switched on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS_SETTINGS)}
    path = [str(Path(part).absolute()) for part in kept.get("PYTHONPATH", "").split(os.pathsep) if part]
    return kept | {"PYTHONPATH": os.pathsep.join([str(ROOT), *path])}


class Sink:
    """The HTTP server that the peers send to, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.overhead.sink"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
        assert self.process.stdout
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def out(self, key: str) -> Out:
        """Spans and bytes that arrived for one contender."""
        with urllib.request.urlopen(self.url + "/_stats") as reply:
            stats = json.load(reply).get(key)
        return Out(Counts(stats["ids"], stats["ended"]), stats["wire_bytes"]) if stats else Out(Counts(0, 0), 0)

    def close(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()


class Worker:
    """A contender in a process of its own, with a scratch folder that goes when it closes."""

    def __init__(self, contender: Contender, framework: str, sink: Sink | None) -> None:
        self.contender, self.sink = contender, sink
        self.tmp = tempfile.TemporaryDirectory(prefix="overhead-")
        self.key = Path(self.tmp.name).name
        self.log = Path(self.tmp.name) / "worker.log"
        url = f"{sink.url}/{self.key}" if sink else ""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.overhead.worker", contender.name, framework, url, self.tmp.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.tmp.name,
                env=environment(),
            )

    def ready(self) -> None:
        """Waits until the contender has started; raises WorkerError if it cannot."""
        self.receive()

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """One command, one answer; raises WorkerError."""
        assert self.process.stdin
        try:
            print(json.dumps({"op": op} | arguments), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            raise WorkerError(self.last_words()) from None
        return self.receive()

    def receive(self) -> dict[str, Any]:
        """The next answer; a worker that hangs is killed."""
        assert self.process.stdout
        watchdog = threading.Timer(ANSWER_WITHIN_S, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        reply = json.loads(line) if line else {"error": f"the process died: {self.last_words()}"}
        if "error" in reply:
            raise WorkerError(reply["error"])
        return reply

    def last_words(self) -> str:
        """The last line of its log."""
        return (self.log.read_text().strip().splitlines() or ["it left no message"])[-1]

    def run(self, workload: str, calls: int) -> Sample:
        """One block of calls."""
        return Sample(**self.ask("run", workload=workload, calls=calls))

    def runs(self, workload: str) -> int | None:
        """Runs in one call, as the framework counts them."""
        return self.ask("runs", workload=workload)["runs"]

    def out(self) -> Out:
        """Flushes, then says what is out: counted at the sink, or by the contender itself."""
        reply = self.ask("count")
        if self.contender.at_sink and self.sink:
            return self.sink.out(self.key)
        return Out(Counts(*reply["counts"]) if reply["counts"] else None, reply["bytes"])

    def close(self) -> None:
        """Ends the process and removes its folder."""
        self.process.kill()
        self.process.communicate()
        self.tmp.cleanup()


@contextmanager
def sink_for(contenders: Sequence[Contender]) -> Generator[Sink | None]:
    """A sink, if one of the contenders needs it."""
    if not any(contender.at_sink for contender in contenders):
        yield None
        return
    sink = Sink()
    try:
        yield sink
    finally:
        sink.close()


@contextmanager
def worker_for(contender: Contender, framework: str, sink: Sink | None) -> Generator[Worker]:
    """A worker that has started."""
    worker = Worker(contender, framework, sink)
    try:
        worker.ready()
        yield worker
    finally:
        worker.close()
