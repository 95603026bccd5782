"""Opening hours: which days a claim puts beside which times, and where a record says otherwise."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from weaklink.scoring.claim import Claim
from weaklink.scoring.text.lexicon import DAYS
from weaklink.scoring.text.units import Unit

Hours = Mapping[int, frozenset[str]]
"""Day, from 0 for Monday, to its times; none for a day that is open around the clock."""

_SPEAKS_OF = re.compile(r"\b(?:open|hours?|operat|clos)", re.IGNORECASE)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_NAMED = re.compile(
    rf"(?P<first>{_DAY})s?\s*(?:to|through|thru|-|–|until)\s*(?P<last>{_DAY})s?|(?P<day>{_DAY})s?"
    r"|(?P<all>(?:seven|7) days|every ?day|\bdaily\b|all week)|(?P<week>weekdays?|weekends?)",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    rf"\bclosed\s+(?:on\s+|every\s+)?((?:{_DAY}s?(?:\s*,|\s+and\b|\s*&)?\s*)+)"
    rf"|{_DAY}s?\s+(?:when\s+it\s+)?(?:is\s+|are\s+|being\s+|remains\s+)?closed\b",
    re.IGNORECASE,
)
_GLUE = re.compile(r"[\s,&]*(?:and|or|to|until|till|through|-|–)?\s*", re.IGNORECASE)
"""What may stand between two days, or two times, that belong together."""
_MOST = 50
"""Pairs of days and times that are read: a claim of a megabyte must not take quadratic time."""


class _Mention(NamedTuple):
    start: int
    end: int
    days: frozenset[int]
    times: frozenset[str]


def hours_of(units: Sequence[Unit]) -> Hours | None:
    """The hours of each day; None where a record does not speak of hours.

    A day "from 0:00 to 0:00" beside days with other hours is a day without hours.
    """
    hours: dict[int, frozenset[str]] = {}
    around_the_clock: dict[int, frozenset[str]] = {}
    spoken_of = False
    for unit in units:
        if unit.text[:5].lower() != "hours":
            continue
        spoken_of = True
        for day, name in enumerate(DAYS):
            if name in unit.text[:40].lower():
                times = frozenset(token.value for token in unit.tokens if token.kind == "time")
                (hours if times else around_the_clock)[day] = times
    return (hours or around_the_clock) if spoken_of else None


def conflicting(claim: Claim, hours: Hours) -> tuple[float, float]:
    """How many days have other hours than a claim says, or hours although it calls them closed; how many have none."""
    times = [_Mention(t.start, t.end, frozenset(), frozenset([t.value])) for t in claim.tokens if t.kind == "time"]
    if not times and not _SPEAKS_OF.search(claim.text):
        return 0.0, 0.0
    text = claim.text
    closed = _all_days(_days(found) for closes in _CLOSED.finditer(text) for found in _NAMED.finditer(closes.group()))
    wrong = float(len(closed & hours.keys()))
    text = _CLOSED.sub(lambda found: " " * len(found.group()), text)
    if "closed" in text.lower():
        return wrong, 0.0
    named = list(_NAMED.finditer(text))
    days = [_Mention(found.start(), found.end(), _days(found), frozenset()) for found in named]
    for some_days, some_times in _schedule(_joined(days, text), _joined(times, text)):
        wrong += sum(not some_times <= hours[day] for day in some_days - closed if hours.get(day))
    open_days = _all_days(_days(found) for found in named if not found.group("week"))
    return wrong, float(len(open_days - hours.keys() - closed))


def place_of(claim: Claim) -> tuple[int, int]:
    """From the first to the last day or time that a claim names, in characters of its text; all of it without one."""
    found = [found.span() for found in _NAMED.finditer(claim.text)]
    found += [(token.start, token.end) for token in claim.tokens if token.kind == "time"]
    return min(found)[0] if found else 0, max((end for _, end in found), default=len(claim.text))


def _schedule(days: Sequence[_Mention], times: Sequence[_Mention]) -> list[tuple[frozenset[int], frozenset[str]]]:
    """The days beside the times of "9 to 5 on Monday to Friday and 10 to 2 on Saturday": in order where they come in
    pairs, else each with all. A day that is named again by itself leaves its range."""
    if len(days) == len(times) <= _MOST:
        own = [_all_days(other.days for other in days if other.days < one.days) for one in days]
        return [(day.days - less, time.times) for day, less, time in zip(days, own, times, strict=True)]
    return [(day.days, time.times) for day in days for time in times] if 1 in (len(days), len(times)) else []


def _joined(mentions: Sequence[_Mention], text: str) -> list[_Mention]:
    """Neighbours with nothing but "and", "to" or a comma between them become one; times two by two."""
    found: list[_Mention] = []
    for one in mentions:
        last = found[-1] if found else None
        if last is None or not _GLUE.fullmatch(text, last.end, max(one.start, last.end)) or len(last.times) > 1:
            found.append(one)
        else:
            found[-1] = _Mention(last.start, one.end, last.days | one.days, last.times | one.times)
    return found


def _days(found: re.Match[str]) -> frozenset[int]:
    if found.group("all"):
        return frozenset(range(7))
    if week := found.group("week"):
        return frozenset(range(5)) if week.lower().startswith("weekday") else frozenset({5, 6})
    if day := found.group("day"):
        return frozenset({DAYS.index(day.lower())})
    first, last = (DAYS.index(found.group(name).lower()) for name in ("first", "last"))
    return frozenset(range(first, last + 1) if first <= last else {*range(first, 7), *range(last + 1)})


def _all_days(groups: Iterable[frozenset[int]]) -> frozenset[int]:
    return frozenset[int]().union(*groups)
