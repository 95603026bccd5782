"""A claim in the spelling of its passages: "two weeks" where they say "14 days", so that both can be compared as words."""

import re
from dataclasses import replace
from itertools import pairwise

from weaklink.scoring.claim import Claim
from weaklink.scoring.derived import operand_of
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.quantities import PARTS, counts_one, spelt_like
from weaklink.scoring.shares import with_shares
from weaklink.scoring.text.spoken import leaves_half_open
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token

_LABEL = re.compile(r"\W{0,4}[^\W\d][\w /²³-]{0,40}\W{0,3}:\s")
_LONGEST_FIELD = 6
_ONE = "one"
_SINGLE = stem("single")
_MEASURED = PARTS | {_SINGLE}


def spelt_as(claim: Claim, index: ContextIndex) -> Claim:
    """`claim` with other values for what the passages measure in another unit, and for what follows from their numbers.

    A number that follows from others by a sum, a difference or a product gets the value of one of these, as a word: no passage
    gives it, so none can give another one.
    """
    claim = _without_label(claim, index)
    if not any(token.is_value or token.value in _MEASURED for token in claim.tokens) and not counts_one(claim.tokens):
        return claim
    tokens = with_shares(claim.tokens, claim.text, index)
    if tokens != claim.tokens:
        claim = replace(claim, tokens=tokens)
    instead: dict[Token, Token] = dict(spelt_like(tokens, index.quantities))
    for place, token in enumerate(tokens):
        if token not in instead and token.value not in index.values and (found := _known_as(place, claim, index)):
            instead[token] = found
    if not instead:
        return claim
    spelt = (
        token._replace(value=other.value, kind=other.kind, content=other.content)
        if (other := instead.get(token))
        else token
        for token in tokens
    )
    return replace(claim, tokens=tuple(spelt))


def _known_as(place: int, claim: Claim, index: ContextIndex) -> Token | None:
    """What the passages have for a token of the claim that stands in none of them; None where they have nothing for it."""
    token = claim.tokens[place]
    if code := _part_of_code(claim.tokens, place, index):
        return code
    if token.kind == "time":
        return _other_half(token, index) or _later(token, claim, index)
    if token.value in ("1", _SINGLE) and _is_one(token, claim, index):
        return token._replace(value=_ONE, kind="word")
    if token.kind != "number":
        return None
    if _points_back(claim.tokens, place, claim.text):
        return token._replace(kind="word", content=False)
    operand = operand_of(token, claim, index)
    return operand._replace(kind="word") if operand else None


def _without_label(claim: Claim, index: ContextIndex) -> Claim:
    """A field that an answer fills in, "city: Porto", without the words of its name that no passage has: they are the form's."""
    label = _LABEL.match(claim.text)
    if label is None or sum(token.start >= label.end() for token in claim.tokens) > _LONGEST_FIELD:
        return claim
    tokens = tuple(
        token._replace(content=False)
        if token.end <= label.end() and token.kind == "word" and token.value not in index.values
        else token
        for token in claim.tokens
    )
    return replace(claim, tokens=tokens) if any(token.content for token in tokens) else claim


def _other_half(token: Token, index: ContextIndex) -> Token | None:
    """The same time in the other half of the day, where the claim or the passages leave open which: "half past eight" is 20:30."""
    hours, minutes = token.value.split(":")
    other = f"{(int(hours) + 12) % 24:02d}:{minutes}"
    for place in index.postings.get(other, ()):
        said = next((one for one in index.units[place].tokens if one.value == other), None)
        if said and (leaves_half_open(token.surface) or leaves_half_open(said.surface)):
            return said
    return None


def _later(token: Token, claim: Claim, index: ContextIndex) -> Token | None:
    """A time as long after or before another one of the claim as the passages say: "from 14:00 to 14:45" for 45 minutes."""
    spans = {quantity.size / 60 for quantity in index.quantities if quantity.dimension == "time"}
    known = (one for one in claim.tokens if one.kind == "time" and one.value in index.values)
    halves = (0, 720) if leaves_half_open(token.surface) else (0,)
    for one in known if spans else ():
        if any(abs(_minutes(token) + half - _minutes(one)) in spans for half in halves):
            return one._replace(kind="word")
    return None


def _minutes(time: Token) -> int:
    hours, minutes = time.value.split(":")
    return 60 * int(hours) + int(minutes)


def _part_of_code(tokens: tuple[Token, ...], place: int, index: ContextIndex) -> Token | None:
    """Letters and figures that the passages write as one: "LQ 418" for "LQ418"."""
    for letters, figures in pairwise(tokens[max(0, place - 1) : place + 2]):
        if letters.kind == "word" and letters.surface.isupper() and figures.kind == "number":
            code = f"{letters.surface}{figures.surface}".lower()
            if code in index.values:
                return tokens[place]._replace(value=code, kind="word", content=letters is tokens[place])
    return None


def _points_back(tokens: tuple[Token, ...], place: int, text: str) -> bool:
    """ "The cheaper of the two" counts nothing: it means what was said before."""
    before = [token.surface.lower() for token in tokens[max(0, place - 2) : place]]
    behind = tokens[place + 1 : place + 2]
    ends = not behind or not text[tokens[place].end : behind[0].start].isspace()
    return before == ["of", "the"] and ends


def _is_one(token: Token, claim: Claim, index: ContextIndex) -> bool:
    """The passages have "one" of what stands beside the "1": "points: 1" for "one point", "a single night" for "one night"."""
    place = claim.tokens.index(token)
    beside = (*claim.tokens[max(0, place - 1) : place], *claim.tokens[place + 1 : place + 2])
    return any((_ONE, other.value) in index.bigrams for other in beside)
