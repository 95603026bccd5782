"""Are all spans there? What a quiet run gives per call, against what arrived of the measured calls."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.overhead.summary import Arrived, arrived
from benchmarks.overhead.workers import Out, Worker


class Calibrated(NamedTuple):
    """The state of a worker before it is measured."""

    spans_per_call: float | None
    """From a few quiet calls; None when the contender records nothing."""
    out: Out


def calibrate(worker: Worker, workload: str, calls: int) -> Calibrated:
    """Warms up with `calls` calls, then counts the spans of as many again. Raises WorkerError."""
    worker.run(workload, calls)
    before = worker.out()
    worker.run(workload, calls)
    after = worker.out()
    spans = (after.counts.spans - before.counts.spans) / calls if after.counts and before.counts else None
    return Calibrated(spans, after)


def account(worker: Worker, known: Calibrated, calls: int) -> Arrived | None:
    """What became of the spans of `calls` calls since then; None when that cannot be known. Raises WorkerError."""
    after = worker.out()
    before = known.out
    if not (known.spans_per_call and before.counts and after.counts):
        return None
    written = after.bytes - before.bytes if after.bytes is not None and before.bytes is not None else None
    return arrived(calls, known.spans_per_call, before.counts, after.counts, written)
