"""Cuts a text into words and values, and writes each value in one way: "17:00" and "5 PM" are the same token."""

import functools
import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from weaklink.scoring.text.lexicon import (
    AMBIGUOUS_MONTHS,
    CENTS,
    CODES,
    CURRENCIES,
    DAYS,
    DEGREES,
    FOREIGN_STOPWORDS,
    LIGHT,
    MEASURES,
    MONTHS,
    MULTIPLIERS,
    NUMBER_WORDS,
    ORDINALS,
    PERCENT,
    SHORT_DAYS,
    SHORT_MULTIPLIERS,
    STOPWORDS,
    UNITS,
    WITH_HALF,
)
from weaklink.scoring.text.spoken import may_speak_of_time, spoken_times
from weaklink.scoring.text.stems import stem

TokenKind = Literal["word", "number", "time", "month"]


class Token(NamedTuple):
    """One word or value of a text."""

    value: str
    """What is compared: a stem, a number such as "1200", a time such as "17:00", a month such as "month:3"."""
    kind: TokenKind
    start: int
    end: int
    """Where it stands, in characters of the text."""
    surface: str
    """The characters themselves."""
    content: bool
    """Carries a topic or a value: neither a stop word nor a light word."""
    unit: str = ""
    """Of a number: "%", a currency such as "$" or "CHF", "¢" or ""."""

    @property
    def is_value(self) -> bool:
        """A number, a time or a month."""
        return self.kind != "word"


# "2GB" is a number and a unit.
_BEFORE_UNIT = rf"(?=(?:{'|'.join(sorted(UNITS))})\b)"
_WIDE = r"\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af"
# Chinese, Japanese and Korean put no space behind a number: "45欧元".
_NUMBER_END = rf"(?:\b|(?=[{_WIDE}]))"
_CLOCK = r"[0-9]{1,2}(?::[0-9]{1,2})?"
_DIGITS = r"(?:(?<![0-9],)[0-9]+,[0-9]{1,2}(?![0-9,])|[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
"""With a comma for thousands, or for decimals ("4,90"); in "18400,21300" it parts two numbers."""
_TOKEN = re.compile(
    r"(?P<iso>\b(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?\b)"
    r"|(?P<date>\b[0-9]{1,2}(?P<mark>[/.])[0-9]{1,2}(?P=mark)(?:19|20)[0-9]{2}\b|\b[0-9]{2}/[0-9]{2}\b(?![/%0-9]))"
    rf"|(?P<range>\b{_CLOCK}\s?(?:-|–|to|and)\s?{_CLOCK}\s?[ap]\.?\s?m\b\.?)"
    rf"|(?P<time>\b{_CLOCK}\s?[ap]\.?\s?m\b|\b[0-9]{{1,2}}:[0-9]{{1,2}}(?![0-9]|:[0-9])|\b(?:noon|midnight)\b)"
    rf"|(?P<number>(?:[$£€¥₹]\s?|(?<![^\s(\[:,=])[-−](?![0-9.,]*\s?%))?{_DIGITS}(?:(?:st|nd|rd|th|s|k|m|bn)?{_NUMBER_END}|{_BEFORE_UNIT})\s?%?)"
    rf"|(?P<wide>[{_WIDE}])"
    rf"|(?P<word>[^\W\d_{_WIDE}]+(?:['’][^\W\d_]+|[0-9]+)*)",
    re.IGNORECASE,
)
_DECIMAL_COMMA = re.compile(r"^(\D*[0-9]+),([0-9]{1,2})(?![0-9,])")
_RANGE = re.compile(r"\s?(?:-|–|to|and|bis)\s?", re.IGNORECASE)
_SHARES_BELOW = 1_000
"""From here on a number stands for itself: "1,900 to 2.3 thousand"."""
_NUMBER = re.compile(r"([$£€¥₹]?|[-−])\s?([0-9.]+)(st|nd|rd|th|s|k|m|bn)?\s?(%?)$")
_CLOCKS = re.compile(r"([0-9]{1,2})(?::([0-9]{1,2}))?\s?([ap])?", re.IGNORECASE)


