"""From the samples of the rounds to the figures of a table. Pure: no clock, no processes."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.overhead.contender import Counts

if TYPE_CHECKING:
    from benchmarks.overhead.sample import Sample

Samples = Sequence["Sample | None"]
"""One entry per round; None where the contender failed."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over the rounds."""

    median: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of the spans. `expected` is calls x the spans per call of a quiet run of the same contender."""

    expected: int
    recorded: int
    unended: int
    bytes_per_span: float | None

    @property
    def lost(self) -> int:
        """Expected and not there; negative when more arrived than expected."""
        return self.expected - self.recorded


@dataclass(frozen=True, slots=True)
class Row:
    """One contender in one workload. `x_` is a ratio and `added_` a difference to `none` in the same round."""

    contender: str
    rounds: int
    call_us: Spread
    cpu_us: Spread
    x_cpu: Spread
    added_cpu_us: Spread
    added_call_us: Spread
    added_thread_us: Spread
    added_first_us: Spread | None
    flush_ms: Spread
    runs_per_call: int | None
    """Runs that the framework itself counts in one call."""
    spans_per_call: float | None
    """Spans that the contender records of one call."""
    arrived: Arrived | None

    def per_run(self, spread: Spread) -> Spread | None:
        """A figure of one call shared among its runs; the contender's own spans where the framework does not count."""
        runs = self.runs_per_call or self.spans_per_call
        return Spread(spread.median / runs, spread.min / runs, spread.max / runs) if runs else None


def quantile(values: Sequence[float], at: float) -> float:
    """The value at the fraction `at` of the sorted values, no interpolation; 0.5 is the upper median."""
    return sorted(values)[int(len(values) * at)]


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median, lowest and highest of the values that are known; None if none is."""
    known = [value for value in values if value is not None]
    return Spread(statistics.median(known), min(known), max(known)) if known else None


def same_round(mine: Samples, base: Samples, measure: str, combine: Callable[[float, float], float]) -> Spread | None:
    """Combines each sample with the baseline's of the same round, so that a slow minute of the machine cancels out."""
    pairs = [
        (getattr(sample, measure), getattr(reference, measure))
        for sample, reference in zip(mine, base, strict=True)
        if sample and reference
    ]
    return spread(combine(*pair) for pair in pairs if None not in pair)


def ratio(mine: Samples, base: Samples, measure: str) -> Spread | None:
    """How many times the baseline."""
    return same_round(mine, base, measure, lambda value, reference: value / reference)


def added(mine: Samples, base: Samples, measure: str) -> Spread | None:
    """How much more than the baseline."""
    return same_round(mine, base, measure, lambda value, reference: value - reference)


def arrived(calls: int, spans_per_call: float, before: Counts, after: Counts, bytes_written: int | None) -> Arrived:
    """Compares what arrived between two counts with what `calls` calls should give."""
    recorded = after.spans - before.spans
    return Arrived(
        expected=round(calls * spans_per_call),
        recorded=recorded,
        unended=recorded - (after.ended - before.ended),
        bytes_per_span=bytes_written / recorded if bytes_written and recorded else None,
    )


def row(
    contender: str,
    samples: Samples,
    base: Samples,
    runs_per_call: int | None = None,
    spans_per_call: float | None = None,
    what_arrived: Arrived | None = None,
) -> Row | None:
    """The figures of one contender; None when no round has both it and the baseline."""
    x_cpu = ratio(samples, base, "cpu_us")
    if x_cpu is None:
        return None
    good = [sample for sample in samples if sample]
    # x_cpu exists, so each of these has at least one round; only first_us may be unknown.
    of = {name: spread(getattr(s, name) for s in good) for name in ("call_us", "cpu_us", "flush_ms")}
    more = {name: added(samples, base, name) for name in ("cpu_us", "call_us", "thread_us", "first_us")}
    return Row(
        contender=contender,
        rounds=len(good),
        x_cpu=x_cpu,
        runs_per_call=runs_per_call,
        spans_per_call=spans_per_call,
        arrived=what_arrived,
        **of,
        **{f"added_{name}": value for name, value in more.items()},
    )
