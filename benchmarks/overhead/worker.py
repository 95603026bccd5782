"""The process of one contender: obeys JSON commands on stdin, answers on stdout, sleeps while the others run.

python -m benchmarks.overhead.worker CONTENDER FRAMEWORK SINK_URL SCRATCH_FOLDER
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from benchmarks.overhead.contender import Tracing
from benchmarks.overhead.contenders import ALL
from benchmarks.overhead.frameworks import FRAMEWORKS, Work
from benchmarks.overhead.sample import measure

STRIDE = 250
"""Calls of a soak between two readings of the memory."""


def rss_mb() -> float:
    """Memory that the process holds now."""
    return psutil.Process().memory_info().rss / 2**20


def peak_rss_mb() -> float:
    """The most that the process ever held. Not ru_maxrss on Linux: it starts from what the parent process held."""
    status = Path("/proc/self/status")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    if peak:
        return int(peak[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def soak(work: Work, tracing: Tracing, workload: str, marks: list[int], limit_s: float) -> list[dict[str, float]]:
    """Calls up to each mark; there flushes, collects garbage, reads the memory. Stops early after limit_s seconds."""
    done, began = 0, time.perf_counter()
    gc.collect()
    rows = [{"calls": 0, "rss_mb": rss_mb(), "peak_mb": rss_mb(), "elapsed_s": 0.0}]
    for mark in marks:
        while done < mark and time.perf_counter() - began < limit_s:
            step = min(STRIDE, mark - done)
            work.run(workload, step, tracing.config)
            done += step
        tracing.flush()
        gc.collect()
        elapsed = time.perf_counter() - began
        rows.append({"calls": done, "rss_mb": rss_mb(), "peak_mb": peak_rss_mb(), "elapsed_s": elapsed})
        if done < mark:
            break
    return rows


def commands(work: Work, tracing: Tracing) -> dict[str, Callable[..., dict[str, Any]]]:
    """What the parent may ask."""

    def run(workload: str, calls: int) -> dict[str, Any]:
        return asdict(measure(work, tracing, workload, calls))

    def runs(workload: str) -> dict[str, Any]:
        return {"runs": work.runs(workload)}

    def repeat(workload: str, marks: list[int], limit_s: float) -> dict[str, Any]:
        return {"rows": soak(work, tracing, workload, marks, limit_s)}

    def count() -> dict[str, Any]:
        tracing.flush()
        return {"counts": tracing.count(), "bytes": tracing.bytes()}

    def memory() -> dict[str, Any]:
        return {"rss_mb": rss_mb(), "peak_mb": peak_rss_mb()}

    return {"run": run, "runs": runs, "soak": repeat, "count": count, "memory": memory}


def main(contender: str, framework: str, sink: str, tmp: str) -> None:
    """Starts the contender, then serves until stdin closes."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to the log, not into the protocol

    def answer(reply: dict[str, Any]) -> None:
        print(json.dumps(reply), file=answers, flush=True)

    try:
        tracing = ALL[contender].start(framework, sink, Path(tmp))
        known = commands(FRAMEWORKS[framework].work(), tracing)
    except Exception as error:
        traceback.print_exc()
        answer({"error": repr(error)})
        return
    answer({})
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer(known[command.pop("op")](**command))
        except Exception as error:
            traceback.print_exc()
            answer({"error": repr(error)})
    os._exit(0)  # a peer's exit handlers may wait for a server that is gone


if __name__ == "__main__":
    main(*sys.argv[1:5])
