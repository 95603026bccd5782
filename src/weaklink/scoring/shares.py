"""Shares in words: "a fifth" is 20 percent, and "two thirds" are 67."""

import re
from collections.abc import Iterator, Sequence

from weaklink.scoring.bounds import rounds
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.tokens import Token

_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10, "twentieth": 20,
    "hälfte": 2, "drittel": 3, "viertel": 4, "fünftel": 5, "sechstel": 6, "achtel": 8, "zehntel": 10,
    "moitié": 2, "tiers": 3, "quart": 4, "cinquième": 5, "dixième": 10, "mitad": 2, "tercio": 3, "cuarto": 4, "quinto": 5,
}  # fmt: skip
_COUNTS = {
    **dict.fromkeys(["a", "an", "one", "ein", "einen", "einem", "eine", "un", "une"], 1),
    **{word: count for count, words in enumerate(
        ("two zwei deux dos", "three drei trois tres", "four vier quatre cuatro", "five fünf", "six sechs", "seven sieben"), start=2
    ) for word in words.split()},
}  # fmt: skip
_ALONE = frozenset({"half", "hälfte", "moitié", "mitad"})
_SHARE = re.compile(
    rf"\b(?:(?P<count>{'|'.join(_COUNTS)})\s)?(?P<part>{'|'.join(_PARTS)})s?\b(?!\s(?:an?\b|past\b|of\san\b)|-)",
    re.IGNORECASE,
)
_THIRDS = 0.34
"""Points of a percent by which a third is rounded: to 33 or 66.7."""


def with_shares(tokens: tuple[Token, ...], text: str, index: ContextIndex) -> tuple[Token, ...]:
    """The tokens of `text` with "a fifth" as the 20 % that the passages give, and "20 %" as the fifth that they give."""
    if not index.percents and not any(token.unit == "%" for token in tokens):
        return tokens
    for share, start, end in shares_in(text) if index.percents else ():
        first = next((at for at, token in enumerate(tokens) if token.end > start), len(tokens))
        last = next((at for at, token in enumerate(tokens) if token.start >= end), len(tokens))
        said = Token(f"{share:.10g}", "number", start, end, text[start:end], True, "%")
        merged = (*tokens[:first], said, *tokens[last:])
        about = rounds(merged, said)
        known = next((other for other in index.percents if _is_same(share, float(other.value), about)), None)
        if first < last and known is not None:
            tokens = (*tokens[:first], said._replace(value=known.value), *tokens[last:])
    return tuple(_in_words(tokens, index))


def shares_in(text: str) -> Iterator[tuple[float, int, int]]:
    """The shares in words, in percent, and where they stand: "two thirds"."""
    for found in _SHARE.finditer(text):
        count, part = (found["count"] or "").lower(), found["part"].lower()
        if count or part in _ALONE:
            share = 100 * _COUNTS.get(count, 1) / _PARTS[part]
            if share < 100:
                yield share, found.start(), found.end()


def _in_words(tokens: Sequence[Token], index: ContextIndex) -> Iterator[Token]:
    for token in tokens:
        known = None
        if token.unit == "%" and token.value not in index.values:
            stated = ((share, unit, end) for unit in index.units for share, _, end in shares_in(unit.text))
            found = next(
                ((unit, end) for share, unit, end in stated if _is_same(share, float(token.value), None)), None
            )
            known = next((other for other in found[0].tokens if other.end >= found[1]), None) if found else None
        yield token._replace(value=known.value, kind="word", unit="") if known else token


def _is_same(share: float, percent: float, about: tuple[float, float] | None) -> bool:
    if about:
        return about[0] * share <= percent <= about[1] * share
    return abs(share - percent) <= (0.01 if share == round(share, 1) else _THIRDS)
