"""Where a claim says other than the passage that speaks of the same thing: another number, time, name, or a negation."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from weaklink.scoring.claim import Claim, names_in
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.lexicon import DAYS
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit, is_negation


class Contradiction(NamedTuple):
    """One value that the passages give differently."""

    unit: int
    """The unit that says otherwise."""
    claimed: str
    """What the answer says, as it says it."""
    instead: str
    """What the unit says instead."""
    kind: str
    """"number", "time", "date", "name", "word", "attribute" or "negation"."""
    strength: float
    """Share of the claim's other words that the unit has too, 0..1."""


_EXCLUSIVE_WORDS = """
all none
always never
before after
maximum minimum
increase decrease
rise fall
open closed
free paid
mandatory optional
compulsory voluntary
daily weekly monthly quarterly yearly annually
day week month quarter year
hours days weeks months years minutes seconds
morning afternoon evening night
allowed prohibited forbidden
permitted prohibited forbidden
early late
north south east west
accept reject
approve deny
include exclude
enabled disabled
internal external
public private
above below
higher lower
black white red green blue yellow purple orange
full-time part-time
once twice
"""
_MIN_STRENGTH = 0.5
_UNITS_TRIED = 3
_LONGEST_DENIED = 8
"""Content words; in a longer claim a negation or another such word mostly belongs to a clause beside the matter
(RAGTruth: 0 of 24 negations were marked)."""


def _exclusive() -> dict[str, list[frozenset[str]]]:
    sets = [frozenset(stem(word) for word in line.split()) for line in _EXCLUSIVE_WORDS.strip().split("\n")]
    sets.append(frozenset(stem(day) for day in DAYS))
    table: dict[str, list[frozenset[str]]] = {}
    for members in sets:
        for word in members:
            table.setdefault(word, []).append(members)
    return table


EXCLUSIVE = _exclusive()
_WHO = re.compile(r"\bwho(?:se|m)?\b", re.IGNORECASE)


def contradictions(claim: Claim, index: ContextIndex) -> list[Contradiction]:
    """What the passages give differently, from the unit that speaks most of the same thing; empty where nothing does.

    A difference counts only inside one unit that has at least half (by weight) of the claim's other words, and only
    where no other such unit agrees with the claim.
    """
    for number in _same_topic(claim, index):
        unit = index.units[number]
        found: list[Contradiction] = []
        for difference in _differences(claim, unit, index.held_by(number)):
            if difference.kind in ("name", "word") and index.is_record:
                continue  # categories, addresses and opening days differ in names and words without conflict
            strength = _strength(claim, number, index, difference)
            if strength >= _MIN_STRENGTH and not _agreed_elsewhere(claim, difference, index, strength):
                found.append(Contradiction(number, difference.said, difference.instead, difference.kind, strength))
        if found:
            return found
    return []


class _Difference(NamedTuple):
    said: str
    instead: str
    kind: str
    values: frozenset[str]
    """The values of the claim that differ."""


def _same_topic(claim: Claim, index: ContextIndex) -> list[int]:
    """The units that share most weight with what the claim is about, best first; its values and names do not count."""
    slots = {token.value for token in claim.names} | {token.value for token in claim.tokens if token.is_value}
    shared: dict[int, float] = {}
    for value in sorted(claim.topic):
        for number in index.postings.get(value, ()):
            shared[number] = shared.get(number, 0.0) + index.weight(value) * (0.1 if value in slots else 1.0)
    return sorted(shared, key=lambda number: (-shared[number], number))[:_UNITS_TRIED]


def _differences(claim: Claim, unit: Unit, held: frozenset[str]) -> Iterator[_Difference]:
    yield from _numbers(claim, unit)
    yield from _times(claim, unit)
    yield from _months(claim, unit)
    yield from _words(claim, unit)
    yield from _names(claim, unit)
    yield from _negation(claim, unit, held)


def _strength(claim: Claim, number: int, index: ContextIndex, difference: _Difference) -> float:
    """Share, by weight, of the claim's other words that the unit has; 0 where nothing is left to compare."""
    rest = _rest(claim, index, difference)
    # A word that no passage has ("lasts" for "is") may be another word for the same; it weighs half.
    total = index.total_weight(rest & index.values) + 0.5 * index.total_weight(rest - index.values)
    # The values of a record all speak of one thing, whose name stands in a unit of its own.
    held = index.values if index.is_record else index.held_by(number)
    return index.total_weight(rest & held) / total if total else 0.0


