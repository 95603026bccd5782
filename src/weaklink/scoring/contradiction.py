"""Where a claim says other than the passage that speaks of the same thing: another number, time, name, or a negation."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from weaklink.scoring.cells import misplaced
from weaklink.scoring.claim import Claim
from weaklink.scoring.difference import LONGEST_DENIED, Difference
from weaklink.scoring.differences import differences
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.negation import reversals
from weaklink.scoring.quantities import counted
from weaklink.scoring.question import ASKING
from weaklink.scoring.slots import displaced, miscounted


class Contradiction(NamedTuple):
    """One value that the passages give differently."""

    unit: int
    """The unit that says otherwise."""
    claimed: str
    """What the answer says, as it says it."""
    instead: str
    """What the unit says instead."""
    kind: str
    """"number", "time", "date", "name", "word", "attribute", "negation", "measure", "amount", "cell", "place" or "count"."""
    strength: float
    """Share of the claim's other words that the unit has too, 0..1."""


_MIN_STRENGTH = 0.5
_UNITS_TRIED = 3
_VALUES = ("number", "time", "date")
_NEIGHBOUR = 0.75
"""How much a word counts that stands in the sentence before or behind."""


def contradictions(claim: Claim, index: ContextIndex) -> list[Contradiction]:
    """What the passages give differently, from the unit that speaks most of the same thing; empty where nothing does.

    A difference counts only inside one unit that has at least half (by weight) of the claim's other words, and only
    where no other such unit agrees with the claim.
    """
    return _found(claim, index) or (_found(claim.polar, index) if claim.polar else [])


def _found(claim: Claim, index: ContextIndex) -> list[Contradiction]:
    cells = [Contradiction(unit, said, instead, "cell", 1.0) for unit, said, instead in misplaced(claim, index)]
    if cells:
        return cells
    # What a "No" denies need not be said again, so only the unit closest to the question can tell.
    for number in _same_topic(claim, index)[: 1 if claim.is_question else _UNITS_TRIED]:
        unit = index.units[number]
        found: list[Contradiction] = []
        for difference in differences(
            claim,
            unit,
            index.values_around(number) if claim.is_question and not claim.denies else index.held_by(number),
        ):
            if difference.kind in ("name", "word") and index.is_record:
                continue  # categories, addresses and opening days differ in names and words without conflict
            strength = _strength(claim, number, index, difference)
            if strength >= _MIN_STRENGTH and not _agreed_elsewhere(claim, number, difference, index, strength):
                found.append(Contradiction(number, difference.said, difference.instead, difference.kind, strength))
        if found:
            return found
    apart = [
        Contradiction(number, difference.said, difference.instead, difference.kind, strength)
        for number, difference, strength in (*displaced(claim, index), *miscounted(claim, index))
        if strength >= _MIN_STRENGTH
    ]
    return apart or [
        Contradiction(turned.unit, turned.said, turned.instead, "negation", turned.share)
        for turned in reversals(claim, index)
    ]


def _same_topic(claim: Claim, index: ContextIndex) -> list[int]:
    """The units that share most weight with what the claim is about, best first; its values and names do not count."""
    slots = {token.value for token in claim.names} | {token.value for token in claim.tokens if token.is_value}
    shared: dict[int, float] = {}
    for value in sorted(claim.topic):
        for number in index.postings.get(value, ()):
            shared[number] = shared.get(number, 0.0) + index.weight(value) * (0.1 if value in slots else 1.0)
    return sorted(shared, key=lambda number: (-shared[number], number))[:_UNITS_TRIED]


def _strength(claim: Claim, number: int, index: ContextIndex, difference: Difference, *, agrees: bool = False) -> float:
    """Share, by weight, of the claim's other words that the unit has; 0 where nothing is left to compare."""
    rest = _rest(claim, index, difference)
    # A word that no passage has ("lasts" for "is") may be another word for the same; it weighs half.
    total = index.total_weight(rest & index.values) + 0.5 * index.total_weight(rest - index.values)
    # The values of a record all speak of one thing, whose name stands in a unit of its own.
    held = index.values if index.is_record else index.held_by(number)
    shared = index.total_weight(rest & held)
    around = index.values_around(number)
    # What a passage is about need not be said in each of its sentences; but then each of them may be the one that agrees.
    is_other_value = difference.kind in _VALUES and not difference.values <= around
    counts_around = _is_long(claim) if agrees else is_other_value and not _is_long(claim)
    if counts_around and not index.is_record:
        shared += _NEIGHBOUR * index.total_weight((rest & around) - held)
    return shared / total if total else 0.0


def _rest(claim: Claim, index: ContextIndex, difference: Difference) -> frozenset[str]:
    if not (claim.is_short and claim.asked):
        return claim.topic - difference.values
    own = frozenset(claim.values) - difference.values
    return own | frozenset(value for value in claim.asked if value in index.values or len(claim.asked) < 3)


def _agreed_elsewhere(claim: Claim, number: int, difference: Difference, index: ContextIndex, strength: float) -> bool:
    """Another unit has the very values that the claim gives, and nearly as much of the rest or what the claim is about."""
    if difference.kind in ("negation", "attribute", "amount"):
        return False
    if _is_setting_of(claim, difference, index):
        return True
    first, *others = [set(index.postings.get(value, ())) for value in difference.values]
    holders = first.intersection(*others)
    if index.is_record:
        return bool(holders)
    if _tells_beside(claim, number, difference, index) and _near(holders, number, claim, index):
        return True
    matter = _matter(claim, difference, index)
    if matter and not matter <= index.held_by(number) and any(matter <= index.held_by(place) for place in holders):
        return True
    # A long claim says more than one unit holds; the words beside its number are what counts there.
    nearly = 0.6 if _is_long(claim) and difference.kind == "number" else 0.9
    return any(_strength(claim, place, index, difference, agrees=True) >= nearly * strength for place in holders)


def _tells_beside(claim: Claim, number: int, difference: Difference, index: ContextIndex) -> bool:
    """A short later sentence of an answer has words of its own, and the unit none of them: it only speaks of what was asked.

    The first sentence answers; "The regular period is ten weeks" behind it tells something beside, and need not say again
    what the question says.
    """
    if not (claim.follows and claim.is_short):
        return False
    told = {counted(claim.tokens, token) for token in claim.tokens if token.value in difference.values}
    own = frozenset(claim.values) - difference.values - told
    return bool(own) and own.isdisjoint(index.held_by(number))


def _near(holders: Iterable[int], number: int, claim: Claim, index: ContextIndex) -> bool:
    """One of the units stands in the passage of `number`, or has a word of the question."""
    passage = index.passage_of[number]
    return any(
        index.passage_of[place] == passage or not index.held_by(place).isdisjoint(claim.asked) for place in holders
    )


def _is_setting_of(claim: Claim, difference: Difference, index: ContextIndex) -> bool:
    """Code that gives an argument the value ("force=True") that a passage gives it too, whatever its default is elsewhere."""
    return any(
        token.value in difference.values
        and claim.text[: token.start].endswith("=")
        and (before.value, token.value) in index.bigrams
        for before, token in pairwise(claim.tokens)
    )


def _matter(claim: Claim, difference: Difference, index: ContextIndex) -> frozenset[str]:
    """What the claim says its value of: its other words, or, of a bare answer, what the question asks for first."""
    own = frozenset(token.value for token in claim.content if not token.is_value) - difference.values
    asked = (value for value in claim.asked if value in index.values and value not in ASKING)
    return own or frozenset(tuple(asked)[:1])


def _is_long(claim: Claim) -> bool:
    return len(set(claim.values)) > LONGEST_DENIED
