"""Where one unit of a passage and a claim differ in one place: another number, time, name, or a negation."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from weaklink.scoring.amounts import amounts
from weaklink.scoring.bounds import is_within
from weaklink.scoring.claim import Claim, names_in
from weaklink.scoring.clauses import clauses_in
from weaklink.scoring.difference import LONGEST_DENIED, Difference
from weaklink.scoring.opposed import opposed
from weaklink.scoring.quantities import Quantity, counted, is_ordinal, is_year, quantities_of, same
from weaklink.scoring.text.lexicon import CURRENCIES
from weaklink.scoring.text.opposites import ENDED
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token
from weaklink.scoring.text.units import Unit, is_negation

_FROM_TO = re.compile(r"[\s.]*(?:to|until|till|through|thru|-|–|—|bis|à|au|hasta|a)[\s.]*(?:end of )?", re.IGNORECASE)
_MONEY = frozenset(CURRENCIES.values())
_WHO = re.compile(r"\bwho(?:se|m)?\b", re.IGNORECASE)


def differences(claim: Claim, unit: Unit, held: frozenset[str]) -> Iterator[Difference]:
    """Where `claim` and `unit` differ; `held` are the values of the unit and of what its pronouns stand for."""
    if claim.denies:
        # "Is it open at 9?" "No", and the passage says that it is closed, or that it opens at 10.
        if not any(_otherwise(claim, unit)):
            yield from _negation(claim, unit, held)
        return
    yield from _otherwise(claim, unit)
    if claim.is_question:
        yield from _negation(claim, unit, held)


def _otherwise(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """Where the unit gives another value, name or word."""
    yield from _numbers(claim, unit)
    yield from _measures(claim, unit)
    yield from amounts(claim, unit)
    yield from _times(claim, unit)
    yield from _months(claim, unit)
    yield from _dates(claim, unit)
    yield from _names(claim, unit)
    yield from opposed(claim, unit)


def _number_places(tokens: tuple[Token, ...]) -> list[tuple[Token, str, str]]:
    """Each number with what it counts and the word before it."""
    return [
        (token, counted(tokens, token), _word_before(tokens, place))
        for place, token in enumerate(tokens)
        if token.kind == "number"
    ]


def _closest_first(places: list[tuple[Token, str, str]], claim: Claim, unit: Unit) -> list[tuple[Token, str, str]]:
    """The numbers whose clause says most of the claim first."""
    said = [
        (len(clause.values & claim.topic), token)
        for clause in clauses_in(unit.text, unit.tokens)
        for token in clause.tokens
    ]
    shared = {id(token): count for count, token in said}
    return sorted(places, key=lambda place: -shared.get(id(place[0]), 0))


def _word_before(tokens: tuple[Token, ...], place: int) -> str:
    before = tokens[place - 1] if place else None
    return before.value if before and before.kind in ("word", "month") else ""


def _numbers(claim: Claim, unit: Unit) -> Iterator[Difference]:
    ours = _number_places(claim.tokens)
    theirs = _number_places(unit.tokens) if ours else []
    if claim.is_question:
        theirs = _closest_first(theirs, claim, unit)
    held = {token.value for token in unit.tokens}
    # Digits that are a word stand for a number that follows from them: "28 euros below the budget" says that it is 240.
    said_by_claim = {token.value for token in claim.tokens if token.kind == "number" or token.value[:1].isdigit()}
    for token, counts, before in ours:
        if token.value in held:
            continue
        for other, other_counts, other_before in theirs:
            if other.value in said_by_claim or is_year(other) != is_year(token):
                continue
            if is_ordinal(other) != is_ordinal(token):
                continue
            if claim.is_question and is_within(float(token.value), unit.tokens, other):
                break  # "Is a claim of 300 euros paid?" asks for one of those "under 500 euros"
            same_unit = bool(counts) and (counts == other_counts or (counts == other_before and not other_counts))
            same_slot = before == other_before and bool(before) and not (counts and other_counts)
            bare = claim.is_bare and (not counts or not other_counts)
            if same_unit or same_slot or bare or (is_year(token) and before == other_before):
                yield Difference(token.surface, other.surface, "number", frozenset({token.value}))
                break


def _measures(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """The number of the unit with another measure: "312 feet" for "312 metres"."""
    ours = quantities_of(claim.tokens)
    theirs = quantities_of(unit.tokens) if ours else []
    for quantity in ours:
        rivals = [item for item in theirs if item.number.value == quantity.number.value]
        if rivals and not any(same(quantity, item) for item in theirs):
            values = frozenset({quantity.number.value, quantity.unit.value})
            yield Difference(_spelt(quantity), _spelt(rivals[0]), "measure", values)
    for token in claim.tokens:
        if token.unit not in _MONEY or any(
            other.value == token.value and other.unit == token.unit for other in unit.tokens
        ):
            continue
        rival = next((other for other in unit.tokens if other.value == token.value and other.unit in _MONEY), None)
        if rival and not any(other.unit == rival.unit for other in claim.tokens):
            yield Difference(token.surface, rival.surface, "attribute", frozenset({token.value}))


def _spelt(quantity: Quantity) -> str:
    return f"{quantity.number.surface} {quantity.unit.surface}"


def _times(claim: Claim, unit: Unit) -> Iterator[Difference]:
    held = [token for token in unit.tokens if token.kind == "time"]
    values = {token.value for token in held}
    wrong = [token for token in claim.tokens if token.kind == "time" and token.value not in values]
    free = [token for token in held if token.value not in claim.of_kind("time")]
    for token, other in zip(wrong, free, strict=False):
        yield Difference(token.surface, other.surface, "time", frozenset({token.value}))


def _months(claim: Claim, unit: Unit) -> Iterator[Difference]:
    held = [token for token in unit.tokens if token.kind == "month"]
    values = {token.value for token in held} | set(_months_between(held, unit.text))
    wrong = [token for token in claim.tokens if token.kind == "month" and token.value not in values]
    for token, other in zip(wrong, held, strict=False):
        if other.value not in claim.of_kind("month"):
            yield Difference(token.surface, other.surface, "date", frozenset({token.value}))


def _months_between(months: Sequence[Token], text: str) -> Iterator[str]:
    """All months of a stretch such as "from November to May", across the turn of the year."""
    for first, last in pairwise(months):
        if _FROM_TO.fullmatch(text[first.end : last.start]):
            start, end = (int(month.value.removeprefix("month:")) for month in (first, last))
            yield from (f"month:{(start - 1 + step) % 12 + 1}" for step in range((end - start) % 12 + 1))


def _dates(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """A date of the unit with another day or another year."""
    ours = list(_full_dates(claim.tokens))
    theirs = list(_full_dates(unit.tokens)) if ours else []
    for date in ours:
        others = [other for other in theirs if other[0].value == date[0].value]
        if any(_values(other) == _values(date) for other in theirs):
            continue
        for place in (1, 2):
            rest = 3 - place
            rival = next((other for other in others if other[rest].value == date[rest].value), None)
            if rival:
                values = frozenset({date[place].value})
                yield Difference(date[place].surface, rival[place].surface, "date", values)


def _full_dates(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token, Token]]:
    """Month, day and year where the three stand side by side."""
    for place, month in enumerate(tokens):
        if month.kind != "month":
            continue
        near = [token for token in tokens[max(0, place - 1) : place + 3] if token.kind == "number" and not token.unit]
        years, days = [token for token in near if is_year(token)], [token for token in near if len(token.value) <= 2]
        if years and days:
            yield month, days[0], years[0]


def _values(date: tuple[Token, Token, Token]) -> tuple[str, ...]:
    return tuple(token.value for token in date)


def _names(claim: Claim, unit: Unit) -> Iterator[Difference]:
    """A name in the place where the unit has another one."""
    strangers = [token for token in claim.names if token.value not in unit.values]
    others = [token for token in names_in(unit.tokens) if token.value not in claim.topic]
    theirs = [token for token in others if token.surface[1:].islower()]
    if not strangers or not theirs:
        return
    if claim.is_bare and len(strangers) == len(claim.names) and _WHO.search(claim.question):
        yield Difference(_joined(strangers), _joined(theirs[:2]), "name", frozenset(token.value for token in strangers))
        return
    yield from _swapped(claim, unit, strangers, theirs)


def _swapped(claim: Claim, unit: Unit, strangers: list[Token], theirs: list[Token]) -> Iterator[Difference]:
    """Names that stand between the same words as other names of the unit."""
    matcher = SequenceMatcher(
        None, [token.value for token in claim.tokens], [token.value for token in unit.tokens], autojunk=False
    )
    for tag, first, last, other_first, other_last in matcher.get_opcodes():
        if tag != "replace" or not all(token in claim.tokens[first:last] for token in strangers):
            continue  # a unit without the other names of the claim as well speaks of something else
        said = [token for token in claim.tokens[first:last] if token.content]
        instead = [token for token in unit.tokens[other_first:other_last] if token.content]
        only_names = all(token in strangers for token in said) and all(token in theirs for token in instead)
        if said and instead and only_names and len(said) <= 4 and len(instead) <= 4 and not _same_name(said, instead):
            yield Difference(_joined(said), _joined(instead), "name", frozenset(token.value for token in said))


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


def _negation(claim: Claim, unit: Unit, held: frozenset[str]) -> Iterator[Difference]:
    """One says no and the other does not, in a clause that is otherwise the same."""
    if unit.polarity != 1 or not 2 <= len(set(claim.values)) <= LONGEST_DENIED:
        return
    matched = [place for place, token in enumerate(unit.tokens) if token.content and token.value in claim.topic]
    if not matched:
        return
    first, last = max(0, matched[0] - 4), matched[-1] + 1
    theirs = next((token for token in unit.tokens[first:last] if is_negation(token) or _ends(token, claim)), None)
    if (theirs is not None) == claim.negated or (theirs is not None and not _denies(theirs, claim, unit)):
        return
    if claim.denies and not any(
        set(claim.values) <= clause.values | held - unit.values for clause in clauses_in(unit.text, unit.tokens)
    ):
        return  # "Do all take Latin?" "No": all learn English, some choose Latin
    absent = [value for value in set(claim.values) if value not in held]
    own_length = sum(1 for token in unit.tokens[first:last] if token.content)
    if absent or own_length > 2.5 * len(matched):
        return
    ours = next((token.surface for token in claim.tokens if is_negation(token)), "no" if claim.denies else "")
    said, instead = (ours, f"without {ours!r}") if claim.negated else ("", theirs.surface if theirs else "")
    yield Difference(said or "yes", instead, "negation", frozenset())


def _ends(token: Token, claim: Claim) -> bool:
    """The word says that something is no more: "dropped support", where the claim does not say so itself."""
    return stem(token.surface.lower()) in ENDED and token.value not in claim.topic


def _denies(negation: Token, claim: Claim, unit: Unit) -> bool:
    """The first content word behind the negation is one of the claim: "not covered", not "be careful not to"."""
    behind = (token for token in unit.tokens if token.start >= negation.end and token.content)
    return next((token.value in claim.topic for token in behind), True)