def _rest(claim: Claim, index: ContextIndex, difference: _Difference) -> frozenset[str]:
    if not (claim.is_short and claim.asked):
        return claim.topic - difference.values
    own = frozenset(claim.values) - difference.values
    return own | frozenset(value for value in claim.asked if value in index.values or len(claim.asked) < 3)


def _agreed_elsewhere(claim: Claim, difference: _Difference, index: ContextIndex, strength: float) -> bool:
    """Another unit has the very values that the claim gives and nearly as much of the rest."""
    if difference.kind in ("negation", "attribute"):
        return False
    first, *others = [set(index.postings.get(value, ())) for value in difference.values]
    holders = first.intersection(*others)
    if index.is_record:
        return bool(holders)
    rest = _rest(claim, index, difference)
    total = index.total_weight(rest) or 1.0
    return any(index.total_weight(rest & index.units[place].values) / total >= 0.9 * strength for place in holders)


def _unit_word(tokens: tuple[Token, ...], place: int) -> str:
    """What a number counts: its own unit, else the next content word within two tokens."""
    if tokens[place].unit:
        return tokens[place].unit
    for token in tokens[place + 1 : place + 4]:
        if token.content:
            return token.value if token.kind == "word" else ""
    return ""


def _number_places(tokens: tuple[Token, ...]) -> list[tuple[Token, str, str]]:
    """Each number with what it counts and the word before it."""
    return [
        (token, _unit_word(tokens, place), _word_before(tokens, place))
        for place, token in enumerate(tokens)
        if token.kind == "number"
    ]


def _word_before(tokens: tuple[Token, ...], place: int) -> str:
    before = tokens[place - 1] if place else None
    return before.value if before and before.kind in ("word", "month") else ""


def _is_year(token: Token) -> bool:
    return len(token.value) == 4 and token.value.isdigit() and token.value[:2] in ("18", "19", "20") and not token.unit


def _numbers(claim: Claim, unit: Unit) -> Iterator[_Difference]:
    theirs = _number_places(unit.tokens)
    held = {token.value for token in unit.tokens}
    said_by_claim = set(claim.of_kind("number"))
    for token, counts, before in _number_places(claim.tokens):
        if token.value in held:
            continue
        for other, other_counts, other_before in theirs:
            if other.value in said_by_claim or _is_year(other) != _is_year(token):
                continue
            same_unit = bool(counts) and (counts == other_counts or (counts == other_before and not other_counts))
            same_slot = before == other_before and bool(before) and not (counts and other_counts)
            bare = claim.is_bare and (not counts or not other_counts)
            if same_unit or same_slot or bare or (_is_year(token) and before == other_before):
                yield _Difference(token.surface, other.surface, "number", frozenset({token.value}))
                break


def _times(claim: Claim, unit: Unit) -> Iterator[_Difference]:
    held = [token for token in unit.tokens if token.kind == "time"]
    values = {token.value for token in held}
    wrong = [token for token in claim.tokens if token.kind == "time" and token.value not in values]
    free = [token for token in held if token.value not in claim.of_kind("time")]
    for token, other in zip(wrong, free, strict=False):
        yield _Difference(token.surface, other.surface, "time", frozenset({token.value}))


def _months(claim: Claim, unit: Unit) -> Iterator[_Difference]:
    held = [token for token in unit.tokens if token.kind == "month"]
    values = {token.value for token in held}
    wrong = [token for token in claim.tokens if token.kind == "month" and token.value not in values]
    for token, other in zip(wrong, held, strict=False):
        if other.value not in claim.of_kind("month"):
            yield _Difference(token.surface, other.surface, "date", frozenset({token.value}))


def _all_stems(tokens: tuple[Token, ...]) -> dict[str, Token]:
    stems = {stem(token.surface.lower()): token for token in tokens if token.kind == "word"}
    return stems | {token.value: token for token in tokens if token.kind == "word"}


def _words(claim: Claim, unit: Unit) -> Iterator[_Difference]:
    """Words that exclude each other: "before" for "after", "monthly" for "weekly", "Monday" for "Tuesday"."""
    if len(set(claim.values)) > _LONGEST_DENIED:
        return
    ours, theirs = _all_stems(claim.tokens), _all_stems(unit.tokens)
    for word, token in ours.items():
        if word in theirs:
            yield from _attribute(word, token, claim, unit)
            continue
        for members in EXCLUSIVE.get(word, ()):
            others = [other for other in members & theirs.keys() if other not in ours]
            if others and not members & ours.keys() & theirs.keys():
                yield _Difference(token.surface, theirs[sorted(others)[0]].surface, "word", frozenset({token.value}))
                break


