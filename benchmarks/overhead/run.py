"""Runs the workloads that were asked for and collects what they found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from benchmarks.overhead import report
from benchmarks.overhead.contender import Contender
from benchmarks.overhead.frameworks import FRAMEWORKS
from benchmarks.overhead.memory import burst, soak
from benchmarks.overhead.result import Result
from benchmarks.overhead.timing import Timing, time_workload
from benchmarks.overhead.workers import Sink, Worker, WorkerError, sink_for, worker_for

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to run."""

    rounds: int
    calls: int | None
    """Calls in one block; None: each workload's own number."""
    burst: int
    marks: tuple[int, ...]
    limit_s: float


def started(contenders: Sequence[Contender], framework: str, sink: Sink | None, stack: ExitStack) -> list[Worker]:
    """One worker per contender; all of them sleep but the one that is asked."""
    workers: list[Worker] = []
    for contender in contenders:
        try:
            workers.append(stack.enter_context(worker_for(contender, framework, sink)))
        except WorkerError as error:
            print(f"{contender.name} did not start: {error}", file=sys.stderr)
    return workers


def in_turn(
    contenders: Sequence[Contender], framework: str, sink: Sink | None, workload: str, measure: Callable[[Worker], T]
) -> tuple[T, ...]:
    """Measures one contender after the other, each in a process that nothing ran in before."""
    found: list[T] = []
    for contender in contenders:
        print(f"{workload}: {contender.name} ...", file=sys.stderr)  # minutes may pass until the table is there
        try:
            with worker_for(contender, framework, sink) as worker:
                found.append(measure(worker))
        except WorkerError as error:
            print(f"{contender.name} failed in {workload}: {error}", file=sys.stderr)
    return tuple(found)


def timings(
    contenders: Sequence[Contender], framework: str, sink: Sink | None, asked: Sequence[str], sizes: Sizes
) -> Iterator[Timing]:
    """The timed workloads among those asked for, one table after the other."""
    own = FRAMEWORKS[framework].calls
    timed = [workload for workload in asked if workload in own]
    if not timed:
        return
    with ExitStack() as stack:
        workers = started(contenders, framework, sink, stack)
        for workload in timed:
            if found := time_workload(workers, workload, sizes.rounds, sizes.calls or own[workload]):
                yield found


def run(
    result: Result, contenders: Sequence[Contender], asked: Sequence[str], sizes: Sizes, say: Callable[[str], None]
) -> Result:
    """The result with the figures of the workloads asked for; each table is said as soon as it is there."""
    framework, repeated = result.framework, FRAMEWORKS[result.framework].memory
    with sink_for(contenders) as sink:
        for timing in timings(contenders, framework, sink, asked, sizes):
            say(report.timing(timing))
            result = replace(result, timings=(*result.timings, timing))
        if "burst" in asked:
            one_burst = partial(burst, workload=repeated["burst"], calls=sizes.burst)
            result = replace(result, bursts=in_turn(contenders, framework, sink, "burst", one_burst))
            say(report.bursts(result.bursts))
        if "soak" in asked:
            one_soak = partial(soak, workload=repeated["soak"], marks=sizes.marks, limit_s=sizes.limit_s)
            result = replace(result, soaks=in_turn(contenders, framework, sink, "soak", one_soak))
            say(report.soaks(result.soaks))
    return result
