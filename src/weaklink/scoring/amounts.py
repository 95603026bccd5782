"""How much of a thing a claim speaks of, beside how much a passage does: "all schools" for "most schools", "no plants" for "two"."""

from collections.abc import Iterator, Sequence

from weaklink.scoring.claim import Claim
from weaklink.scoring.difference import LONGEST_DENIED, Difference
from weaklink.scoring.quantities import counted, is_ordinal
from weaklink.scoring.text.lexicon import MEASURES
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit, is_negation

_AMOUNTS = {
    **dict.fromkeys(("few", "some", "several", "certain"), 1),
    **dict.fromkeys(("many", "most"), 2),
    **dict.fromkeys(("all", "every", "each"), 3),
}
"""Words for how much of a thing, to their rank: who says more than the passage says what it does not."""
_MEASURED = frozenset(stem(word) for word in MEASURES)
"""Of these an amount is no amount: "every day", "a few days later"."""


def amounts(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """Where a short claim speaks of more than the unit does, or of none where the unit counts some."""
    if len(set(claim.values)) <= LONGEST_DENIED:
        yield from _more(claim, unit)
        yield from _none(claim, unit)


def _more(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """More is said of a thing than the unit says: "all schools" for "most schools"."""
    ours = list(_amounts(claim.tokens))
    theirs = {thing: (amount, token) for thing, amount, token in _amounts(unit.tokens)} if ours else {}
    for thing, amount, token in ours:
        found = theirs.get(thing)
        if found and amount > found[0]:
            yield Difference(token.surface, found[1].surface, "amount", frozenset())


def _none(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """No such thing is said to be where the unit counts some: "no plants will close" for "will close two plants"."""
    some = [token for token in unit.tokens if token.kind == "number" and token.value != "0" and not is_ordinal(token)]
    counts = {counted(unit.tokens, token): token for token in some}
    for place, token in enumerate(claim.tokens):
        thing = next((other for other in claim.tokens[place + 1 : place + 3] if other.content), None)
        if token.surface.lower() == "no" and thing is not None and thing.value and thing.value in counts:
            there = f"{counts[thing.value].surface} {thing.surface}"
            yield Difference(f"{token.surface} {thing.surface}", there, "amount", frozenset())


def _amounts(tokens: Sequence[Token]) -> Iterator[tuple[str, int, Token]]:
    """Each thing of which an amount is said in words, the rank of the amount, and its word."""
    for place, token in enumerate(tokens):
        amount = _AMOUNTS.get(token.surface.lower())
        if amount is None:
            continue
        thing = next((other for other in tokens[place + 1 : place + 5] if other.content and other.kind == "word"), None)
        denied = place > 0 and is_negation(tokens[place - 1])
        if not denied and thing is not None and thing.value not in _MEASURED:
            yield thing.value, amount, token