def _attribute(word: str, token: Token, claim: Claim, unit: Unit) -> Iterator[_Difference]:
    """One word of the unit goes with another noun: "the green button" for a red button beside a green light."""
    after = next((other for one, other in pairwise(claim.tokens) if one is token and other.content), None)
    if after is None or word not in EXCLUSIVE:
        return
    before = {_stem_of(one): one for one, other in pairwise(unit.tokens) if other.value == after.value}
    rivals = [one for members in EXCLUSIVE[word] for one in sorted(members & before.keys()) if one != word]
    if rivals and word not in before:
        values = frozenset({token.value, after.value})
        yield _Difference(
            f"{token.surface} {after.surface}", f"{before[rivals[0]].surface} {after.surface}", "attribute", values
        )


def _stem_of(token: Token) -> str:
    return stem(token.surface.lower())


def _names(claim: Claim, unit: Unit) -> Iterator[_Difference]:
    """A name in the place where the unit has another one."""
    strangers = [token for token in claim.names if token.value not in unit.values]
    others = [token for token in names_in(unit.tokens) if token.value not in claim.topic]
    theirs = [token for token in others if token.surface[1:].islower()]
    if not strangers or not theirs:
        return
    if claim.is_bare and len(strangers) == len(claim.names) and _WHO.search(claim.question):
        yield _Difference(
            _joined(strangers), _joined(theirs[:2]), "name", frozenset(token.value for token in strangers)
        )
        return
    yield from _swapped(claim, unit, strangers, theirs)


def _swapped(claim: Claim, unit: Unit, strangers: list[Token], theirs: list[Token]) -> Iterator[_Difference]:
    """Names that stand between the same words as other names of the unit."""
    matcher = SequenceMatcher(
        None, [token.value for token in claim.tokens], [token.value for token in unit.tokens], autojunk=False
    )
    for tag, first, last, other_first, other_last in matcher.get_opcodes():
        if tag != "replace":
            continue
        said = [token for token in claim.tokens[first:last] if token.content]
        instead = [token for token in unit.tokens[other_first:other_last] if token.content]
        only_names = all(token in strangers for token in said) and all(token in theirs for token in instead)
        if said and instead and only_names and len(said) <= 4 and len(instead) <= 4 and not _same_name(said, instead):
            yield _Difference(_joined(said), _joined(instead), "name", frozenset(token.value for token in said))


def _same_name(ours: list[Token], theirs: list[Token]) -> bool:
    """Two spellings of one name: "Australia" and "Australian", "EU" and "European Union"."""
    initials = ("".join(token.surface[0] for token in names).lower() for names in (ours, theirs))
    first, second = _joined(ours).lower(), _joined(theirs).lower()
    return (
        any(short in (first, second) for short in initials)
        or (first[:2] == second[:2] and min(len(first), len(second)) <= 3)
        or SequenceMatcher(None, first, second).ratio() > 0.7
    )


def _joined(tokens: list[Token]) -> str:
    return " ".join(token.surface for token in tokens)


def _negation(claim: Claim, unit: Unit, held: frozenset[str]) -> Iterator[_Difference]:
    """One says no and the other does not, in a clause that is otherwise the same."""
    if unit.polarity != 1 or not 2 <= len(set(claim.values)) <= _LONGEST_DENIED:
        return
    matched = [place for place, token in enumerate(unit.tokens) if token.content and token.value in claim.topic]
    if not matched:
        return
    first, last = max(0, matched[0] - 4), matched[-1] + 1
    theirs = next((token for token in unit.tokens[first:last] if is_negation(token)), None)
    if (theirs is not None) == claim.negated or (theirs is not None and not _denies(theirs, claim, unit)):
        return
    absent = [value for value in set(claim.values) if value not in held]
    own_length = sum(1 for token in unit.tokens[first:last] if token.content)
    if absent or own_length > 2.5 * len(matched):
        return
    ours = next((token.surface for token in claim.tokens if is_negation(token)), "no" if claim.denies else "")
    said, instead = (ours, f"without {ours!r}") if claim.negated else ("", theirs.surface if theirs else "")
    yield _Difference(said or "(no negation)", instead, "negation", frozenset())


def _denies(negation: Token, claim: Claim, unit: Unit) -> bool:
    """The first content word behind the negation is one of the claim: "not covered", not "be careful not to"."""
    behind = (token for token in unit.tokens if token.start >= negation.end and token.content)
    return next((token.value in claim.topic for token in behind), True)
