"""What comes of a rate: "1,000 km would come to 90 euros" at 9 cents each, "4.50 each" for ten at 45, and averages."""

import re
from collections.abc import Iterable, Sequence

from weaklink.scoring.claim import Claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.quantities import counted, is_ordinal
from weaklink.scoring.text.tokens import Token

_RATE_WORDS = frozenset(
    [
        "each",
        "every",
        "per",
        "additional",
        "extra",
        "a",
        "an",
        "je",
        "pro",
        "jede",
        "jeder",
        "jedes",
        "cada",
        "por",
        "chaque",
        "par",
    ]
)
_NEAR = 5
"""Tokens between a rate and the word that makes it one: "9 cents for each additional kilometre"."""
_EACH = re.compile(r"\b(?:each|every|apiece|per|pro|je|jede[rs]?|cada|chaque|par|works out)\b", re.IGNORECASE)
_AVERAGE = re.compile(
    r"\b(?:averag\w*|avg|mean|Durchschnitt\w*|durchschnittlich|Schnitt|moyenne|media|promedio)\b|_avg", re.IGNORECASE
)
_FEWEST, _MOST = 2, 40
_CURRENCIES_OF_CENTS = frozenset({"€", "$", "£"})


def of_rate(token: Token, claim: Claim, index: ContextIndex) -> Token | None:
    """A number of the passages of which `token` is a multiple, a share or the mean, as the claim says; None where it is none."""
    numbers = [
        other for other in claim.tokens if other.kind == "number" and other is not token and not is_ordinal(other)
    ]
    return (
        _example(token, numbers, claim, index)
        or (_shared(token, numbers, claim, index) if _EACH.search(claim.text) else None)
        or (_mean(float(token.value), index) if _AVERAGE.search(claim.text) else None)
    )


def _example(token: Token, numbers: Sequence[Token], claim: Claim, index: ContextIndex) -> Token | None:
    """From a rate, where amount and sum both stand in the claim: both may be the answer's own."""
    pairs = [
        (token, other) if token.unit else (other, token) for other in numbers if bool(token.unit) != bool(other.unit)
    ]
    pairs = [(total, times) for total, times in pairs if total.unit not in ("%", "¢") and float(times.value) > 1]
    if not pairs:
        return None
    places = index.evidence(claim.topic - {token.value})[0][:3]
    for unit in (index.units[place] for place in places):
        for rate in (other for other in unit.tokens if other.kind == "number" and _is_rate(other, unit.tokens)):
            for total, times in pairs:
                alike = rate.unit == total.unit or (rate.unit == "¢" and total.unit in _CURRENCIES_OF_CENTS)
                if alike and _equal(float(rate.value) * float(times.value), float(total.value)):
                    return rate
    return None


def _is_rate(number: Token, tokens: Sequence[Token]) -> bool:
    place = next(at for at, other in enumerate(tokens) if other is number)
    near = tokens[max(0, place - _NEAR) : place + _NEAR]
    return bool(number.unit) and any(other.surface.lower() in _RATE_WORDS for other in near)


def _shared(token: Token, numbers: Sequence[Token], claim: Claim, index: ContextIndex) -> Token | None:
    """From a sum of the passages by a number of the claim or the question: "4.50 euros each"."""
    if not token.unit:
        return None
    asked = (float(value) for value in claim.asked if value.replace(".", "", 1).isdigit())
    by = [number for number in (*asked, *(float(other.value) for other in numbers if not other.unit)) if number > 1]
    places = index.evidence(claim.topic | frozenset(claim.asked))[0][:3]
    sums = (other for place in places for other in index.units[place].tokens if other.unit == token.unit)
    return next((one for one in sums for number in by if _equal(float(token.value) * number, float(one.value))), None)


def _mean(number: float, index: ContextIndex) -> Token | None:
    """From all the numbers that count one thing: "3.25 stars on average"."""
    groups: dict[str, list[Token]] = {}
    for unit in index.units:
        for token in unit.tokens:
            if token.kind == "number" and not is_ordinal(token) and (counts := counted(unit.tokens, token)):
                groups.setdefault(counts, []).append(token)
    for tokens in groups.values():
        if _FEWEST <= len(tokens) <= _MOST and abs(_mean_of(tokens) - number) <= _rounding(number):
            return tokens[0]
    return None


def _mean_of(tokens: Iterable[Token]) -> float:
    values = [float(token.value) for token in tokens]
    return sum(values) / len(values)


def _rounding(number: float) -> float:
    """Half of the last digit that is given; a whole number has to come out."""
    digits = f"{number:.10g}".partition(".")[2]
    return 0.5 * 10 ** -len(digits) + 1e-9 if digits else 1e-9


def _equal(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-9 * max(1.0, abs(one))
