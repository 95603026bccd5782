"""Clock times in words: "ten past two in the afternoon" is 14:10, and "halb zwölf" is 11:30."""

import re
from collections.abc import Iterator

_HOURS = (
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
    ["eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"],
)
_HOUR_OF = {word: hour for words in _HOURS for hour, word in enumerate(words, start=1)}
_MINUTE_OF = {
    "five": 5, "ten": 10, "quarter": 15, "twenty": 20, "twenty-five": 25, "twenty five": 25, "half": 30,
    "fünf": 5, "zehn": 10, "viertel": 15, "zwanzig": 20,
}  # fmt: skip
_SPELT_LIKE = (
    "past ", "clock", "uarter to", "en to ", "ive to ", "nty to ", "the morn", "the after", "the even", "at night", "alb ",
    "iertel ", "nach ", "vor ", "Uhr",
)  # fmt: skip
"""One of these stands in every text with such a time; a pattern of them takes five times as long."""
_SHORTEST = len("14 Uhr")
_ENGLISH_HOUR = rf"(?:{'|'.join(_HOURS[0])}|1[0-2]|[1-9])(?![\w:.-]*[0-9])"
_GERMAN_HOUR = rf"(?:{'|'.join(_HOURS[1])}|1[0-2]|[1-9])(?![\w:.-]*[0-9])"
_PART = r"(?:,?\s(?:in\sthe\s)(?P<part>morning|afternoon|evening)|\s(?P<night>at\snight)|\s?(?P<half>[ap])\.?m\b\.?)"
_ENDS = re.compile(
    r"\s*(?:$|[.,;:!?)*]|(?:and|at|every|each|for|from|in|on|or|so|the|today|tomorrow|when|with)\b)", re.IGNORECASE
)
_ENGLISH = re.compile(
    rf"(?:(?:\ba\s)?\b(?P<sure>half|quarter)|\b(?P<minutes>five|ten|twenty(?:[-\s]five)?|[1-5]?[05])(?:\sminutes)?)"
    rf"\s(?P<way>past|to)\s(?P<hour>{_ENGLISH_HOUR})\b(?:\so['’]clock)?{_PART}?"
    rf"|\b(?P<full>{_ENGLISH_HOUR})\b(?:\so['’]clock{_PART.replace('?P<', '?P<full_')}?|{_PART.replace('?P<', '?P<bare_')})",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    rf"\b(?:(?P<halb>halb)|(?P<minutes>viertel|fünf|zehn|zwanzig)\s(?P<way>nach|vor))\s(?P<hour>{_GERMAN_HOUR})\b(?:\sUhr)?"
    r"(?:\s(?P<part>morgens|früh|vormittags|mittags|nachmittags|abends|nachts))?"
    r"|\b(?P<full>[01]?[0-9]|2[0-4])(?:\.(?P<behind>[0-5][0-9]))?\sUhr\b(?:\s(?P<full_part>nachmittags|abends))?",
    re.IGNORECASE,
)
_AT = re.compile(r"\b(?:at|by|until|till)\s(?:(?:about|around|roughly)\s)?$", re.IGNORECASE)
_NEAR = re.compile(r"\b(?:at|by|until|till|from|to|before|after|since|about|around)\s$", re.IGNORECASE)
_LATE = frozenset({"afternoon", "evening", "nachmittags", "abends", "mittags", "p"})
_TELLS_HALF = re.compile(r"[0-9]:|noon|morn|even|night|[ap]\.?m\b|mittag|abend|nacht|morgens|früh|Uhr", re.IGNORECASE)


def may_speak_of_time(text: str) -> bool:
    """Quick to tell: without this there is no clock time in words."""
    if len(text) < _SHORTEST:
        return False
    for mark in _SPELT_LIKE:  # noqa: SIM110, any() takes twice the time
        if mark in text:
            return True
    return False


def spoken_times(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a clock time stands in words, and the time; with no word for the half of the day that before noon."""
    for found in _ENGLISH.finditer(text):
        said = found.groupdict()
        is_open = said["way"] == "to" and said["minutes"] and not (said["part"] or said["night"] or said["half"])
        if is_open and not (_AT.search(text, 0, found.start()) and _ENDS.match(text, found.end())):
            continue  # "ten to twelve guests" is no time, "at ten to twelve" is one
        if (said["bare_part"] or said["bare_night"]) and not _NEAR.search(text, 0, found.start()):
            continue  # "take one in the morning"
        half = next(filter(None, (said[name] for name in said if name.endswith(("part", "night", "half")))), "").lower()
        minutes = (said["sure"] or said["minutes"] or "").lower()
        if said["way"] == "to" and minutes == "half":
            continue
        yield found.start(), found.end(), _time(said["hour"] or said["full"], minutes, said["way"], half)
    for found in _GERMAN.finditer(text):
        said = found.groupdict()
        half = (said["part"] or said["full_part"] or "").lower()
        if said["full"]:
            yield found.start(), found.end(), _time(said["full"], said["behind"] or "", "past", half)
        else:
            minutes, way = ("half", "to") if said["halb"] else (said["minutes"].lower(), said["way"])
            yield found.start(), found.end(), _time(said["hour"], minutes, way, half)


def leaves_half_open(surface: str) -> bool:
    """The words of a time do not tell whether it is before or after noon."""
    return not _TELLS_HALF.search(surface)


def _time(hour: str, minutes: str, way: str | None, half: str) -> str:
    hours = _HOUR_OF.get(hour.lower()) or int(hour)
    late = half in _LATE or (half in ("at night", "nachts") and 6 <= hours < 12)
    early = half in ("morning", "a") or (half in ("at night", "nachts") and hours == 12)
    if late and hours < 12:
        hours += 12
    elif early and hours == 12:
        hours = 0
    add = _MINUTE_OF.get(minutes.lower(), int(minutes) if minutes.isdigit() else 0)
    total = hours * 60 + (add if way and way.lower() in ("past", "nach") else -add)
    return f"{total // 60 % 24:02d}:{total % 60:02d}"
