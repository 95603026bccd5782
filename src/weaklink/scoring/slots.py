"""A value that stands in the passages, but beside other words: "6 weeks for the primary caregiver" when that is 16."""

import itertools
from collections.abc import Callable, Iterator, Sequence

from weaklink.scoring.claim import Claim, asked_in, names_in
from weaklink.scoring.clauses import Clause, clauses_in
from weaklink.scoring.difference import Difference
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.quantities import counted, is_ordinal, is_year
from weaklink.scoring.question import ASKING
from weaklink.scoring.text.opposites import EXCLUSIVE
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit

_LONGEST = 6
"""Content words up to which a claim is looked at: in long sentences names and numbers stand beside others without harm
(RAGTruth: 6 of 83 that would be found there were marked)."""
_MARGIN = 0.15
"""Share of the words beside the value by which another clause must be ahead of every clause that has the value."""
_AT_LEAST = 0.5
_LOST = 1.0
"""How much a word that only the clause of the value has weighs beside one that only the other clause has."""
_UNITS = 6
_COUNTED = frozenset(
    stem(word) for word in ("day", "week", "month", "year", "hour", "minute", "second", "percent", "person")
)
"""What is counted under one name in all texts; of other things a passage may speak in other words."""
_BARE = 3


def displaced(claim: Claim, index: ContextIndex) -> Iterator[tuple[int, Difference, float]]:
    """Values of the claim whose place another value has: the unit that says so, what differs, and how alike the rest is.

    A value counts as displaced where every clause that holds it has clearly less of the words beside it in the claim than
    one that holds another value of the same measure.
    """
    if index.is_record or not claim.asked or claim.follows or len(set(claim.values)) > _LONGEST:
        return
    if claim.is_bare and 0 < len(set(claim.values)) <= _BARE:
        yield from _bare(claim, index)
        return
    names = [token for token in claim.names if token.value not in claim.asked]
    for clause in clauses_in(claim.text, claim.tokens):
        for token in clause.tokens:
            if token.value in index.postings and token.value not in claim.asked and (token.is_value or token in names):
                rest = _rest(claim, clause, token)
                if rest:
                    yield from _token(token, rest, claim, index)


def _rest(claim: Claim, clause: Clause, token: Token) -> frozenset[str]:
    values = clause.values | frozenset(claim.asked if claim.is_short else ())
    own = {other.value for other in claim.tokens if other.is_value or (token in claim.names and other in claim.names)}
    return frozenset(value for value in values if value not in own and value != token.value and value not in ASKING)


def _token(
    token: Token, rest: frozenset[str], claim: Claim, index: ContextIndex
) -> Iterator[tuple[int, Difference, float]]:
    def holds(clause: Clause) -> bool:
        return any(other.value == token.value for other in clause.tokens)

    holders = index.postings[token.value][:20]
    named = _held(_other_names(claim, token), holders, index)

    def rival(clause: Clause, unit: Unit) -> str:
        return _rival(token, clause, claim, unit) if named <= unit.values else ""

    found = _ahead(rest, _first(claim, rest), index, holders, holds, rival)
    if found:
        yield found[0], Difference(token.surface, found[1], "place", frozenset({token.value})), found[2]


def _bare(claim: Claim, index: ContextIndex) -> Iterator[tuple[int, Difference, float]]:
    """A bare answer that stands in clauses which say less of what is asked than a clause without it."""
    own = frozenset(claim.values)
    key = frozenset(token.value for token in claim.tokens if token.is_value) or own
    asked = _asked(claim) - own
    if len(asked) < 2 or not own <= index.values:
        return

    def holds(clause: Clause) -> bool:
        return key <= {other.value for other in clause.tokens}

    holders = sorted(set[int].intersection(*(set(index.postings.get(value, ())) for value in key)))[:20]
    named = _held(frozenset(claim.asked) - asked - ASKING, holders, index)

    def rival(clause: Clause, unit: Unit) -> str:
        if not named <= unit.values:
            return ""
        tokens = [token for token in claim.content if token.value in key]
        return next(filter(None, (_rival(token, clause, claim, unit) for token in tokens)), "")

    found = _ahead(asked, _first(claim, asked), index, holders, holds, rival)
    if found:
        yield found[0], Difference(claim.text.strip(), found[1], "place", own), found[2]


