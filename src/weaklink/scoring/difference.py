"""One place in which a claim and a unit of a passage differ."""

from typing import NamedTuple

LONGEST_DENIED = 8
"""Content words; in a longer claim a negation or another such word mostly belongs to a clause beside the matter
(RAGTruth: 0 of 24 negations were marked)."""


class Difference(NamedTuple):
    """One place in which a claim and a unit differ."""

    said: str
    instead: str
    kind: str
    values: frozenset[str]
    """The values of the claim that differ."""
