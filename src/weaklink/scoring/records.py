"""Conflicts between a claim and a JSON record: false said as true, unknown said as known, wrong opening hours."""

import re
from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.lexicon import DAYS, STOPWORDS
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import tokenise
from weaklink.scoring.text.units import is_negated

_CLAUSES = re.compile(
    r"[;]|, (?=but|while|although|though|and (?:it|they|the|there))|\b(?:but|while|although|though|however)\b",
    re.IGNORECASE,
)
_FILLER = frozenset({"restaurants", "business", "good", "accepts", "has", "best", "attributes"})
_OPEN = re.compile(r"\b(?:open|hours?|operat|clos)", re.IGNORECASE)
_DAY = r"(mon|tues|wednes|thurs|fri|satur|sun)day"
_DAY_RANGE = re.compile(rf"{_DAY}s?\s*(?:to|through|thru|-|–|until)\s*{_DAY}", re.IGNORECASE)
_ALL_WEEK = re.compile(r"\b(?:seven|7) days|every ?day|\bdaily\b|all week", re.IGNORECASE)


class Conflicts(NamedTuple):
    """How often a claim says other than the record; all 0 for prose."""

    false_said: float = 0.0
    """Values that the record gives as false, named without a negation."""
    unknown_said: float = 0.0
    """Values that the record leaves open, named without a negation."""
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
                keys.append(_Key(frozenset(map(stem, words)), stem("".join(words)), unit.polarity, number))
        return keys

    @cached_property
    def _groups(self) -> dict[frozenset[str], list[int]]:
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for unit in self._index.units:
            words = _key_words(unit.group)
            if words:
                groups[frozenset(map(stem, words))].append(unit.polarity)
        return groups

    @cached_property
    def _hours(self) -> dict[int, frozenset[str]]:
        hours: dict[int, frozenset[str]] = {}
        for unit in self._index.units:
            if unit.text[:6].lower() != "hours ":
                continue
            for day, name in enumerate(DAYS):
                if name in unit.text[:40].lower():
                    hours[day] = frozenset(token.value for token in unit.tokens if token.kind == "time")
        return hours

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
        named = {token.value for token in tokens} | {stem(token.surface.lower()) for token in tokens}
        denied = is_negated(tokens)
        said = ""
        for key in self._keys:
            if not (key.stems <= named or key.joined in named):
                continue
            counts["polarity"] += -key.polarity if denied else key.polarity
            conflict = {(-1, False): "false_said", (0, False): "unknown_said", (1, True): "true_denied"}
            name = conflict.get((key.polarity, denied))
            if name:
                counts[name] += 1
                said = self._index.units[key.unit].text if key.polarity else said
        for group, polarities in self._groups.items():
            if group <= named and not denied and all(polarity < 1 for polarity in polarities):
                counts["group_false"] += 1
        return said

    def _wrong_hours(self, claim: Claim) -> tuple[float, float]:
        times = claim.of_kind("time")
        if not self._hours or not (times or _OPEN.search(claim.text)) or "clos" in claim.text.lower():
            return 0.0, 0.0
        days = _days_named(claim.text.lower())
        missing = float(sum(day not in self._hours for day in days))
        if not times or not days:
            return 0.0, missing
        allowed = {time for day in days for time in self._hours.get(day, ())}
        wrong = float(sum(time not in allowed for time in times))
        if len(times) == 2:
            wrong += 0.5 * sum(self._hours.get(day, set(times)) != set(times) for day in days)
        return wrong, missing


def _key_words(key: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", key.lower()) if word not in STOPWORDS and word not in _FILLER]


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
