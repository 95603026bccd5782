"""A question, as what it asks about: its words with their weights, and what they look like in a passage."""

import functools
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from weaklink.scoring.text.background import background_weight
from weaklink.scoring.text.tokens import Token, tokenise
from weaklink.scoring.text.units import units_of
from weaklink.scoring.text.written import as_written, runs_of

ASKING = frozenset(
    {
        "list",
        "describe",
        "explain",
        "many",
        "much",
        "tell",
        "mean",
        "meaning",
        "define",
        "want",
        "like",
        "information",
        "question",
        "know",
        "find",
        "get",
        "long",
        "often",
        "far",
        "old",
        "big",
        "deep",
        "tall",
        "high",
        "large",
        "fast",
        "heavy",
        "json",
        "yaml",
        "xml",
        "csv",
        "markdown",
    }
)
"""Words that ask rather than name: "how long", "list", "explain", "as JSON"."""
_K1 = 1.2
_B = 0.75
_TYPICAL_LENGTH = 120
"""Tokens of a passage that BM25 takes as average; fixed, so that a passage's value does not depend on its neighbours."""


@dataclass(frozen=True)
class Asked:
    """The words of a question that a passage could hold."""

    text: str
    weights: dict[str, float]
    """Value to weight (rarity in English prose, 0..1); empty for a question without words."""
    tokens: tuple[Token, ...]
    """Where these words stand in the question, in order."""

    @property
    def total(self) -> float:
        """Sum of the weights; 1 for a question without words, so that it can be divided by."""
        return sum(self.weights.values()) or 1.0

    def coverage(self, values: frozenset[str] | set[str]) -> float:
        """Share, by weight, of the question's words among `values`, 0..1."""
        return sum(weight for value, weight in self.weights.items() if value in values) / self.total

    def written(self, values: Collection[str]) -> list[str]:
        """The words with these `values` as the question writes them, the rarest first."""
        runs = runs_of((token for token in self.tokens if token.value in values), self.text)
        found: list[str] = []
        shown: set[str] = set()
        for run in sorted(runs, key=lambda run: -max(self.weights[token.value] for token in run)):
            if not shown.issuperset(token.value for token in run):
                found.append(as_written(run, self.text))
                shown.update(token.value for token in run)
        return found


@functools.lru_cache(maxsize=64)
def read_question(question: str) -> Asked:
    """Read a question: its content words without those that only ask ("list", "explain"); all words where nothing is
    left."""
    tokens = tokenise(question)
    chosen = [token for token in tokens if token.content and token.surface.lower() not in ASKING] or tokens
    return Asked(
        text=question,
        weights={token.value: background_weight(token.value) for token in chosen},
        tokens=tuple(chosen),
    )


@functools.lru_cache(maxsize=256)
def frequencies(passage: str) -> Counter[str]:
    """How often each value stands in a passage.

    Kept for the passages last asked for; do not change it.
    """
    return Counter(token.value for unit in units_of(passage) for token in unit.tokens)


def bm25(asked: Asked, counts: Counter[str], length: int) -> float:
    """BM25 (Robertson and Zaragoza 2009, k1 1.2, b .75) with background weights, over its own maximum: 0..1."""
    shortness = _K1 * (1 - _B + _B * length / _TYPICAL_LENGTH)
    gained = sum(
        weight * (times := counts.get(value, 0)) / (times + shortness) for value, weight in asked.weights.items()
    )
    return gained / asked.total
