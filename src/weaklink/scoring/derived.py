"""Numbers that the passages do not give, but that follow from what they give: a sum, a difference, a product."""

import re
from collections.abc import Container, Iterable, Sequence
from itertools import combinations, permutations

from weaklink.scoring.arithmetic import Sum, sums_in
from weaklink.scoring.claim import Claim, asked_in
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.quantities import counted, is_ordinal, is_year
from weaklink.scoring.rates import of_rate
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit

_YEAR = stem("year")
_HOUR = stem("hour")
_MOST = 6
"""Numbers of one measure that are tried with each other: of more, some two add up to anything."""
_MOST_TIMES = 100
_TIMES = re.compile(r"\b(?:doubl(?:ed?|ing)|twice|half|halved?|halving|tripled?|tripling|quadrupled?)\b", re.IGNORECASE)
_HOW_OFTEN = {"doub": 2.0, "twic": 2.0, "half": 2.0, "halv": 2.0, "trip": 3.0, "quad": 4.0}
_NEAR = 15
"""Tokens between a year and a number of years, or "the next", that go together."""
_NEXT = frozenset(map(stem, ("next", "following", "previous", "later", "earlier")))
_CONVERT = (7, 12, 24, 52, 60, 365)
_OLDEST = 130
_TELLS_AGE = re.compile(r"\b(?:old|age[ds]?|turned|years?|anniversary|birthday)\b", re.IGNORECASE)
_COMPARES = re.compile(
    r"\b(?:more|less|fewer|than|together|total|combined|altogether|sum|difference|both|extra|left|remain\w*|later|earlier|apart"
    r"|after|before|took|last(?:s|ed)|(?:by|for) (?:how|\W?\d)|cheaper|dearer|pricier|below|above|sav(?:es?|ed|ing)|older|younger"
    r"|longer|shorter|günstiger|teurer|mehr|weniger|unter|über|moins|menos|más)\b",
    re.IGNORECASE,
)
"""Says that numbers are put together; without such a word "25 days" is no "28 days less 3"."""


def operand_of(token: Token, claim: Claim, index: ContextIndex) -> Token | None:
    """A token of the passages or the claim from which the number `token` of the claim follows; None where it follows from none."""
    number, counts = float(token.value), counted(claim.tokens, token)
    stated = [other for other in claim.tokens if other is not token and other.value in index.values]
    spans = _times_apart(stated) if counts == _HOUR else {}
    if number in spans:
        return spans[number]
    numbers = [other for other in stated if other.kind == "number"]
    written = sums_in(claim.text, claim.tokens)
    put_together = _written(token, written, index)
    if put_together or any(found.result is token for found in written):
        return put_together  # a sum that is written out comes out, or does not
    asked = [other for other in asked_in(claim.question) if other.kind == "number"]
    return (
        _follows(number, [*numbers, *asked])
        or _converted(number, numbers)
        or _shared_out(number, numbers)
        or _multiplied(number, numbers, claim)
        or _year(token, claim, index)
        or _age(number, claim, index)
        or _of_evidence(number, counts, token, claim, index)
        or of_rate(token, claim, index)
    )


def _written(token: Token, written: Sequence[Sum], index: ContextIndex) -> Token | None:
    """From a sum that the claim writes out, where it comes out."""
    for found in written:
        known = next((other for other in found.operands if other.value in index.values), None)
        if known and token not in found.operands and _equal(found.value, float(token.value)):
            return known
    return None


def _shared_out(number: float, stated: Sequence[Token]) -> Token | None:
    """From one number by another, where that leaves nothing: "1,260 euros at 6 euros a day are 210 days"."""
    pairs = permutations({one.value: one for one in stated}.values(), 2)
    return next(
        (one for one, other in pairs if number > 1 and _equal(number * float(other.value), float(one.value))), None
    )


def _multiplied(number: float, stated: Sequence[Token], claim: Claim) -> Token | None:
    """From a number by what the claim says of it: "doubled to 640", so it was 320."""
    for found in _TIMES.finditer(claim.text):
        times = _HOW_OFTEN[found.group().lower()[:4]]
        for one in stated:
            if _equal(number * times, float(one.value)) or _equal(float(one.value) * times, number):
                return one
    return None