def _ahead(
    rest: frozenset[str],
    first: str,
    index: ContextIndex,
    holders: Sequence[int],
    holds: Callable[[Clause], bool],
    rival: Callable[[Clause, Unit], str],
) -> tuple[int, str, float] | None:
    """The unit with a clause that has more of `rest` than every clause that `holds` the value, and its `rival` there.

    None where a clause with the value has what is asked for `first`, and that one has not.
    """
    known = frozenset(value for value in rest if value in index.postings)
    # A word that no passage has may be another word for the same; it weighs half.
    total = index.total_weight(known) + 0.5 * index.total_weight(rest - known) or 1.0
    own = [
        (number, known & clause.values if not _excludes(clause, rest) else frozenset[str]())
        for number in holders
        for clause in index.clauses(number)
        if holds(clause)
    ]
    if not own:
        return None
    best: tuple[float, int, str] | None = None
    for number in _nearest(known, index):
        if any(_says_more(known, index, place, number) for place, _ in own if place != number):
            continue
        for clause in index.clauses(number):
            held = known & clause.values
            if first not in held and any(first in mine for _, mine in own):
                continue
            if any(place == number and mine - held for place, mine in own):
                continue  # "25 percent is paid for work at night, 50 on Sundays": the second clause leaves out what the first says
            gained = min(index.total_weight(held - mine) - _LOST * index.total_weight(mine - held) for _, mine in own)
            weight = index.total_weight(held)
            if gained < _MARGIN * total or weight < _AT_LEAST * total or holds(clause):
                continue
            if (best is None or weight > best[0]) and (instead := rival(clause, index.units[number])):
                best = (weight, number, instead)
    return (best[1], best[2], best[0] / total) if best else None


def _says_more(known: frozenset[str], index: ContextIndex, one: int, other: int) -> bool:
    """The one unit as a whole has more of `known` than the other: its clauses are about that, whatever stands in each."""
    first, second = known & index.held_by(one), known & index.held_by(other)
    return index.total_weight(first - second) > index.total_weight(second - first)


def _first(claim: Claim, values: frozenset[str]) -> str:
    """The first of the values in the question; ""."""
    return next((value for value in claim.asked if value in values), "")


def _excludes(clause: Clause, wanted: frozenset[str]) -> bool:
    """The clause speaks of the other one of two: of the primary caregiver where the secondary is wanted."""
    missed = (members for value in wanted - clause.values for members in EXCLUSIVE.get(value, ()))
    return any(members & clause.values for members in missed)


def _other_names(claim: Claim, token: Token) -> frozenset[str]:
    """The names in the claim, but for the one that `token` is a part of."""
    names = set(claim.names)
    place = claim.tokens.index(token)
    before = itertools.takewhile(names.__contains__, reversed(claim.tokens[:place]))
    after = itertools.takewhile(names.__contains__, claim.tokens[place:])
    return frozenset(name.value for name in names.difference(before, after))


def _held(names: frozenset[str], holders: Sequence[int], index: ContextIndex) -> frozenset[str]:
    """Those of the names that stand beside the value: what a passage says of somebody else is no rival of it."""
    return names & frozenset[str]().union(*map(index.held_by, holders))


def _asked(claim: Claim) -> frozenset[str]:
    """The words of the question but for names: those stand anywhere in a text about them."""
    tokens = asked_in(claim.question)
    names = {token.value for token in names_in(tokens) if token.surface.isalpha()}
    return frozenset(claim.asked) - names - ASKING


def _rival(token: Token, clause: Clause, claim: Claim, unit: Unit) -> str:
    """Another value of the same measure in `clause`, or ""."""
    said = {other.value for other in claim.tokens} | set(claim.asked)
    if any(other.value == token.value for other in clause.tokens):
        return ""
    if token.kind == "word":
        named = names_in(unit.tokens)
        rivals = [other for other in named if other in clause.tokens and other.value not in said]
        if claim.is_bare and not rivals:
            rivals = [other for other in clause.tokens if other.content and other.value not in said]
        return " ".join(other.surface for other in rivals[:3])
    counts = counted(claim.tokens, token)
    for other in clause.tokens:
        if other.kind != token.kind or other.value in said or is_year(other) != is_year(token):
            continue
        if is_ordinal(other) != is_ordinal(token):
            continue
        if token.kind != "number" or other.unit == token.unit != "" or is_year(token):
            return other.surface
        if not token.unit and not other.unit and counted(unit.tokens, other) == counts:
            return other.surface
    return ""


def _nearest(known: frozenset[str], index: ContextIndex) -> list[int]:
    shared = index.shared_weights(known)
    return sorted(shared, key=lambda number: (-shared[number], number))[:_UNITS]


def miscounted(claim: Claim, index: ContextIndex) -> Iterator[tuple[int, Difference, float]]:
    """Numbers of a short answer that stand in the passages for something else: "60 days" where 60 are the parking places."""
    if not claim.asked or claim.follows or len(set(claim.values)) > _LONGEST:
        return
    for token in claim.tokens:
        is_said = token.kind == "number" and not token.unit and token.value not in claim.asked
        counts = counted(claim.tokens, token) if is_said else ""
        theirs = index.counts(token.value) if counts in _COUNTED else frozenset[str]()
        if theirs and theirs.isdisjoint({"", counts}):
            number = index.postings[token.value][0]
            unit = index.units[number]
            other = next(other for other in unit.tokens if other.value == token.value)
            said, instead = (
                _counting(claim.tokens, token, counts),
                _counting(unit.tokens, other, counted(unit.tokens, other)),
            )
            yield number, Difference(said, instead, "count", frozenset({token.value})), _AT_LEAST


def _counting(tokens: Sequence[Token], number: Token, counts: str) -> str:
    """A number and the word for what it counts, as the text writes them."""
    word = next((token.surface for token in tokens if token.start > number.start and token.value == counts), "")
    return f"{number.surface} {word}".strip()
