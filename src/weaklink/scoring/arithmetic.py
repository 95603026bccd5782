"""Sums that an answer writes out: "38 euros for the car plus 2 x 14 euros, so 66 euros altogether"."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from weaklink.scoring.text.tokens import Token

_OPERATORS = (
    ("=", re.compile(r"[=:]|\b(?:is|are|equals?|makes?|gives?|so|thus|hence|i\.e|that's|totals?|totall?ing|altogether|comes to)\b", re.I)),
    ("*", re.compile(r"[×*·]|(?<=\d\s)x(?=\s?\d)|(?<=\s)x(?=\s)|\b(?:times|multiplied)\b", re.I)),
    ("/", re.compile(r"÷|(?<=\s)/(?=\s)|\bdivided\b", re.I)),
    ("+", re.compile(r"\+|\bplus\b", re.I)),
    ("-", re.compile(r"(?<=\s)[-–−](?=\s)|\b(?:minus|less)\b", re.I)),
)  # fmt: skip
_MOST = 12


class Sum(NamedTuple):
    """Numbers put together by signs or words for them."""

    value: float
    operands: tuple[Token, ...]
    result: Token | None
    """The number that the text gives as what comes of it; None where it gives none behind it."""


def sums_in(text: str, tokens: Sequence[Token]) -> list[Sum]:
    """The sums of a sentence, in order; a product is worked out before what is added to it."""
    numbers = [token for token in tokens if token.kind == "number"][:_MOST]
    signs = [_sign(text[one.end : other.start]) for one, other in pairwise(numbers)]
    found: list[Sum] = []
    first = 0
    for place, sign in enumerate([*signs, ""]):
        if sign and sign != "=":
            continue
        if place > first:
            value = _worked_out([float(token.value) for token in numbers[first : place + 1]], signs[first:place])
            result = numbers[place + 1] if sign == "=" else None
            if value is not None:
                found.append(Sum(value, tuple(numbers[first : place + 1]), result))
        first = place + 1
    return found


def _sign(between: str) -> str:
    return next((sign for sign, pattern in _OPERATORS if pattern.search(between)), "")


def _worked_out(values: list[float], signs: list[str]) -> float | None:
    total, term, add = 0.0, values[0], 1.0
    for sign, value in zip(signs, values[1:], strict=True):
        if sign == "*":
            term *= value
        elif sign == "/":
            if not value:
                return None
            term /= value
        else:
            total += add * term
            term, add = value, 1.0 if sign == "+" else -1.0
    return total + add * term
