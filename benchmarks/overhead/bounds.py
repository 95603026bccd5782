"""The bounds that Weaklink promises to hold, and whether it does."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from benchmarks.overhead.result import Result
from benchmarks.overhead.summary import Row, Spread

OURS = "weaklink"
Figure = Callable[[Result], "Spread | None"]
"""Reads one figure out of the results; None when it is not there."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The median of a figure may be at most `limit`."""

    name: str
    workload: str
    limit: float
    unit: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Verdict:
    """`measured` is None when the workload ran and gave no figure, which is a failure: unknown is not ok."""

    name: str
    workload: str
    limit: float
    unit: str
    measured: Spread | None
    status: Literal["holds", "FAILS"]


def ours(workload: str, figure: Callable[[Row], Spread | None]) -> Figure:
    """A figure of Weaklink's row in one workload."""

    def read(result: Result) -> Spread | None:
        timing = result.timing(workload)
        row = next((row for row in timing.rows if row.contender == OURS), None) if timing else None
        return figure(row) if row else None

    return read


def lost_in_burst(result: Result) -> Spread | None:
    """Spans that are missing, or too many, after a burst."""
    mine = next((burst.arrived for burst in result.bursts if burst.contender == OURS), None)
    if mine is None:
        return None
    wrong = float(abs(mine.lost))
    return Spread(wrong, wrong, wrong)


BOUNDS: tuple[Bound, ...] = (
    Bound(
        "time on the caller's thread", "hooks", 10, "us/run", ours("hooks", lambda row: row.per_run(row.added_call_us))
    ),
    Bound(
        "all CPU, to the end of flush", "hooks", 60, "us/span", ours("hooks", lambda row: row.per_run(row.added_cpu_us))
    ),
    Bound("CPU of a RAG call", "invoke", 1.25, "x none", ours("invoke", lambda row: row.x_cpu)),
    Bound("CPU of 50 concurrent calls", "async50", 1.3, "x none", ours("async50", lambda row: row.x_cpu)),
    Bound(
        "LlamaIndex: time on the caller's thread",
        "spans",
        15,
        "us/span",
        ours("spans", lambda row: row.per_run(row.added_call_us)),
    ),
    Bound("LlamaIndex: CPU of a query", "query", 1.25, "x none", ours("query", lambda row: row.x_cpu)),
    Bound("spans lost in a burst", "burst", 0, "spans", lost_in_burst),
)


def verdicts(result: Result, asked: Collection[str]) -> list[Verdict]:
    """One verdict for each bound whose workload was asked for."""
    found: list[Verdict] = []
    for bound in BOUNDS:
        if bound.workload not in asked:
            continue
        measured = bound.figure(result)
        status = "holds" if measured and measured.median <= bound.limit else "FAILS"
        found.append(Verdict(bound.name, bound.workload, bound.limit, bound.unit, measured, status))
    return found
