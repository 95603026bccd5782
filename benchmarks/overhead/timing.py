"""Interleaved timings: A B C, B C A, ... Every contender runs the same block of work in every round."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.overhead.accounting import Calibrated, account, calibrate
from benchmarks.overhead.sample import Sample
from benchmarks.overhead.summary import Row, row
from benchmarks.overhead.workers import Worker, WorkerError

BASE = "none"
CALIBRATION = 4


@dataclass(frozen=True, slots=True)
class Timing:
    """The table of one workload."""

    workload: str
    calls: int
    """In one block."""
    rounds: int
    rows: tuple[Row, ...]
    load: tuple[float, float]
    """Lowest and highest load average meanwhile."""


def complain(worker: Worker, workload: str, error: Exception) -> None:
    """A contender that fails is named and left out; the others go on."""
    print(f"{worker.contender.name} failed in {workload}: {error}", file=sys.stderr)


def calibrated(workers: Sequence[Worker], workload: str) -> dict[Worker, Calibrated]:
    """The workers that can run this workload."""
    known: dict[Worker, Calibrated] = {}
    for worker in workers:
        try:
            known[worker] = calibrate(worker, workload, CALIBRATION)
        except WorkerError as error:
            complain(worker, workload, error)
    return known


def rounds_of(workers: Sequence[Worker], workload: str, rounds: int, calls: int) -> dict[str, list[Sample | None]]:
    """The samples of all rounds. Each round begins with another contender: nobody is always first."""
    samples: dict[str, list[Sample | None]] = {worker.contender.name: [] for worker in workers}
    for number in range(rounds):
        first = number % len(workers)
        for worker in [*workers[first:], *workers[:first]]:
            sample = None
            try:
                sample = worker.run(workload, calls)
            except WorkerError as error:
                complain(worker, workload, error)
            samples[worker.contender.name].append(sample)
    return samples


def time_workload(workers: Sequence[Worker], workload: str, rounds: int, calls: int) -> Timing | None:
    """Times all workers, in the order given; None when the baseline cannot run."""
    known = calibrated(workers, workload)
    baseline = next((worker for worker in known if worker.contender.name == BASE), None)
    if baseline is None:
        return None
    runs = baseline.runs(workload)
    samples = rounds_of(list(known), workload, rounds, calls)
    rows: list[Row] = []
    for worker, before in known.items():
        mine = samples[worker.contender.name]
        try:
            arrived = account(worker, before, sum(sample.calls for sample in mine if sample))
        except WorkerError as error:
            complain(worker, workload, error)
            continue
        found = row(worker.contender.name, mine, samples[BASE], runs, before.spans_per_call, arrived)
        rows += [found] if found else []
    loads = [sample.load for mine in samples.values() for sample in mine if sample]
    return Timing(workload, calls, rounds, tuple(rows), (min(loads), max(loads)) if loads else (0.0, 0.0))
