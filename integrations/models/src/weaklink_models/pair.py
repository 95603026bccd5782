"""A claim and the passages' units that speak of it, side by side: what the cross-encoder of `weaklink-models` reads."""

from collections.abc import Sequence
from typing import NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.tokens import Token, tokenise

SHOWN, NOWHERE, ELSEWHERE, SHARED = 1, 2, 3, 4
"""Marks of characters: a word of the claim that the evidence has; that no passage has; that only other units have; and
a word of the evidence that the claim has."""

_MOST_WORDS = 85
_SEPARATOR = " | "


class Mark(NamedTuple):
    """Characters of one side of a pair, and what is known of them."""

    start: int
    end: int
    mark: int


class Pair(NamedTuple):
    """The two texts that the model reads, with marks."""

    claim: str
    """The sentence; a short one, such as "25 days", stands after its question."""
    evidence: str
    """At most 85 words out of the passages, in their order."""
    claim_marks: list[Mark]
    """One for each word of the claim, in order; the question carries none."""
    evidence_marks: list[Mark]
    offset: int
    """Where in `claim` the sentence starts."""


def pair_of(claim: Claim, index: ContextIndex, chosen: Sequence[int]) -> Pair:
    """Put `claim` beside the units `chosen` for it (best first), and mark what they share."""
    units = _within_budget(index, chosen)
    evidence = _SEPARATOR.join(text for _, text in units)
    shown = tokenise(evidence)
    held = {token.value for token in shown}
    lead = f"{claim.question} " if claim.is_short and claim.question and claim.text != claim.question else ""
    marks = [Mark(token.start + len(lead), token.end + len(lead), _mark(token, held, index)) for token in claim.tokens]
    wanted = set(claim.values)
    shared = [Mark(token.start, token.end, SHARED) for token in shown if token.content and token.value in wanted]
    return Pair(lead + claim.text, evidence, marks, shared, len(lead))


def _mark(token: Token, held: set[str], index: ContextIndex) -> int:
    if token.value in held:
        return SHOWN
    return ELSEWHERE if token.value in index.values else NOWHERE


def _within_budget(index: ContextIndex, chosen: Sequence[int]) -> list[tuple[int, str]]:
    """Number and text of the units in passage order, the last one cut so that all have at most 85 words."""
    kept: list[tuple[int, str]] = []
    left = _MOST_WORDS
    for number in chosen:
        words = index.units[number].text.split()[:left]
        if len(words) < 2:
            break
        kept.append((number, " ".join(words)))
        left -= len(words)
    return sorted(kept)
