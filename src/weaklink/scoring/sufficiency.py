"""Do the passages hold what is needed to answer the question?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from weaklink.scoring.answer import expected_type, has_type
from weaklink.scoring.embedding import is_available
from weaklink.scoring.logistic import fitted, logit, probability
from weaklink.scoring.passage_vectors import likeness
from weaklink.scoring.question import Asked, bm25, frequencies, read_question
from weaklink.scoring.text.units import units_of

SUFFICIENCY_FEATURES: dict[str, int] = {
    "coverage": 1,
    "best_window": 1,
    "term_frequency": 1,
    "weighted_frequency": 1,
    "bm25": 1,
    "missing": -1,
    "heaviest_missing": -1,
    "answer_type": 1,
    "alike_max": 1,
    "alike_mean": 1,
    "alike_whole": 1,
}
"""Feature to the sign that its weight may have for "sufficient" (SCORERS.md 4.1); the three "alike" need the embedding
model."""

_MOST_MISSING = 8


@dataclass(frozen=True, slots=True)
class SufficiencyVerdict:
    """Whether passages can answer a question, and what speaks for it or is missing."""

    value: float
    """Probability that the passages suffice, 0..1, where half of all questions can be answered."""
    missing: tuple[str, ...] = ()
    """Words of the question that no passage has, the rarest first."""
    passage: int | None = None
    """Index of the passage with the best window; None where no passage shares a word with the question."""
    start: int = 0
    end: int = 0
    """The best window of one or two sentences in that passage, in characters."""
    answer_type_expected: str = ""
    """"number", "time", "name", "place", "reason", "yes or no", or "" where the question does not tell."""
    answer_type_present: bool = True
    """The best window holds something of that type; True where no type is expected."""


class _Window(NamedTuple):
    coverage: float
    passage: int
    start: int
    end: int

    @property
    def rank(self) -> tuple[float, int]:
        return round(self.coverage, 9), self.start - self.end


def sufficiency(question: str, passages: Sequence[str]) -> SufficiencyVerdict:
    """Judge whether `passages` together hold what is needed to answer `question`; value 0.0 where there are no words in
    them.

    A logistic regression with fixed signs over coverage, best window, term frequency, missing words and the expected
    kind of answer, and over embedding similarity where the model can be loaded (`weights/sufficiency.json`).
    """
    asked = read_question(question)
    window = _best_window(asked, passages)
    expected = expected_type(question)
    features = sufficiency_features(question, passages)
    model = fitted("sufficiency")["embedding" if is_available() else "lexical"]
    held = set[str]().union(*(frequencies(passage).keys() for passage in passages))
    absent = asked.written(asked.weights.keys() - held)
    return SufficiencyVerdict(
        value=probability(logit(model["weights"], model["intercept"], features)) if held else 0.0,
        missing=tuple(absent[:_MOST_MISSING]),
        passage=window.passage if window else None,
        start=window.start if window else 0,
        end=window.end if window else 0,
        answer_type_expected=expected,
        answer_type_present=not expected or features["answer_type"] > 0,
    )


def sufficiency_features(question: str, passages: Sequence[str]) -> dict[str, float]:
    """The values of `SUFFICIENCY_FEATURES`, without the three "alike" where the embedding model cannot be loaded."""
    asked = read_question(question)
    counts = Counter[str]()
    for passage in passages:
        counts.update({value: frequencies(passage).get(value, 0) for value in asked.weights})
    window = _best_window(asked, passages)
    absent = [weight for value, weight in asked.weights.items() if not counts[value]]
    saturated = {value: min(counts[value], 5) / 5 for value in asked.weights}
    expected = expected_type(question)
    held = (
        has_type(expected, passages[window.passage][window.start : window.end], question)
        if window and expected
        else True
    )
    features = {
        "coverage": asked.coverage({value for value in asked.weights if counts[value]}),
        "best_window": window.coverage if window else 0.0,
        "term_frequency": sum(saturated.values()) / (len(saturated) or 1),
        "weighted_frequency": sum(asked.weights[value] * share for value, share in saturated.items()) / asked.total,
        "bm25": max(
            (bm25(asked, frequencies(passage), frequencies(passage).total()) for passage in passages), default=0.0
        ),
        "missing": float(min(len(absent), 5)),
        "heaviest_missing": max(absent, default=0.0),
        "answer_type": float(held and window is not None),
    }
    return features | _alike(asked, passages) if is_available() and passages else features


def _best_window(asked: Asked, passages: Sequence[str]) -> _Window | None:
    """The one or two neighbouring units with most of the question's words; the shorter of two equal ones."""
    best: _Window | None = None
    for number, passage in enumerate(passages):
        units = units_of(passage)
        for place, unit in enumerate(units):
            for last in units[place : place + 2]:
                coverage = asked.coverage(unit.values | last.values)
                found = _Window(coverage, number, unit.start, max(unit.end, last.end))
                if coverage > 0 and (best is None or found.rank > best.rank):
                    best = found
    return best


def _alike(asked: Asked, passages: Sequence[str]) -> dict[str, float]:
    found = [likeness(asked, passage) for passage in passages]
    best = sorted((cosine for item in found for cosine in item.units[:3]), reverse=True)[:3]
    return {
        "alike_max": best[0] if best else 0.0,
        "alike_mean": sum(best) / (len(best) or 1),
        "alike_whole": max((item.whole for item in found), default=0.0),
    }
