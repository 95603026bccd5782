"""Dates, weeks, months and quarters, however they are written, and those that follow from what was said."""

import re
from calendar import leapdays, monthrange
from collections.abc import Iterator
from dataclasses import dataclass

from weaklink.diagnosis.values import contents_of

_YEAR = r"(?:19|20)\d\d"
_STAMP = re.compile(
    rf"(?<!\d)(?P<year>{_YEAR})(?P<mark>[-/.]?)(?P<month>0[1-9]|1[0-2])(?P=mark)(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?P<clock>\d\d:?\d\d)(?::?\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)"
)
_PERIOD = re.compile(
    rf"(?<!\d)(?P<year>{_YEAR})(?:-?W(?P<week>\d\d?)|-?Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))(?![\d-])"
    rf"|\bQ(?P<of>[1-4])[-/ ](?P<of_year>{_YEAR})\b",
    re.IGNORECASE,
)
_NUMERIC = re.compile(rf"(?<![\d.])(?P<first>\d\d?)([./])(?P<second>\d\d?)\2(?P<year>{_YEAR}|\d\d)(?!\d)")
_MONTHS = (
    "january jan januar jänner janvier enero gennaio", "february feb februar février fevrier febrero febbraio",
    "march mar märz maerz mars marzo", "april apr avril abril aprile", "may mai mayo maggio",
    "june jun juni juin junio giugno", "july jul juli juillet julio luglio", "august aug août aout agosto",
    "september sep sept septembre septiembre settembre", "october oct oktober okt octobre octubre ottobre",
    "november nov novembre noviembre", "december dec dezember dez décembre decembre diciembre dicembre",
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAMED = re.compile(
    r"(?:(?<!\d)(?P<before>\d\d?)(?:st|nd|rd|th|\.|er)?\s+(?:of\s+|de\s+)?)?"
    rf"\b(?P<name>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})\b\.?"
    rf"(?:\s+(?:the\s+)?(?P<after>\d\d?)(?:st|nd|rd|th)?(?![\d:]))?(?:,?\s+(?:of\s+|de\s+)?(?P<year>{_YEAR}))?",
    re.IGNORECASE,
)
_WEEK = re.compile(
    r"\b(?:weeks?|wk|kw|cw|kalenderwoche|semaine|semana|settimana)\W{0,2}(?:(?:no|nr|number)\W{0,2})?(\d\d?)\b|\bW(\d\d?)\b",
    re.IGNORECASE,
)
_QUARTER = re.compile(
    r"\bq([1-4])\b|\b(first|second|third|fourth|last|1st|2nd|3rd|4th|[1-4])\.?\s+(?:quarter|quartal|trimestre)",
    re.IGNORECASE,
)
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_WEEKDAYS = (
    "monday montag lundi lunes", "tuesday dienstag mardi martes", "wednesday mittwoch mercredi miércoles",
    "thursday donnerstag jeudi jueves",
    "friday freitag vendredi viernes", "saturday samstag samedi sábado", "sunday sonntag dimanche domingo",
)  # fmt: skip
_WEEKDAY_OF = {name: number for number, names in enumerate(_WEEKDAYS) for name in names.split()}
_DAY_BESIDE = {
    "today": 0, "tonight": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0, "tomorrow": 1, "demain": 1, "mañana": 1,
    "yesterday": -1, "gestern": -1, "hier": -1, "ayer": -1,
}  # fmt: skip
_RELATIVE = re.compile(
    r"\b(?:next|last|this|past|coming|following|previous|recent\w*|latest|current\w*|now|ago|weekends?|fortnight|until|since|till"
    r"|spring|summer|autumn|fall|winter|easter|christmas|new year|holidays?|quarter|year|month|week|days?|nights?|before|after"
    r"|nächste\w*|letzte\w*|diese\w*|kommende\w*|vor|seit|woche\w*|monat\w*|jahr\w*|übermorgen|morgen|ostern|weihnachten|sommer"
    r"|prochaine?s?|dernière?s?|dernier|cette|semaine|mois|année|próxim[oa]|últim[oa]|pasad[oa]|esta|semana|mes|año)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day or a month of a text; what is not said is None."""

    year: int | None
    month: int
    day: int | None

    def agrees(self, other: "Day") -> bool:
        """Whether both can be the same day, or the one lies in the month that the other is."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(one is None or two is None or one == two for one, two in pairs)


def days_in(text: str) -> list[Day]:
    """The days and months that a text names; of "5/12/2026" both readings."""
    found = [_day(match["year"], match["month"], match["day"]) for match in _STAMP.finditer(text)]
    for match in _NUMERIC.finditer(text):
        year = match["year"] if len(match["year"]) == 4 else f"20{match['year']}"
        pairs = ((match["first"], match["second"]), (match["second"], match["first"]))
        found += [_day(year, month, day) for month, day in pairs if 1 <= int(month) <= 12 and 1 <= int(day) <= 31]
    for match in _NAMED.finditer(text):
        if match["before"] or match["after"] or match["year"] or match["name"].istitle():
            found.append(_day(match["year"], str(_MONTH_OF[match["name"].lower()]), match["before"] or match["after"]))
    found += [_day(match["year"], match["month"], None) for match in _PERIOD.finditer(text) if match["month"]]
    return found


def dates_in(argument: str) -> list[str]:
    """The dates and periods in figures of an argument, as they are written there."""
    return [match.group() for pattern in (_STAMP, _PERIOD, _NUMERIC) for match in pattern.finditer(argument)]


def date_around(argument: str, piece: str) -> str:
    """The date, or the period, of an argument that the piece is part of; "" where it is part of none."""
    return next((written for written in dates_in(argument) if piece in written), "")


def is_said(written: str, said: str, asked: str) -> bool:
    """Whether the date or period is named in the texts, or follows from what the user asked: "tomorrow", "last week"."""
    if period := _PERIOD.fullmatch(written):
        return _is_period_said(period, said) or (_RELATIVE.search(asked) is not None and not _names_period(asked))
    days = days_in(written)
    known = days_in(said)
    if any(day.agrees(other) and other.day for day in days for other in known):
        clock = match["clock"] if (match := _STAMP.fullmatch(written)) else None
        return clock is None or _is_clock_said(clock, said)
    return any(_follows(day, known, asked) for day in days)


def is_another_day(written: str, asked: str, given: str) -> bool:
    """The user named one day, no call was given it, and this is another; nothing lets that follow."""
    named = {day for day in days_in(asked) if day.day}
    if (
        len(named) != 1
        or _RELATIVE.search(asked)
        or any(word in asked.lower() for word in (*_DAY_BESIDE, *_WEEKDAY_OF))
    ):
        return False
    (wanted,) = named
    return not any(wanted.agrees(day) for text in (written, given) for day in days_in(text) if day.day)


def _is_period_said(period: re.Match[str], said: str) -> bool:
    year = int(period["year"] or period["of_year"])
    years = {int(found) for found in re.findall(rf"(?<!\d){_YEAR}(?!\d)", said)}
    if years and year not in years:
        return False
    if period["month"]:
        return any(day.agrees(Day(year, int(period["month"]), None)) for day in days_in(said))
    if period["week"]:
        weeks = {int(str(number)) for pair in _WEEK.findall(said) for number in pair if number}
        return int(period["week"]) in weeks | {_week(day, number) for day, number in _numbered(days_in(said))}
    named = [str(number).lower() for pair in _QUARTER.findall(said) for number in pair if number]
    quarters = {_ORDER[name] if name in _ORDER else int(name) for name in named}
    return int(period["quarter"] or period["of"]) in quarters


def _names_period(asked: str) -> bool:
    """The user said which: "week 24", "the third quarter", "May"."""
    return bool(_WEEK.search(asked) or _QUARTER.search(asked) or days_in(asked))


def _is_clock_said(clock: str, said: str) -> bool:
    """Midnight and the last minute only say where a day begins and ends."""
    time = f"{clock[:2]}:{clock[-2:]}"
    return time in ("00:00", "23:59") or time in contents_of(said).numbers


def _follows(day: Day, known: list[Day], asked: str) -> bool:
    """Whether words of the question can mean the day: its weekday, "tomorrow" of a day that is known, or a span of time."""
    words = set(re.findall(r"[\w']+", asked.lower()))
    meant = next((number for _, number in _numbered([day])), None)
    if weekdays := {_WEEKDAY_OF[word] for word in words & _WEEKDAY_OF.keys()}:
        return meant is None or meant % 7 in weekdays or _RELATIVE.search(asked) is not None
    if beside := {_DAY_BESIDE[word] for word in words & _DAY_BESIDE.keys()}:
        numbers = [number for _, number in _numbered(known)]
        return meant is None or not numbers or any(meant == number + off for number in numbers for off in beside)
    return _RELATIVE.search(asked) is not None


def _numbered(days: list[Day]) -> Iterator[tuple[Day, int]]:
    """The days that are known in full, each with its number since the beginning of the calendar, a Monday being 0 of 7."""
    for day in days:
        if day.year and day.day and day.day <= monthrange(day.year, day.month)[1]:
            yield day, _days_before(day.year) + _day_of_year(day)


def _days_before(year: int) -> int:
    return 365 * (year - 1) + leapdays(1, year) - 1


def _day_of_year(day: Day) -> int:
    year = day.year or 1
    return sum(monthrange(year, month)[1] for month in range(1, day.month)) + (day.day or 0)


def _week(day: Day, number: int) -> int:
    """The week that ISO 8601 counts: that of its Thursday."""
    thursday = number - number % 7 + 3
    year = day.year or 1
    first = _days_before(year) + 1
    if thursday < first:
        first = _days_before(year - 1) + 1
    elif thursday > _days_before(year + 1):
        first = _days_before(year + 1) + 1
    return (thursday - first) // 7 + 1


def _day(year: str | None, month: str, day: str | None) -> Day:
    return Day(int(year) if year else None, int(month), int(day) if day else None)
