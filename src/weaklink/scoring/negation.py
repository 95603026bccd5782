"""Whether a clause of a claim and the same clause of a passage say the opposite: one denies the word that the other states."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from weaklink.scoring.claim import Claim, clause_breaks
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.opposites import ENDED
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import is_negation


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_AUXILIARIES = _words(
    """
    is are was were be been being am do does did has have had can could will would may might must shall should need
    """
)
_ALONE = _words("never cannot no nobody")
"""What says no wherever it stands. "Not" does so behind an auxiliary: "is not paid", but "a fruit, not a berry" compares."""
_LIMITING = _words(
    """
    only before until always necessarily just all every merely simply entirely fully quite yet more less without except than
    instead rather though otherwise both longer sure matter
    """
)
"""With one of these a clause is stated or denied in part: "not only", "not always", "only with"."""
_CONDITIONS = _words("if unless whether reject rejected deny denied denies dispute disputed")
"""With one of these a whole sentence holds only under a condition, or in somebody's words."""
_RELATIVE = _words("that who which whose")
"""What such a word begins describes or is told: "badges that are kept" says of no badge that it is."""
_REPORTS = _words(
    "said says say stated states reported reports announced confirmed confirms explained noted added found shows means"
)
"""What "that" begins behind one of these is no description: "the firm said that it will not" is what it said."""
_NEARLY_NO = _words(
    """
    avoid avoids avoided avoiding refuse refuses refused refusing prevent prevents prevented yet hardly rarely barely seldom
    """
)
"""What denies in other words than "not"; a clause with one of them states nothing that "not" would turn round."""
_REACH = 4
"""Tokens behind the word that says no, among which the word that it denies stands."""
_UNITS_TRIED = 3
_NEARLY_ALL = 0.8
"""Share, by weight, of a clause's words that a unit holds which says the same or the opposite."""
_FEWEST = 3
"""Content words of a clause below which it may be about anything: its subject stands elsewhere."""


@dataclass(frozen=True)
class Clause:
    """The tokens between two breaks of a sentence."""

    tokens: tuple[Token, ...]
    denied: dict[str, str]
    """Value of each denied content word to the word that denies it."""
    limits: frozenset[str]
    """The words that say in what part, or under what condition, it holds."""

    @cached_property
    def words(self) -> dict[str, Token]:
        """The content words by their values, without those that say no."""
        return {token.value: token for token in self.tokens if token.content and not is_negation(token)}

    @cached_property
    def says_no(self) -> bool:
        """Something in it is denied, or may be."""
        return any(map(_may_deny, self.tokens))

    def speaks_of(self, other: "Clause") -> bool:
        """Says half of what the other one says; of two words, both and no third one."""
        words, others = self.words.keys(), other.words.keys()
        if len(others) < _FEWEST:
            return len(others) == _FEWEST - 1 and words == others
        return 2 * len(words & others) >= len(others)


class Reversal(NamedTuple):
    """One word that is denied in one place and stated in the other."""

    said: str
    """The word as the claim has it: "not paid", or "paid"."""
    instead: str
    """The word as the passage has it."""
    unit: int = 0
    """The unit of the passages."""
    share: float = 1.0
    """Share of the clause's words, by weight, that the unit has too, 0..1."""


def reversals(claim: Claim, index: ContextIndex) -> Iterator[Reversal]:
    """Clauses of a claim that a passage denies, or that deny what a passage states; none where another place agrees."""
    if index.is_record or claim.is_question or claim.denies:
        return  # what a "Yes" or a "No" says is compared as a whole
    for clause in clauses_of(claim.text, claim.tokens):
        places = _holding(clause.words.keys(), index)
        near = [(number, other) for number in places for other in _clauses_in(index, number)]
        held = [(number, other) for number, other in near if other.speaks_of(clause)]
        others = [other for _, other in held]
        found = reversal(clause, others)
        if found is not None:
            yield found._replace(unit=held[0][0], share=places[held[0][0]])


