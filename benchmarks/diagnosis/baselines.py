"""What a diagnosis must beat: the same step always, the last step, the deepest error, the lowest score, chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from zlib import crc32

from benchmarks.diagnosis.make import Case
from benchmarks.diagnosis.measure import Found
from weaklink.model import Score, Scores, Span, Trace

Baseline = Callable[[Trace, Sequence[Score]], Span | None]
"""(trace, scores) -> the step that it blames; None for no step."""


def always_the_retriever(trace: Trace, scores: Sequence[Score]) -> Span | None:
    return next(iter(trace.of_kind("retriever")), None)


def always_the_model(trace: Trace, scores: Sequence[Score]) -> Span | None:
    return trace.dataflow.generator


def the_last_step(trace: Trace, scores: Sequence[Score]) -> Span | None:
    leaves = [span for span in trace.steps if not trace.children(span)]
    return leaves[-1] if leaves else None


def the_deepest_error(trace: Trace, scores: Sequence[Score]) -> Span | None:
    failed = [span for span in trace.spans if span.failed]
    return max(failed, key=lambda span: sum(1 for _ in trace.ancestors(span)), default=None)


def the_lowest_score(trace: Trace, scores: Sequence[Score]) -> Span | None:
    """The step with the lowest of its scores, where that is below one half."""
    rated = [score for score in Scores(scores) if score.is_whole and score.value is not None]
    worst = min(rated, key=lambda score: score.value or 0.0, default=None)
    return trace.get(worst.span_id) if worst is not None and (worst.value or 0.0) < 0.5 else None


def a_random_step(trace: Trace, scores: Sequence[Score]) -> Span | None:
    leaves = [span for span in trace.steps if not trace.children(span)]
    return random.Random(crc32(trace.id.encode())).choice(leaves) if leaves else None


BASELINES: tuple[Baseline, ...] = (
    always_the_retriever,
    always_the_model,
    the_last_step,
    the_deepest_error,
    the_lowest_score,
    a_random_step,
)


def right_share(baseline: Baseline, found: Sequence[Found]) -> tuple[float, float]:
    """(share of the broken traces whose broken step it blames, share of the healthy traces in which it blames any)."""
    broken = [baseline(trace, scores) for case, trace, scores in found if not case.healthy]
    cases: list[Case] = [case for case, _, _ in found if not case.healthy]
    healthy = [baseline(trace, scores) for case, trace, scores in found if case.healthy]
    right = sum(span is not None and span.id in case.culprits for span, case in zip(broken, cases, strict=True))
    return right / max(1, len(broken)), sum(span is not None for span in healthy) / max(1, len(healthy))