def tokenise(text: str) -> list[Token]:
    """The tokens of `text`, in order.

    Dates and ranges give several tokens that share one place.
    """
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        found, start, end = match.group(), match.start(), match.end()
        for token in _READERS[match.lastgroup or "word"](found, start, end):
            if token.kind == "number" and tokens and _is_code_of(tokens[-1], token, text):
                token = token._replace(unit=CURRENCIES[tokens.pop().surface.lower()])
            if tokens and (tokens[-1].kind == "number" or found == "cent"):
                _complete(tokens, token, text)
            else:
                tokens.append(token)
    if may_speak_of_time(text):
        tokens = _with_spoken_times(tokens, text)
    if "half" in text:
        tokens = _with_halves(tokens, text)
    return _with_short_days(_numerals_before_measures(tokens))


def _is_code_of(before: Token, number: Token, text: str) -> bool:
    """A currency stands before its number: "EUR 2,400", "price_eur: 2400"."""
    if before.surface in CODES and number.start - before.end <= 1:
        return True
    return before.surface.upper() in CODES and text[before.end : number.start].strip(' "') == ":"


def content_values(tokens: list[Token]) -> list[str]:
    """The values of the tokens that carry a topic, in order, with repetitions."""
    return [token.value for token in tokens if token.content]


def _read_iso(found: str, start: int, end: int) -> list[Token]:
    year, month, day = found[:10].split("-")
    if not 1 <= int(month) <= 12:
        return [Token(found, "word", start, end, found, True)]
    tokens = [_month(int(month), start, end, found), *(_plain(value, start, end, found) for value in (day, year))]
    clock = _CLOCKS.match(found[11:]) if len(found) > 10 else None
    value = _clock(*clock.groups()) if clock else None
    return [*tokens, Token(value, "time", start, end, found, True)] if value else tokens


def _read_date(found: str, start: int, end: int) -> list[Token]:
    """ "31/03/2024" and "03/31": only one of the two can be the month; where both can, they stay numbers."""
    first, second, *year = (int(part) for part in re.split(r"[/.]", found))
    days = [part for part in (first, second) if 12 < part <= 31]
    months = [part for part in (first, second) if 1 <= part <= 12]
    if len(days) == len(months) == 1:
        numbers = [days[0], *year]
        return [
            _month(months[0], start, end, found),
            *(_plain(str(number), start, end, found) for number in numbers),
        ]
    return [_plain(str(number), start, end, found) for number in (first, second, *year)]


def _month(month: int, start: int, end: int, surface: str) -> Token:
    return Token(f"month:{month}", "month", start, end, surface, True)


def _plain(number: str, start: int, end: int, surface: str) -> Token:
    return Token(str(int(number)), "number", start, end, surface, True)


def _read_range(found: str, start: int, end: int) -> list[Token]:
    clocks = [match.groups() for match in _CLOCKS.finditer(found)]
    half = (clocks[-1][2] or "p").lower()
    hours = [int(clock[0]) % 12 for clock in clocks]
    halves = ["a" if half == "p" and hours[0] > hours[-1] else half, half]  # "10-3 pm" starts in the morning
    values = [_clock(clock[0], clock[1], which) for clock, which in zip(clocks, halves, strict=False)]
    return [Token(value or found, "time", start, end, found, True) for value in values]


def _read_time(found: str, start: int, end: int) -> list[Token]:
    named = {"noon": "12:00", "midnight": "00:00"}.get(found.lower())
    match = _CLOCKS.match(found)
    value = named or (_clock(*match.groups()) if match else None)
    if value is None:
        return [Token(found.lower(), "word", start, end, found, True)]
    return [Token(value, "time", start, end, found, True)]


def _clock(hour: str, minute: str | None, half: str | None) -> str | None:
    hours, minutes = int(hour), int(minute or 0)
    if half and hours <= 12:
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    return f"{hours % 24:02d}:{minutes:02d}" if hours <= 24 and minutes <= 59 else None


