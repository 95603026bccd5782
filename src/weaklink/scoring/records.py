"""Conflicts between a claim and a JSON record: false said as true, unknown said as known, wrong opening hours."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.lexicon import DAYS, STOPWORDS
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token, tokenise
from weaklink.scoring.text.units import is_negation

_VERB = (
    r"(?:is|are|was|were|has|have|does|do|it|they|there|its|their|offers?|provides?|allows?|takes?|accepts?|features?|given"
    r"|with)\b"
)
_CLAUSES = re.compile(
    rf"[;]|, (?=but|while|although|though|and (?:it|they|the|there)\b|(?!and |or |nor )(?:[\w-]+ ){{0,3}}{_VERB})"
    rf"|\band (?={_VERB})|\b(?:but|while|although|though|however|except)\b",
    re.IGNORECASE,
)
"""Where the reach of a negation ends: "it has no lot, street parking is free", "no Wi-Fi but a terrace"."""
_SCHEDULE_PARTS = re.compile(r"[;]|, and (?:from )?|, (?=from )|\band (?=from |on )|, while |, but ", re.IGNORECASE)
_NOT_STATED = re.compile(
    r"\bnot (?:\w+ )?(?:mention|specif|stated?\b|provided|listed|indicate|clear|known|given)|\bno (?:information|mention|details?)\b"
    r"|\bun(?:known|clear|specified)\b",
    re.IGNORECASE,
)
"""Says that the record leaves something open, which is right for what it leaves open."""
_BEHIND = frozenset({"not", "unavailable", "never"})
_LINKS = frozenset({"and", "or", "nor", "is", "are", "was", "were"})
"""Words that may stand between a denied thing and the "not" behind a list: "garage and valet parking are not"."""
_CONFLICTS = {
    (-1, False): "false_said",
    (0, False): "unknown_said",
    (0, True): "unknown_denied",
    (1, True): "true_denied",
}
"""Polarity of the record and whether the claim denies it, to what is wrong."""
_FILLER = frozenset({"restaurants", "business", "good", "accepts", "has", "best", "attributes"})
_PARTICLES = frozenset({"out", "up", "off"})
"""Stop words that make another word of the one before: "take out" is not "take"."""
_OPEN = re.compile(r"\b(?:open|hours?|operat|clos)", re.IGNORECASE)
_DAY = r"(mon|tues|wednes|thurs|fri|satur|sun)day"
_DAY_RANGE = re.compile(rf"{_DAY}s?\s*(?:to|through|thru|-|–|until)\s*{_DAY}", re.IGNORECASE)
_CLOSED = re.compile(
    rf"\bclosed\s+(?:on\s+|every\s+)?((?:{_DAY}s?(?:\s*,|\s+and\b|\s*&)?\s*)+)|{_DAY}s?\s+(?:is\s+|are\s+|being\s+)?closed\b",
    re.IGNORECASE,
)
_ALL_WEEK = re.compile(r"\b(?:seven|7) days|every ?day|\bdaily\b|all week", re.IGNORECASE)


class Conflicts(NamedTuple):
    """How often a claim says other than the record; all 0 for prose."""

    false_said: float = 0.0
    """Values that the record gives as false, named without a negation."""
    unknown_said: float = 0.0
    """Values that the record leaves open, named without a negation."""
    unknown_denied: float = 0.0
    """Values that the record leaves open, denied; "the record does not mention it" denies nothing."""
    true_denied: float = 0.0
    """Values that the record gives as true, denied."""
    polarity: float = 0.0
    """Sum over the named keys: 1 where claim and record agree, -1 where they do not."""
    group_false: float = 0.0
    """Groups named without a negation although none of their values is true."""
    wrong_hours: float = 0.0
    """Times that are not those of the named days."""
    missing_days: float = 0.0
    """Named days for which the record has no hours."""
    said: str = ""
    """The key and value behind the first conflict, for people."""


class _Key(NamedTuple):
    stems: frozenset[str]
    group: frozenset[str]
    joined: str
    polarity: int
    unit: int


class Record:
    """The keys, groups and opening hours of the JSON records among the passages."""

    def __init__(self, index: ContextIndex) -> None:
        """Read the units of `index`; nothing is found for prose."""
        self._index = index

    @cached_property
    def _keys(self) -> list[_Key]:
        keys: list[_Key] = []
        for number, unit in enumerate(self._index.units):
            words = _key_words(unit.key)
            if words:
                group = frozenset(map(stem, _key_words(unit.group)))
                keys.append(_Key(frozenset(map(stem, words)), group, stem("".join(words)), unit.polarity, number))
        return keys

    @cached_property
    def _said_otherwise(self) -> frozenset[str]:
        """What stands in values of the record too: "State Street" is no parking in the street."""
        return frozenset(value for unit in self._index.units if not unit.key for value in unit.values)

    @cached_property
    def _groups(self) -> dict[frozenset[str], list[int]]:
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for unit in self._index.units:
            words = _key_words(unit.group)
            if words:
                groups[frozenset(map(stem, words))].append(unit.polarity)
        return groups

    @cached_property
    def _hours(self) -> dict[int, frozenset[str]] | None:
        """Day to its opening and closing time; None where the record does not speak of hours.

        A day "from 0:00 to 0:00" beside days with other hours is a day without hours.
        """
        hours: dict[int, frozenset[str]] = {}
        around_the_clock: dict[int, frozenset[str]] = {}
        spoken_of = False
        for unit in self._index.units:
            if unit.text[:5].lower() != "hours":
                continue
            spoken_of = True
            for day, name in enumerate(DAYS):
                if name in unit.text[:40].lower():
                    times = frozenset(token.value for token in unit.tokens if token.kind == "time")
                    (hours if times else around_the_clock)[day] = times
        return (hours or around_the_clock) if spoken_of else None

    def conflicts(self, claim: Claim) -> Conflicts:
        """How often `claim` says other than the records."""
        if not self._index.is_record:
            return Conflicts()
        counts = defaultdict[str, float](float)
        said = ""
        for clause in _CLAUSES.split(claim.text):
            said = self._clause(clause, counts) or said
        wrong, missing = self._wrong_hours(claim)
        return Conflicts(**counts, wrong_hours=wrong, missing_days=missing, said=said)

    def _clause(self, clause: str, counts: dict[str, float]) -> str:
        tokens = tokenise(clause)
        stems = [{token.value, stem(token.surface.lower())} for token in tokens]
        named = set[str]().union(*stems)
        open_ended = bool(_NOT_STATED.search(clause))
        said = ""
        for key in self._keys:
            wanted = {key.joined} if key.joined in named else key.stems
            if not wanted <= named or (key.stems & self._said_otherwise and not key.group & named):
                continue
            denied = self._is_denied(tokens, [place for place, found in enumerate(stems) if found & wanted])
            counts["polarity"] += -key.polarity if denied else key.polarity
            name = _CONFLICTS.get((key.polarity, denied))
            if name and not (open_ended and key.polarity == 0):
                counts[name] += 1
                said = self._index.units[key.unit].text if key.polarity else said
        for group, polarities in self._groups.items():
            places = [place for place, found in enumerate(stems) if found & group]
            if group <= named and not self._is_denied(tokens, places) and all(polarity < 1 for polarity in polarities):
                counts["group_false"] += 1
        return said

    @cached_property
    def _listed(self) -> frozenset[str]:
        """What may stand between a denied key and the "not" behind it: other keys, groups and links."""
        return _LINKS.union(*(key.stems | key.group for key in self._keys))

    def _is_denied(self, tokens: Sequence[Token], places: Sequence[int]) -> bool:
        """A negation stands before the words at `places`, or a "not" behind them: "Wi-Fi and parking are not available"."""
        if any(is_negation(token) for token in tokens[: places[0]]):
            return True
        near = places[-1] + 4
        for place, token in enumerate(tokens[places[-1] + 1 :], start=places[-1] + 1):
            if token.surface.lower() in _BEHIND or token.surface.lower().endswith("n't"):
                return True
            if place + 1 >= near and not {token.value, token.surface.lower()} & self._listed:
                return False
        return False

    def _wrong_hours(self, claim: Claim) -> tuple[float, float]:
        """Times that are not those of the days beside them, and days without hours.

        "9 to 5 on Monday to Friday and 10 to 2 on Saturday" gives two pairs of days and times.
        """
        hours = self._hours
        if hours is None or not (claim.of_kind("time") or _OPEN.search(claim.text)):
            return 0.0, 0.0
        closed = set[int]().union(*(_days_named(found.group().lower()) for found in _CLOSED.finditer(claim.text)))
        wrong = float(len(closed & hours.keys()))
        text = _CLOSED.sub(" ", claim.text)
        if "clos" in text.lower():
            return wrong, 0.0
        missing = float(len(_days_named(text.lower()) - hours.keys() - closed))
        for some_days, some_times in _schedule(text):
            known = [hours[day] for day in some_days if hours.get(day)]
            wrong += sum(time not in set[str]().union(*known) for time in some_times) if known else 0.0
            if len(some_times) == 2:
                wrong += 0.5 * sum(not own.issubset(some_times) or len(own) != 2 for own in known)
        return wrong, missing


def _schedule(text: str) -> list[tuple[set[int], list[str]]]:
    """Which days a claim puts beside which times; all with all where they do not come in pairs."""
    parts = [part for part in _SCHEDULE_PARTS.split(text) if part.strip()]
    places = [(_days_named(part.lower()), [t.value for t in tokenise(part) if t.kind == "time"]) for part in parts]
    if all(days and times for days, times in places):
        return places
    days = set[int]().union(*(days for days, _ in places))
    times = [token.value for token in tokenise(text) if token.kind == "time"]
    return [(days, times)] if days and times else []


def _key_words(key: str) -> list[str]:
    words = re.findall(r"[a-z]+", key.lower())
    return [word for word in words if word in _PARTICLES or (word not in STOPWORDS and word not in _FILLER)]


def _days_named(text: str) -> set[int]:
    days = {day for day, name in enumerate(DAYS) if re.search(rf"\b{name[:3]}(?:\b|{name[3:]})", text)}
    span = _DAY_RANGE.search(text)
    if span:
        first, last = (
            next(day for day, name in enumerate(DAYS) if name.startswith(part.lower())) for part in span.groups()
        )
        days |= set(range(first, last + 1)) if first <= last else {*range(first, 7), *range(last + 1)}
    if _ALL_WEEK.search(text):
        days = set(range(7))
    if "weekday" in text:
        days |= set(range(5))
    if "weekend" in text:
        days |= {5, 6}
    return days
