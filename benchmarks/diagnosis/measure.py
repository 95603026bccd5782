"""Diagnoses the labelled traces, and counts what was right."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.make import Case
from weaklink.diagnosis import RULES, Limits, blame, diagnose, probabilities
from weaklink.diagnosis.blame import Named
from weaklink.model import Score, Scores, Trace
from weaklink.scoring import default_scorers, score_trace


@dataclass(frozen=True)
class Result:
    """What was done to a trace, and what was said of it."""

    case: Case
    verdict: str
    culprit: str
    """Id of the span that was named; "" where none was."""
    failure: str
    confidence: float
    steps: tuple[str, ...] = ()
    """Ids of the suspected spans, the most probable first."""

    @property
    def decided(self) -> bool:
        return self.verdict != "unknown"

    @property
    def alarm(self) -> bool:
        return self.verdict in ("broken", "degraded")

    @property
    def right_step(self) -> bool:
        """The named step is the broken one; of a healthy trace, none was named."""
        return (not self.alarm) if self.case.healthy else (self.alarm and self.culprit in self.case.culprits)

    @property
    def right_class(self) -> bool:
        return self.right_step and (self.case.healthy or self.failure in self.case.failures)

    @property
    def in_first_three(self) -> bool:
        return any(step in self.case.culprits for step in self.steps[:3])


Found = tuple[Case, Trace, list[Score]]


def scored(found: Iterable[tuple[Case, Trace]], folder: Path) -> list[Found]:
    """Each trace with the default scores; kept in `folder` until a scorer changes, because they do not change with the rules."""
    scorers = [getattr(scorer, "version", scorer.name) for scorer in default_scorers()]
    path = folder / "scores.jsonl"
    known: dict[str, list[Score]] = {}
    if path.is_file():
        for line in path.read_text().splitlines():
            row = json.loads(line)
            if row.get("scorers") == scorers:
                known[row["trace"]] = [Score.model_validate(score) for score in row["scores"]]
    result: list[Found] = []
    with path.open("a") as file:
        for case, trace in found:
            if trace.id not in known:
                known[trace.id] = score_trace(trace)
                rows = [score.model_dump(mode="json", exclude_defaults=False) for score in known[trace.id]]
                file.write(json.dumps({"trace": trace.id, "scorers": scorers, "scores": rows}) + "\n")
            result.append((case, trace, known[trace.id]))
    return result


@dataclass(frozen=True)
class Suspected:
    """A trace with what the rules found in it, before probabilities."""

    case: Case
    trace: Trace
    scores: Scores
    found: tuple[Named, ...]


def suspected(found: Iterable[Found]) -> list[Suspected]:
    """Runs the rules, which is what takes time, once."""
    result: list[Suspected] = []
    for case, trace, scores in found:
        known = Scores(scores)
        named = tuple(Named(rule, finding) for rule in RULES for finding in rule(trace, known, Limits()))
        result.append(Suspected(case, trace, known, named))
    return result


def judged(found: Iterable[Suspected]) -> list[Result]:
    """The diagnosis of each, as `weaklink.diagnose` makes it of the same findings."""
    results: list[Result] = []
    for item in found:
        weighed = blame.weighed(item.trace, item.scores, item.found)
        diagnosis = blame.judge(item.trace, item.scores, Limits(), weighed)
        culprit = diagnosis.culprit.span_id if diagnosis.culprit else ""
        steps = tuple(dict.fromkeys(suspect.step.span_id for suspect in diagnosis.suspects))
        results.append(
            Result(item.case, diagnosis.verdict, culprit, diagnosis.failure or "", diagnosis.confidence, steps)
        )
    return results


def milliseconds(found: Sequence[Found], most: int = 100) -> list[float]:
    """Processor time of `weaklink.diagnose` for some of the traces whose scores are there."""
    taken: list[float] = []
    for _, trace, scores in found[:: max(1, len(found) // most)]:
        fresh = Trace.model_validate_json(trace.model_dump_json())  # nothing of it is computed yet
        started = time.process_time()
        diagnose(fresh, scores)
        taken.append(1000 * (time.process_time() - started))
    return taken


@dataclass(frozen=True)
class Rates:
    """The shares of one group of traces; None where a share has nothing to count."""

    n: int
    broken: int
    step: float | None
    """Of the broken traces with a decision: the right step was named first."""
    three: float | None
    """Of the broken traces: the right step is among the first three suspects."""
    label: float | None
    """Of the broken traces with a decision: step and class are right."""
    alarms: float | None
    """Of the healthy traces: a step was named."""
    coverage: float
    """Of all traces: a decision was made."""
    ece: float | None
    """Expected calibration error of the decisions, ten bins of equal size."""


def rates(results: Sequence[Result]) -> Rates:
    """The shares of `results`."""
    broken = [r for r in results if not r.case.healthy]
    healthy = [r for r in results if r.case.healthy]
    decided = [r for r in broken if r.decided]
    return Rates(
        n=len(results),
        broken=len(broken),
        step=share(r.right_step for r in decided),
        three=share(r.in_first_three for r in broken),
        label=share(r.right_class for r in decided),
        alarms=share(r.alarm for r in healthy),
        coverage=share(r.decided for r in results) or 0.0,
        ece=calibration_error([(r.confidence, r.right_step) for r in results if r.decided]),
    )


def share(values: Iterable[bool]) -> float | None:
    """The share of True; None of nothing."""
    found = list(values)
    return sum(found) / len(found) if found else None


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float | None:
    """Mean distance, over bins of equal size, between what was claimed and what came true (Naeini et al., 2015)."""
    if not pairs:
        return None
    ordered = sorted(pairs)
    total = 0.0
    for number in range(bins):
        part = ordered[len(ordered) * number // bins : len(ordered) * (number + 1) // bins]
        if part:
            total += abs(sum(p for p, _ in part) - sum(right for _, right in part))
    return total / len(ordered)


@contextmanager
def using(model: dict[str, Any]) -> Iterator[None]:
    """Diagnoses with other probabilities than those that ship."""
    shipped = probabilities.fitted
    probabilities.fitted = lambda: model  # type: ignore[assignment]
    try:
        yield
    finally:
        probabilities.fitted = shipped