def clauses_of(text: str, tokens: Sequence[Token]) -> Iterator[Clause]:
    """The clauses of a sentence, in order, each with what it denies."""
    conditions = _surfaces(tokens) & _CONDITIONS
    first, is_reported = 0, False
    for end in [*clause_breaks(text), len(text)]:
        last = first
        while last < len(tokens) and tokens[last].start < end:
            last += 1
        if last > first:
            part = tuple(tokens[first:last])
            before = _surfaces(tokens[max(0, first - 1) : first])
            is_reported = is_reported or bool(before & _REPORTS)
            described = frozenset[str]() if is_reported else _surfaces(part[:1]) & _RELATIVE
            yield Clause(part, _denied_in(part), conditions | (_surfaces(part) & _LIMITING) | described)
        first = last


def reversal(claimed: Clause, held: Sequence[Clause]) -> Reversal | None:
    """The first word of a clause that every one of the other clauses with that word has the other way round; None without one."""
    for value, token in claimed.words.items():
        said = claimed.denied.get(value, "")
        theirs = [clause for clause in held if value in clause.words]
        against = [clause for clause in theirs if _turns(claimed, clause, value)]
        if against and len(against) == len(theirs):
            no = against[0].denied.get(value, "")
            there = against[0].words[value].surface
            return Reversal(f"{said} {token.surface}".strip(), f"{no} {there}".strip())
    return None


def _holding(values: Set[str], index: ContextIndex) -> dict[int, float]:
    """The units that hold nearly all `values`, in order, each with the share that it holds, by weight."""
    near = index.shared_weights(values)
    best = sorted(near, key=lambda number: (-near[number], number))[:_UNITS_TRIED]
    # a unit that begins with "it" or "they" speaks of what the one before names
    tried = sorted({number + step for number in best for step in (0, 1) if number + step < len(index.units)})
    wanted = index.total_weight(values) or 1.0
    shares = {number: index.total_weight(values & index.held_by(number)) / wanted for number in tried}
    return {number: share for number, share in shares.items() if share >= _NEARLY_ALL}


def _clauses_in(index: ContextIndex, number: int) -> Sequence[Clause]:
    """The clauses of a unit; a question states nothing. Kept with the index, for each claim of an answer asks again."""
    if number not in index.stated:
        unit = index.units[number]
        index.stated[number] = () if unit.text.rstrip().endswith("?") else tuple(clauses_of(unit.text, unit.tokens))
    return index.stated[number]


def _turns(claimed: Clause, held: Clause, value: str) -> bool:
    """One of the two denies the word; the other says no nowhere, and both hold in the same part and under the same conditions."""
    denies, is_denied = value in claimed.denied, value in held.denied
    other = held if denies else claimed
    return denies != is_denied and not other.says_no and claimed.limits == held.limits


def _denied_in(tokens: tuple[Token, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, token in enumerate(tokens):
        if not _says_no(tokens, place):
            continue
        behind = [other for other in tokens[place + 1 : place + 1 + _REACH] if other.content]
        # "did not largely respect" denies "respect"
        denied = next((other for other in behind if not other.surface.endswith("ly")), None)
        if denied is not None:
            found[denied.value] = token.surface
    return found


def _says_no(tokens: tuple[Token, ...], place: int) -> bool:
    lower = tokens[place].surface.lower().replace("’", "'")
    if lower.endswith("n't") or lower in _ALONE:
        return True
    return lower == "not" and bool(_surfaces(tokens[max(0, place - 2) : place]) & _AUXILIARIES)


def _may_deny(token: Token) -> bool:
    lower = token.surface.lower()
    return is_negation(token) or lower in _NEARLY_NO or stem(lower) in ENDED


def _surfaces(tokens: Iterable[Token]) -> frozenset[str]:
    return frozenset(token.surface.lower() for token in tokens)
