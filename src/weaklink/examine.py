"""Scores and diagnosis of a trace: taken from the store where they are there, computed and stored where they are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weaklink.errors import StoreError
from weaklink.model import Diagnosis, Score, Trace

if TYPE_CHECKING:
    from weaklink.scoring import Scorer
    from weaklink.store import Store


@dataclass(frozen=True, slots=True)
class Examination:
    """A trace with its scores and its diagnosis."""

    trace: Trace
    scores: tuple[Score, ...]
    diagnosis: Diagnosis


def examine(trace: Trace, store: Store | None = None, scorers: Iterable[Scorer] = ()) -> Examination:
    """The examination of `trace`. With a `store`, what is there and current is used, and what is new is put there.

    `scorers` run in any case. Each default scorer runs where the store has no score of its name, and where the stored
    diagnosis is not current: other rules made it, the trace has changed since, or somebody corrected the answer.
    A trace that is still running is examined and nothing stored; a store that cannot be written is no obstacle.
    """
    from weaklink.diagnosis import RULES_VERSION, diagnose

    current = None if store is None else store.diagnosis(trace.id, RULES_VERSION)
    stored = [] if store is None else _usable(store.scores(trace.id), is_current=current is not None)
    new = _new_scores(trace, stored, list(scorers))
    if current is not None and not new:
        return Examination(trace, _ordered(trace, stored), current)
    scores = _ordered(trace, [*stored, *new])
    diagnosis = diagnose(trace, scores)
    if store is not None and trace.duration_ns is not None:
        with suppress(StoreError):  # a read-only store can be looked at
            if new:
                store.add_scores(trace.id, new)
            store.add_diagnosis(diagnosis, RULES_VERSION, trace)
    return Examination(trace, scores, diagnosis)


def _usable(stored: list[Score], *, is_current: bool) -> list[Score]:
    """Those of the stored scores that are not given again: a judge's are kept, which cost money."""
    from weaklink.scoring import SCORERS

    return [score for score in stored if is_current or score.name not in SCORERS]


def _new_scores(trace: Trace, stored: Sequence[Score], scorers: list[Scorer]) -> list[Score]:
    from weaklink.scoring import default_scorers, score_trace

    known = {score.name for score in stored} | {scorer.name for scorer in scorers}
    missing = [scorer for scorer in default_scorers() if scorer.name not in known]
    return score_trace(trace, [*scorers, *missing])


def _ordered(trace: Trace, scores: Iterable[Score]) -> tuple[Score, ...]:
    """By step, name and part: the same whether they come out of the store or out of the scorers."""
    place = {span.id: number for number, span in enumerate(trace.spans)}

    def key(score: Score) -> tuple[int, str, int, int, str]:
        sentence = -1 if score.sentence is None else score.sentence.start
        document = -1 if score.document is None else score.document
        return place.get(score.span_id, len(place)), score.name, document, sentence, score.scorer

    return tuple(sorted(scores, key=key))
