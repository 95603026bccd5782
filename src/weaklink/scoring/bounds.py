"""Numbers that bound others: a claim of 300 euros is one of those "under 500 euros", and "about two hours" are 110 minutes."""

from collections.abc import Sequence

from weaklink.scoring.text.tokens import Token

_BELOW = frozenset({"under", "below", "until", "within", "nearly", "almost", "hardly", "maximum", "max"})
_ABOVE = frozenset({"over", "above", "beyond", "exceeding", "minimum", "from", "since"})
_NEAR = frozenset(
    {"about", "around", "roughly", "approximately", "approx", "circa", "ca", "some", "etwa", "rund", "env"}
)
_MORE = frozenset({"more", "greater", "higher", "longer", "older", "larger", "least"})
_LESS = frozenset({"less", "fewer", "lower", "shorter", "younger", "smaller", "most", "up"})
_BEFORE = 3
"""Tokens before a number among which its bound stands: "no more than", "just under"."""
_ROUNDED = 0.1
"""Share of a number by which "about" may be off."""
_ROUNDED_ONE_WAY = 0.15
"""The same for "over" and "nearly", which say in which direction."""


def is_within(number: float, tokens: Sequence[Token], bound: Token) -> bool:
    """`tokens` give `bound` as a limit, and `number` keeps it: 300 for "under 500", 700 for "at least 500"."""
    below, above, _ = _bounded(tokens, bound)
    limit = float(bound.value)
    return (below and number <= limit) or (above and number >= limit)


def rounds(tokens: Sequence[Token], said: Token) -> tuple[float, float] | None:
    """Between what shares of a number `said` lets the exact one lie: (.85, 1) for "nearly"; None where it is exact."""
    below, above, near = _bounded(tokens, said)
    if near:
        return 1 - _ROUNDED, 1 + _ROUNDED
    if below or above:
        return (1 - _ROUNDED_ONE_WAY, 1.0) if below else (1.0, 1 + _ROUNDED_ONE_WAY)
    return None


def _bounded(tokens: Sequence[Token], number: Token) -> tuple[bool, bool, bool]:
    """Whether the words before a number make it an upper limit, a lower one, or one that is about right."""
    place = next((at for at, token in enumerate(tokens) if token is number), 0)
    words = [token.surface.lower() for token in tokens[max(0, place - _BEFORE) : place]]
    last = words[-1:]
    turned = "no" in words or "not" in words
    less = bool(_BELOW.intersection(last)) or (last in (["than"], ["to"], ["most"]) and bool(_LESS.intersection(words)))
    more = bool(_ABOVE.intersection(last)) or (last in (["than"], ["least"]) and bool(_MORE.intersection(words)))
    if turned and last == ["than"]:
        less, more = more, less
    return less, more, bool(_NEAR.intersection(last))
