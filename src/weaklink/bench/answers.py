"""Whether the answer changes at all with the store: your chain over each store, the same questions, compared in pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from weaklink.bench.statistics import paired_bootstrap

Chain = Callable[[Any, str], tuple[str, Sequence[Any]]]
"""Your chain: given a store and a question, its answer and the passages (texts, or documents) that it went by."""


class Gain(BaseModel, frozen=True):
    """A mean difference over the same questions, with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    questions: int
    """On how many questions both had a score."""

    @property
    def is_measurable(self) -> bool:
        """The interval excludes 0."""
        return self.low > 0 or self.high < 0


class AnswerEffect(BaseModel, frozen=True):
    """What your chain answers with one store in comparison with another."""

    store: str
    baseline: str
    changed: float
    """Share of questions whose answer is another text."""
    changed_by_itself: float
    """The same for the baseline asked twice: what a chain that is not deterministic changes anyway."""
    groundedness: Gain | None
    """Minus the baseline's; None where no answer could be scored."""
    sufficiency: Gain | None
    changed_questions: tuple[str, ...] = ()
    """At most 20 of them."""

    def __str__(self) -> str:
        """A sentence."""
        beyond = self.changed - self.changed_by_itself
        if beyond <= 0:
            text = f"{self.store}: no answer changes that would not change anyway"
        else:
            text = f"{self.store}: {self.changed:.0%} of the answers are not those with {self.baseline}"
            text += (
                f" ({self.changed_by_itself:.0%} change when {self.baseline} is asked twice)"
                if self.changed_by_itself
                else ""
            )
        return "; ".join(
            [
                text,
                *(
                    _words(name, gain)
                    for name, gain in (("groundedness", self.groundedness), ("sufficiency", self.sufficiency))
                ),
            ]
        )


def _words(name: str, gain: Gain | None) -> str:
    if gain is None:
        return f"{name} could not be scored"
    interval = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}, {gain.questions} questions)"
    return f"{name} {interval}{'' if gain.is_measurable else ': no difference that these questions can show'}"


class _Answer(BaseModel, frozen=True):
    text: str
    groundedness: float | None
    sufficiency: float | None


def answer_effects(
    chain: Chain, stores: Mapping[str, Any], questions: Sequence[str], *, seed: int = 0
) -> list[AnswerEffect]:
    """Ask `chain` every question with every store, in random order, and compare with the first store.

    Answers are compared as text (white space and case aside) and scored offline: groundedness in the passages that the chain
    went by, and whether these suffice for the question. The first store is asked twice, so that what a chain changes of its own
    accord is known. What the chain raises comes through.
    """
    baseline, *others = stores
    again = f"{baseline} (again)"
    asked = {**stores, again: stores[baseline]}
    order = [(name, question) for question in questions for name in asked]
    random.Random(seed).shuffle(order)
    answers = {(name, question): _answer(chain, asked[name], question) for name, question in order}
    rows = {name: [answers[name, question] for question in questions] for name in asked}
    by_itself = _changed(rows[again], rows[baseline])
    return [_effect(name, baseline, rows[name], rows[baseline], len(by_itself), questions) for name in others]


def _answer(chain: Chain, store: Any, question: str) -> _Answer:
    text, passages = chain(store, question)
    scores = _scores(question, text, [_text(passage) for passage in passages])
    return _Answer(text=text, groundedness=scores.get("groundedness"), sufficiency=scores.get("sufficiency"))


def _text(passage: Any) -> str:
    if isinstance(passage, str):
        return passage
    found = next(
        (text for name in ("page_content", "text") if isinstance(text := getattr(passage, name, None), str)), None
    )
    return found if found is not None else str(passage)


def _scores(question: str, answer: str, passages: Sequence[str]) -> dict[str, float]:
    """Groundedness and sufficiency by Weaklink's own offline scorers; what cannot be scored is left out."""
    from weaklink.scoring import score_trace
    from weaklink.tracefrom import trace_from

    found = list(score_trace(trace_from(question, passages, answer)))
    return {score.name: score.value for score in found if score.is_whole and score.value is not None}


def _changed(ones: Sequence[_Answer], others: Sequence[_Answer]) -> list[int]:
    return [
        n for n, (one, other) in enumerate(zip(ones, others, strict=True)) if _plain(one.text) != _plain(other.text)
    ]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _effect(
    name: str,
    baseline: str,
    ones: Sequence[_Answer],
    others: Sequence[_Answer],
    by_itself: int,
    questions: Sequence[str],
) -> AnswerEffect:
    changed = _changed(ones, others)
    return AnswerEffect(
        store=name, baseline=baseline, changed=len(changed) / len(questions), changed_by_itself=by_itself / len(questions),
        groundedness=_gain([(one.groundedness, other.groundedness) for one, other in zip(ones, others, strict=True)]),
        sufficiency=_gain([(one.sufficiency, other.sufficiency) for one, other in zip(ones, others, strict=True)]),
        changed_questions=tuple(questions[number] for number in changed[:20]),
    )  # fmt: skip


def _gain(pairs: Sequence[tuple[float | None, float | None]]) -> Gain | None:
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    found = paired_bootstrap([one for one, _ in known], [other for _, other in known]) if known else None
    return None if found is None else Gain(value=found.value, low=found.low, high=found.high, questions=len(known))
