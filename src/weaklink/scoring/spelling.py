"""A claim in the spelling of its passages: "two weeks" where they say "14 days", so that both can be compared as words."""

from dataclasses import replace

from weaklink.scoring.claim import Claim
from weaklink.scoring.derived import operand_of
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.quantities import HALF, spelt_like
from weaklink.scoring.text.tokens import Token

_ONE = "one"


def spelt_as(claim: Claim, index: ContextIndex) -> Claim:
    """`claim` with other values for what the passages measure in another unit, and for what follows from their numbers.

    A number that follows from others by a sum, a difference or a product gets the value of one of these, as a word: no passage
    gives it, so none can give another one.
    """
    if not any(token.kind == "number" or token.value == HALF for token in claim.tokens):
        return claim
    instead: dict[Token, Token] = dict(spelt_like(claim.tokens, index.quantities))
    for token in [token for token in claim.tokens if token.kind == "number"]:
        if token in instead:
            continue
        if token.value not in index.values:
            if token.value == "1" and _is_one(token, claim, index):
                instead[token] = token._replace(value=_ONE, kind="word")
                continue
            operand = operand_of(token, claim, index)
            if operand is not None:
                instead[token] = operand._replace(kind="word")
    if not instead:
        return claim
    tokens = tuple(
        token._replace(value=instead.get(token, token).value, kind=instead.get(token, token).kind)
        for token in claim.tokens
    )
    return replace(claim, tokens=tokens)


def _is_one(token: Token, claim: Claim, index: ContextIndex) -> bool:
    """The passages have "one" of what stands beside the "1": "points: 1" for "one point"."""
    place = claim.tokens.index(token)
    beside = (*claim.tokens[max(0, place - 1) : place], *claim.tokens[place + 1 : place + 2])
    return any((_ONE, other.value) in index.bigrams for other in beside)