def _read_number(found: str, start: int, end: int) -> list[Token]:
    found = found.rstrip()
    plain = _DECIMAL_COMMA.sub(r"\1.\2", found.lower()).replace(",", "")
    match = _NUMBER.match(plain) if len(found) <= 40 else None
    try:
        number = float(match.group(2)) if match else None
    except ValueError:
        number = None
    if match is None or number is None:
        return [Token(found.lower()[:40], "word", start, start + len(found), found, True)]
    currency, suffix, percent = match.group(1), match.group(3) or "", match.group(4)
    if currency in _MINUS:
        number, currency = -number, ""
    if suffix in SHORT_MULTIPLIERS and (suffix != "m" or currency):  # "100m" is a distance, "$100m" is not
        number *= SHORT_MULTIPLIERS[suffix]
    return [Token(_digits(number), "number", start, start + len(found), found, True, percent or currency)]


def _digits(number: float) -> str:
    return f"{number:.10g}" if abs(number) < 1e15 else f"{number:.6e}"


def _read_word(found: str, start: int, end: int) -> list[Token]:
    value, kind, content = _word(found)
    return [Token(value, kind, start, end, found, content)]


@functools.lru_cache(maxsize=50_000)
def _word(found: str) -> tuple[str, TokenKind, bool]:
    """Value, kind and "carries a topic" of a word; kept, for texts repeat their words."""
    lower = found.lower().replace("’", "'")
    if lower in MONTHS and (lower not in AMBIGUOUS_MONTHS or found[0].isupper()):
        return f"month:{MONTHS[lower]}", "month", True
    if lower in NUMBER_WORDS and lower != "one":
        return str(NUMBER_WORDS[lower]), "number", True
    if lower in WITH_HALF:
        return str(WITH_HALF[lower]), "number", True
    if lower in ORDINALS:
        return str(ORDINALS[lower]), "number", True
    return stem(lower), "word", not any(lower in words for words in (STOPWORDS, LIGHT, FOREIGN_STOPWORDS))


_READERS: dict[str, Callable[[str, int, int], list[Token]]] = {
    "iso": _read_iso,
    "date": _read_date,
    "range": _read_range,
    "time": _read_time,
    "number": _read_number,
    "wide": _read_word,
    "word": _read_word,
}


def _complete(tokens: list[Token], token: Token, text: str) -> None:
    """Let `token` complete the number before it: "1.5 million", "twenty-five", "25 percent", "30 euros"; or append it."""
    before = tokens[-1]
    if token.surface == "cent" and len(tokens) > 1 and before.value == "per" and tokens[-2].kind == "number":
        number = tokens[-2]
        tokens[-2:] = [number._replace(unit="%", end=token.end, surface=text[number.start : token.end])]
        return
    lower = token.surface.lower()
    joined = before.surface + text[before.end : token.end]
    if before.kind != "number":
        tokens.append(token)
    elif lower in MULTIPLIERS:
        number = _digits(float(before.value) * MULTIPLIERS[lower])
        if (first := _start_of_range(tokens, text)) is not None:
            low = tokens[first]
            tokens[first] = low._replace(value=_digits(float(low.value) * MULTIPLIERS[lower]))
        tokens[-1] = before._replace(value=number, end=token.end, surface=joined)
    elif lower in CENTS:
        tokens[-1] = before._replace(
            value=_digits(float(before.value) / 100), unit=before.unit or "¢", end=token.end, surface=joined
        )
    elif lower in PERCENT or lower in CURRENCIES:
        unit = before.unit or ("%" if lower in PERCENT else CURRENCIES[lower])
        if (first := _start_of_range(tokens, text)) is not None:
            tokens[first] = tokens[first]._replace(unit=unit)
        tokens[-1] = before._replace(unit=unit, end=token.end, surface=joined)
    elif _completes_tens(before, lower):
        number = str(int(before.value) + NUMBER_WORDS[lower])
        tokens[-1] = before._replace(value=number, end=token.end, surface=joined)
    elif lower in DEGREES and "°" in text[before.end : token.start]:
        tokens.append(token._replace(value=stem(DEGREES[lower]), content=True))
    elif lower in ("degree", "degrees"):
        tokens.append(token._replace(content=False))
    elif lower in UNITS and text[token.end : token.end + 1] != "/":  # "12 m/s" is no distance
        tokens.append(token._replace(value=stem(UNITS[lower]), content=True))
    else:
        tokens.append(token)


