"""Words of a claim that exclude words of a passage: "before" for "after", "monthly" for "weekly", "fell" for "rose"."""

from collections.abc import Iterator
from itertools import pairwise

from weaklink.scoring.claim import Claim
from weaklink.scoring.clauses import clauses_in
from weaklink.scoring.difference import LONGEST_DENIED, Difference
from weaklink.scoring.text.opposites import CHANGES, EXCLUSIVE, OPPOSITES
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit, is_negation

_RELATING = frozenset(map(stem, ("before", "after")))
"""These exclude each other only of one thing: "before the war" is no denial of "after the reform"."""
_SPANS = frozenset(map(stem, ("second", "minute", "hour", "day", "week", "month", "quarter", "year")))
"""These exclude each other only where they stand alike: "30 euros per month" is no denial of "built in the year 1998"."""
_RATES = frozenset({"daily", "weekly", "monthly", "quarterly", "yearly", "annual", "annually"})
_EACH = frozenset({"per", "a", "an", "each", "every"})
_GOES = frozenset(map(stem, ("go", "went", "gone", "move", "come", "came", "be", "is", "are", "was", "were")))
_MOVED = {"up": stem("rise"), "down": stem("fall")}
"""What costs do that "go up" or "were down"."""
_LIMIT = frozenset({"to", "for", "on"})
"""Behind "are up" one of these speaks of something else: "prices are up to 30 euros"."""


def opposed(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """Words that exclude each other: "before" for "after", "monthly" for "weekly", "Monday" for "Tuesday"."""
    if len(set(claim.values)) > LONGEST_DENIED:
        return
    ours, theirs = _all_stems(claim.tokens), _all_stems(unit.tokens)
    for word, token in ours.items():
        if word in theirs:
            yield from _attribute(word, token, claim, unit)
            yield from _turned(word, token, claim, unit)
            continue
        rivals = OPPOSITES.get(word, frozenset()) & theirs.keys()
        allies = {ally for rival in rivals for ally in OPPOSITES[rival]}
        if rivals and not ours.keys() & OPPOSITES[word] and not theirs.keys() & allies:
            yield Difference(token.surface, theirs[sorted(rivals)[0]].surface, "word", frozenset({token.value}))
            continue
        for members in EXCLUSIVE.get(word, ()):
            others = [
                other for other in members & theirs.keys() if other not in ours and not _is_denied(theirs[other], unit)
            ]
            if members & _SPANS:
                others = [other for other in others if _same_frame(token, claim.tokens, theirs[other], unit.tokens)]
            if word in _RELATING and not _before(unit.tokens, _behind(claim.tokens, token)).intersection(others):
                continue
            if others and not members & ours.keys() & theirs.keys():
                yield Difference(token.surface, theirs[sorted(others)[0]].surface, "word", frozenset({token.value}))
                break


def _same_frame(one: Token, ours: tuple[Token, ...], other: Token, theirs: tuple[Token, ...]) -> bool:
    """Two spans of time stand in the same kind of place: both are rates, or both are behind the same word."""
    first, second = _frame(one, ours), _frame(other, theirs)
    return first == second != ""


def _frame(token: Token, tokens: tuple[Token, ...]) -> str:
    place = next(at for at, other in enumerate(tokens) if other is token)
    before = [other.surface.lower() for other in tokens[max(0, place - 2) : place]]
    if stem(token.surface.lower()) not in _SPANS or token.surface.lower() in _RATES:
        return "rate"
    if not before or before[0] == "half":  # "half an hour" is no rate
        return ""
    return "rate" if before[-1] in _EACH else before[-1]


def _all_stems(tokens: tuple[Token, ...]) -> dict[str, Token]:
    stems = {stem(token.surface.lower()): token for token in tokens if token.kind == "word"}
    stems |= {
        _MOVED[word.surface]: word
        for goes, word, behind in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False)
        if goes.value in _GOES and word.surface in _MOVED and (behind is None or behind.surface not in _LIMIT)
    }
    return stems | {token.value: token for token in tokens if token.kind == "word"}


def _turned(word: str, token: Token, claim: Claim, unit: Unit) -> Iterator[Difference]:
    """The clause that says most of the claim has the opposite: "costs rose" where revenue rose, while costs fell."""
    rivals = OPPOSITES[word] if word in CHANGES else frozenset[str]()
    about = frozenset(claim.values) - {token.value}
    said, against, instead = 0, 1, ""
    for clause in clauses_in(unit.text, unit.tokens) if rivals and not rivals & _all_stems(claim.tokens).keys() else ():
        stems, shared = _all_stems(clause.tokens), len(about & clause.values)
        if word in stems:
            said = max(said, shared)
        elif shared > against and (found := sorted(rivals & stems.keys())):
            against, instead = shared, stems[found[0]].surface
    if instead and against > said:
        yield Difference(token.surface, instead, "attribute", frozenset({token.value}))


def _behind(tokens: tuple[Token, ...], token: Token) -> str:
    """The next content value behind a token; "" where none follows."""
    return next((other.value for other in tokens if other.content and other.start >= token.end), "")


def _before(tokens: tuple[Token, ...], value: str) -> set[str]:
    """The stems that stand before a value, with no other content between them."""
    found: set[str] = set()
    near: set[str] = set()
    for token in tokens:
        if token.content and token.value == value:
            found |= near
        near = set() if token.content else {*near, _stem_of(token)}
    return found


def _is_denied(token: Token, unit: Unit) -> bool:
    """A negation stands right before the token: "never closed" says open."""
    place = next(at for at, other in enumerate(unit.tokens) if other == token)
    return any(is_negation(other) for other in unit.tokens[max(0, place - 2) : place])


def _attribute(word: str, token: Token, claim: Claim, unit: Unit) -> Iterator[Difference]:
    """One word of the unit goes with another noun: "the green button" for a red button beside a green light."""
    after = next((other for one, other in pairwise(claim.tokens) if one is token and other.content), None)
    if after is None or word not in EXCLUSIVE:
        return
    before = {_stem_of(one): one for one, other in pairwise(unit.tokens) if other.value == after.value}
    rivals = [one for members in EXCLUSIVE[word] for one in sorted(members & before.keys()) if one != word]
    if rivals and word not in before:
        values = frozenset({token.value, after.value})
        yield Difference(
            f"{token.surface} {after.surface}", f"{before[rivals[0]].surface} {after.surface}", "attribute", values
        )


def _stem_of(token: Token) -> str:
    return stem(token.surface.lower())
