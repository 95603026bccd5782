"""Burst and soak: are spans lost in a burst, does memory keep growing? Each contender in a fresh process, alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.overhead.accounting import account, calibrate
from benchmarks.overhead.summary import Arrived
from benchmarks.overhead.workers import Worker

CALIBRATION = 20


@dataclass(frozen=True, slots=True)
class Burst:
    """One asyncio.gather of `calls` calls, as fast as the process can."""

    contender: str
    calls: int
    spans_per_call: float | None
    arrived: Arrived | None
    cpu_us: float
    """Per call, to the end of the flush."""
    wall_s: float
    flush_s: float
    rss_before_mb: float
    peak_mb: float
    """The most that the process ever held."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the memory is after so many calls: flushed, garbage collected."""

    calls: int
    rss_mb: float
    peak_mb: float
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Soak:
    """One call after the other."""

    contender: str
    marks: tuple[Mark, ...]
    arrived: Arrived | None

    @property
    def growth_kb_per_call(self) -> float | None:
        """From the first mark after the start to the last; warming up ends before it. None with fewer than two."""
        after = self.marks[1:]
        if len(after) < 2 or after[-1].calls == after[0].calls:
            return None
        return (after[-1].rss_mb - after[0].rss_mb) * 1024 / (after[-1].calls - after[0].calls)


def burst(worker: Worker, workload: str, calls: int) -> Burst:
    """Runs one burst in a worker that has just started. Raises WorkerError."""
    known = calibrate(worker, workload, CALIBRATION)
    before = worker.ask("memory")
    sample = worker.run(workload, calls)
    after = worker.ask("memory")
    return Burst(
        contender=worker.contender.name,
        calls=calls,
        spans_per_call=known.spans_per_call,
        arrived=account(worker, known, calls),
        cpu_us=sample.cpu_us,
        wall_s=sample.wall_us * calls / 1e6,
        flush_s=sample.flush_ms / 1e3,
        rss_before_mb=before["rss_mb"],
        peak_mb=after["peak_mb"],
    )


def soak(worker: Worker, workload: str, marks: Sequence[int], limit_s: float) -> Soak:
    """Runs one soak in a worker that has just started. Raises WorkerError."""
    known = calibrate(worker, workload, CALIBRATION)
    rows = worker.ask("soak", workload=workload, marks=list(marks), limit_s=limit_s)["rows"]
    seen = tuple(Mark(**row) for row in rows)
    return Soak(worker.contender.name, seen, account(worker, known, seen[-1].calls))