def _start_of_range(tokens: list[Token], text: str) -> int | None:
    """Where the lower number of a range stands whose upper one is the last token, and that leaves its unit to that: "8 to 10 percent"."""
    last = tokens[-1]
    place = next((at for at in (len(tokens) - 2, len(tokens) - 3) if at >= 0 and tokens[at].kind == "number"), None)
    if (
        place is None
        or not _RANGE.fullmatch(text[tokens[place].end : last.start])
        or tokens[place].unit not in ("", last.unit)
    ):
        return None
    is_between = place > 0 and tokens[place - 1].surface.lower() == "between"
    if "and" in text[tokens[place].end : last.start] and not is_between:
        return None
    return place if float(tokens[place].value) < _SHARES_BELOW else None


def _completes_tens(before: Token, lower: str) -> bool:
    tens = NUMBER_WORDS.get(before.surface.lower(), 0)
    return tens >= 20 and 1 <= NUMBER_WORDS.get(lower, 0) <= 9


def _with_spoken_times(tokens: list[Token], text: str) -> list[Token]:
    """Let "ten past two in the afternoon" be one time."""
    for start, end, value in spoken_times(text):
        first = next((at for at, token in enumerate(tokens) if token.end > start), len(tokens))
        last = next((at for at, token in enumerate(tokens) if token.start >= end), len(tokens))
        if first < last:
            tokens[first:last] = [Token(value, "time", start, end, text[start:end], True)]
    return tokens


def _with_halves(tokens: list[Token], text: str) -> list[Token]:
    """Let "two and a half" be 2.5, and "half a dozen" six."""
    found: list[Token] = []
    for token in tokens:
        before = [other.surface.lower() for other in found[-3:]]
        if (
            token.surface == "half"
            and before[1:] == ["and", "a"]
            and (found[-3].kind == "number" or before[0] == "one")
        ):
            number = found[-3]
            value = 1.0 if before[0] == "one" else float(number.value)
            del found[-3:]
            token = Token(_digits(value + 0.5), "number", number.start, token.end, text[number.start : token.end], True)
        elif token.surface == "dozen" and before[-2:] == ["half", "a"]:
            token = token._replace(value="6")
            del found[-2:]
        found.append(token)
    return found


def _numerals_before_measures(tokens: list[Token]) -> list[Token]:
    """Let "one" be a number where a measure follows: "one week", "one business day"."""
    for index, token in enumerate(tokens[:-1]):
        if token.value == "one" and token.kind == "word" and tokens[index + 1].value in _MEASURE_STEMS:
            tokens[index] = token._replace(value="1", kind="number", content=True)
    return tokens


def _with_short_days(tokens: list[Token]) -> list[Token]:
    """Let "Mon" be Monday, and "Sun" Sunday where a day or a time stands beside it."""
    for index, token in enumerate(tokens):
        day = SHORT_DAYS.get(token.value)
        if day is None or not token.surface[0].isupper():
            continue
        beside = [*tokens[max(0, index - 1) : index], *tokens[index + 1 : index + 2]]
        if day not in _ALSO_WORDS or any(other.kind in ("time", "number") or _is_day(other) for other in beside):
            tokens[index] = token._replace(value=stem(day))
    return tokens


def _is_day(token: Token) -> bool:
    return token.value in _DAY_STEMS or (token.surface[0].isupper() and token.value in SHORT_DAYS)


_MINUS = ("-", "−")
_ALSO_WORDS = frozenset({"saturday", "sunday"})
_DAY_STEMS = frozenset(stem(day) for day in DAYS)
_MEASURE_STEMS = frozenset(stem(word) for word in MEASURES)
