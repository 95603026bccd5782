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
    ran: frozenset[str] = frozenset()
    """Names of the scorers that ran now; the other scores are from before."""


def diagnosis_version() -> str:
    """Changes with a rule and with a default scorer: a stored diagnosis of another version is out of date."""
    from weaklink.diagnosis import RULES_VERSION
    from weaklink.scoring import default_scorers

    return "; ".join([RULES_VERSION, *(version_of(scorer) for scorer in default_scorers())])


def version_of(scorer: Scorer) -> str:
    """The scorer's version; "" where it has none, and then what it gave before is never up to date."""
    return str(getattr(scorer, "version", ""))


def examine(
    trace: Trace,
    store: Store | None = None,
    scorers: Iterable[Scorer] = (),
    *,
    again: bool = False,
    reference: str | None = None,
) -> Examination:
    """The examination of `trace`. With a `store`, what is there and up to date is used, and what is new is put there.

    Each of `scorers` runs where the store has no score of its version for what the trace holds now, where one is without a
    value, or where `again` is set; each default scorer runs where nobody else gave a score of its name. Where somebody has
    corrected the answer, the diagnosis is by that; by a `reference` given here it is for this look alone, and not stored. A
    trace that is still running is examined and nothing stored; a store that cannot be written is no obstacle.
    """
    from weaklink.diagnosis import diagnose
    from weaklink.scoring import score_trace

    current = [] if store is None else current_scores(store.scores(trace.id), trace.content_hash)
    due = due_scorers(trace, current, list(scorers), again=again)
    ran = frozenset(scorer.name for scorer in due)
    diagnosis = None if store is None or due else store.diagnosis(trace.id, diagnosis_version())
    if diagnosis is not None and reference is None:
        return Examination(trace, _ordered(trace, current), diagnosis)
    new = score_trace(trace, due)
    scores = _ordered(trace, [*(score for score in current if score.name not in ran), *new])
    diagnosis = diagnose(trace, scores, reference=reference or _correction(trace, store))
    if store is not None and trace.duration_ns is not None:
        with suppress(StoreError):  # a read-only store can be looked at
            if due:
                store.add_scores(trace.id, new, instead_of=ran)
            if reference is None:
                store.add_diagnosis(diagnosis, diagnosis_version(), trace)
    return Examination(trace, scores, diagnosis, ran)


def _correction(trace: Trace, store: Store | None) -> str | None:
    """The newest answer that a person put in place of the recorded one."""
    given = (
        [] if store is None else [item.value for item in store.feedback(trace.id) if item.name == "corrected_answer"]
    )
    return next((text for text in reversed(given) if isinstance(text, str) and text.strip()), None)


def current_scores(stored: Iterable[Score], content: str | None) -> list[Score]:
    """Those of the stored scores that are up to date: not of an older default scorer, and of what the trace holds now.

    `content` is the trace's `content_hash`; None where the whole trace was not read, and then scores of any content are taken.
    """
    from weaklink.scoring import default_scorers

    versions = {scorer.name: version_of(scorer) for scorer in default_scorers()}

    def is_current(score: Score) -> bool:
        is_default = score.scorer.partition("/")[0] == score.name and score.name in versions
        if is_default and score.scorer != versions[score.name]:
            return False
        return content is None or score.content in ("", content)

    return [score for score in stored if is_current(score)]


def due_scorers(
    trace: Trace, current: Sequence[Score], wanted: Sequence[Scorer], *, again: bool = False
) -> list[Scorer]:
    """The scorers that have to run: of `wanted` those that are not done, and the default ones whose scores nobody gave."""
    from weaklink.scoring import default_scorers

    due = [scorer for scorer in wanted if again or not _is_done(scorer, trace, current)]
    known = {score.name for score in current} | {scorer.name for scorer in wanted}
    return [*due, *(scorer for scorer in default_scorers() if scorer.name not in known)]


def _is_done(scorer: Scorer, trace: Trace, current: Iterable[Score]) -> bool:
    """A score without a value is tried again: a judge that could not be reached yesterday may be there today."""
    version = version_of(scorer)
    given = [score for score in current if score.name == scorer.name]
    return bool(version and given) and all(
        score.scorer == version and score.content == trace.content_hash and score.value is not None for score in given
    )


def _ordered(trace: Trace, scores: Iterable[Score]) -> tuple[Score, ...]:
    """By step, name and part: the same whether they come out of the store or out of the scorers."""
    place = {span.id: number for number, span in enumerate(trace.spans)}

    def key(score: Score) -> tuple[int, str, int, int, str]:
        sentence = -1 if score.sentence is None else score.sentence.start
        document = -1 if score.document is None else score.document
        return place.get(score.span_id, len(place)), score.name, document, sentence, score.scorer

    return tuple(sorted(scores, key=key))