def _year(token: Token, claim: Claim, index: ContextIndex) -> Token | None:
    """From a year of the evidence and a number of years beside it: "1951 ... two years later"."""
    if not is_year(token):
        return None
    tokens = _evidence(claim, index)
    for place, one in enumerate(tokens):
        if one.kind != "number" or not is_year(one):
            continue
        near = tokens[max(0, place - _NEAR) : place + _NEAR]
        spans = {float(other.value) for other in near if other.kind == "number" and counted(near, other) == _YEAR}
        spans |= {1.0} if any(other.value in _NEXT for other in near) else set()
        if abs(float(token.value) - float(one.value)) in spans:
            return one
    return None


def _evidence(claim: Claim, index: ContextIndex) -> list[Token]:
    """The tokens of what says most of the claim, and of the units around it."""
    places = index.evidence(claim.topic)[0][:3]
    near = sorted({place for at in places for place in index.around(at)})
    return [token for place in near for token in index.units[place].tokens]


def _converted(number: float, stated: Sequence[Token]) -> Token | None:
    """From a number by the minutes of an hour, the months of a year and the like: "120 a minute, so 7,200 an hour"."""
    return next((one for one in stated for often in _CONVERT if _equal(float(one.value) * often, number)), None)


def _age(number: float, claim: Claim, index: ContextIndex) -> Token | None:
    """From two years of the claim and its evidence, where it tells how old somebody is, or how long something took."""
    if number > _OLDEST or not _TELLS_AGE.search(f"{claim.text} {claim.question}"):
        return None
    tokens = [*claim.tokens, *_evidence(claim, index)]
    years = {token.value: token for token in tokens if token.kind == "number" and is_year(token)}
    if len(years) > _MOST:
        return None
    pairs = combinations(sorted(years), 2)
    return next((years[one] for one, other in pairs if number in (_apart(one, other), _apart(one, other) - 1)), None)


def _apart(one: str, other: str) -> float:
    return float(other) - float(one)


def _of_evidence(number: float, counts: str, token: Token, claim: Claim, index: ContextIndex) -> Token | None:
    """From two numbers of one measure in the evidence, or from one and how often the claim takes it."""
    if not counts and not token.unit:
        return None
    places = index.evidence(claim.topic - {token.value})[0][:3]
    near = sorted({near for at in places for near in index.around(at)})
    said = {other.value for other in claim.tokens if other.kind == "number" and other is not token}
    times = [float(value) for value in (*said, *claim.asked) if _is_number(value) and 1 < float(value) <= _MOST_TIMES]
    compared = _COMPARES.search(claim.text) or _COMPARES.search(claim.question)
    # What is compared may stand anywhere: "the later one is cheaper by 150 kroner" has no word of the trains.
    for units in ([index.units[place] for place in near], index.units if compared else ()):
        alike = _alike(token, counts, units)
        if 1 <= len(alike) <= _MOST:
            found = (_follows(number, alike, said) if compared else None) or next(
                (other for other in alike for often in times if _equal(float(other.value) * often, number)), None
            )
            if found:
                return found
    return None


def _alike(token: Token, counts: str, units: Iterable[Unit]) -> list[Token]:
    """The numbers of the same measure, each value once."""
    found = {
        other.value: other
        for unit in units
        for other in unit.tokens
        if other.kind == "number"
        and not is_ordinal(other)
        and (
            (bool(token.unit) and other.unit == token.unit)
            or (bool(counts) and (counted(unit.tokens, other) == counts or (counts == _YEAR and is_year(other))))
        )
    }
    return list(found.values())


def _follows(number: float, values: Sequence[Token], said: Container[str] = ()) -> Token | None:
    """One of two numbers of which `number` is the sum, the difference or the product; rather one that is not `said`."""
    for one, other in combinations({other.value: other for other in values}.values(), 2):
        first, second = float(one.value), float(other.value)
        if any(_equal(number, result) for result in (first + second, abs(first - second), first * second)):
            return other if one.value in said else one
    return None


def _times_apart(tokens: Sequence[Token]) -> dict[float, Token]:
    """Hours between two times, to the first of them."""
    times = [token for token in tokens if token.kind == "time"]
    return {round(abs(_hours(one.value) - _hours(other.value)), 4): one for one, other in combinations(times, 2)}


def _hours(time: str) -> float:
    hours, minutes = time.split(":")
    return int(hours) + int(minutes) / 60


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isdigit()


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(one))
