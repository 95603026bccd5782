"""Conflicts between a claim and a JSON record: false said as true, unknown said as known, wrong opening hours."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.hours import Hours, conflicting, hours_of, place_of
from weaklink.scoring.index import ContextIndex
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token, tokenise
from weaklink.scoring.text.units import is_negation, joined_key, key_words

_VERB = (
    r"(?:is|are|was|were|has|have|does|do|it|they|there|its|their|offers?|provides?|allows?|takes?|accepts?|features?|given"
    r"|with)\b(?!-)"
)
_CLAUSES = re.compile(
    rf"[;]|, (?=but|while|although|though|and (?:it|they|the|there)\b|(?!and |or |nor )(?:[\w-]+ ){{0,3}}{_VERB})"
    rf"|\band (?={_VERB})|\b(?:but|while|although|though|however|except)\b",
    re.IGNORECASE,
)
"""Where the reach of a negation ends: "it has no lot, street parking is free", "no Wi-Fi but a terrace"."""
_ASIDE = re.compile(r", (?:however|though),")
_NOT_STATED = re.compile(
    r"\bnot (?:\w+ ){0,2}(?:information|details?)\b|\bno (?:information|mention|details?)\b"
    r"|\bnot (?:\w+ )?(?:mention|specif|stated?\b|provided|listed|indicate|clear|known|given)"
    r"|\bun(?:known|clear|specified)\b",
    re.IGNORECASE,
)
"""Says that the record leaves something open, which is right for what it leaves open."""
_BEHIND = frozenset({"not", "unavailable", "never", "disabled", "off", "inactive"})
_LINKS = frozenset({"and", "or", "nor", "is", "are", "was", "were"})
"""Words that may stand between a denied thing and the "not" behind a list: "garage and valet parking are not"."""
_CONFLICTS = {
    (-1, False): "false_said",
    (0, False): "unknown_said",
    (0, True): "unknown_denied",
    (1, True): "true_denied",
}
"""Polarity of the record and whether the claim denies it, to what is wrong."""


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
    """Sum over the named keys: 1 where claim and record agree, -1 where they do not; at most 0 where one conflicts."""
    group_false: float = 0.0
    """Groups named without a negation although none of their values is true."""
    wrong_hours: float = 0.0
    """Times that are not those of the named days."""
    missing_days: float = 0.0
    """Named days for which the record has no hours."""
    said: str = ""
    """The key and value behind the first conflict, for people."""
    places: tuple[tuple[int, int], ...] = ()
    """The clauses that conflict with a key, and the hours where these do, in characters of the claim's text."""


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
            words = key_words(unit.key)
            if words:
                group = frozenset(map(stem, key_words(unit.group)))
                keys.append(_Key(frozenset(map(stem, words)), group, joined_key(unit.key), unit.polarity, number))
        return keys

    @cached_property
    def _said_otherwise(self) -> frozenset[str]:
        """What stands in values of the record too: "State Street" is no parking in the street."""
        return frozenset(value for unit in self._index.units if not unit.key for value in unit.values)

    @cached_property
    def _groups(self) -> dict[frozenset[str], list[int]]:
        groups: dict[frozenset[str], list[int]] = defaultdict(list)
        for unit in self._index.units:
            words = key_words(unit.group)
            if words:
                groups[frozenset(map(stem, words))].append(unit.polarity)
        return groups

    @cached_property
    def _hours(self) -> Hours | None:
        return hours_of(self._index.units)

    def conflicts(self, claim: Claim) -> Conflicts:
        """How often `claim` says other than the records."""
        if not self._index.is_record and not self._keys:
            return Conflicts()
        counts = defaultdict[str, float](float)
        said, places = "", list[tuple[int, int]]()
        text = _ASIDE.sub(lambda found: " " * len(found.group()), claim.text)
        for start, end in pairwise(
            [0, *chain.from_iterable(found.span() for found in _CLAUSES.finditer(text)), len(text)]
        ):
            disputed = _disputed(counts)
            said = self._clause(text[start:end], counts) or said
            if _disputed(counts) > disputed:
                places.append((start, end))
        if places:
            counts["polarity"] = min(counts["polarity"], 0.0)  # what agrees does not make up for what does not
        wrong, missing = conflicting(claim, self._hours) if self._hours is not None else (0.0, 0.0)
        if wrong or missing:
            places.append(place_of(claim))
        return Conflicts(**counts, wrong_hours=wrong, missing_days=missing, said=said, places=tuple(places))

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
        """A negation or "out of" stands before the words at `places`, or a "not" behind: "Wi-Fi and parking are not available"."""
        before = [token.surface.lower() for token in tokens[: places[0]]]
        if before[-2:] == ["out", "of"] or any(is_negation(token) for token in tokens[: places[0]]):
            return True
        near = places[-1] + 4
        for place, token in enumerate(tokens[places[-1] + 1 :], start=places[-1] + 1):
            if token.surface.lower() in _BEHIND or token.surface.lower().endswith("n't"):
                return True
            if place + 1 >= near and not {token.value, token.surface.lower()} & self._listed:
                return False
        return False


def _disputed(counts: Mapping[str, float]) -> float:
    return sum(counts.get(name, 0.0) for name in _CONFLICTS.values())
