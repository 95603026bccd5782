"""Whether a value that a model gave to a tool was said before in another spelling: "LQ418" of "LQ 418", 90 of "an hour and a half"."""

import re
import unicodedata

from weaklink.diagnosis import dates
from weaklink.diagnosis.values import contents_of, numbers_of

_BETWEEN = r"[\s_.,:/#()+-]{0,2}"
"""What people write between the parts of an id, and programs leave out."""
_LEAST_COMPACT = 3
_LEAST_PHONE = 7
_LEAST_OWN_NUMBER = 3
"""Digits from which on a number is one that was said, whatever letters a model puts before it: "ORD-4711" of "order 4711"."""
_DURATION = re.compile(r"P(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d\d):\d\d(?:Z|[+-]\d\d:?\d\d)?")
_UNIT = re.compile(
    r"\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|nights?|fortnights?|dozens?|percent|per cent|decades?"
    r"|stunden?|minuten?|tagen?|tage|wochen?|monaten?|monate|jahren?|jahre|heures?|jours?|semaines?|mois|ans?|horas?|d[ií]as?|semanas?|mes(?:es)?|años?"
    r"|cents?|euros?|dollars?|pounds?|km|kilomet(?:er|re)s?|met(?:er|re)s?|cm|kg|kilos?|grams?|litres?|liters?|[kmgt]b)\b|[%€$£]",
    re.IGNORECASE,
)
_BETWEEN_UNITS = (7, 12, 24, 30, 52, 60, 100, 365, 1000, 1024, 3600)
"""How many of the smaller unit the larger one has."""
_PARTS = (
    (re.compile(r"\b(?:an?|last|past|next|per|une?|eine?[rmn]?)\b"), (1.0,)),
    (re.compile(r"\b(?:half|halbe[nrs]?|demi-?e?|medi[oa])\b"), (0.5,)),
    (re.compile(r"\bquarters?\b"), (0.25, 0.75, 1.25)),
    (re.compile(r"\bfortnight"), (14.0,)),
    (re.compile(r"\bdozen"), (12.0,)),
    (re.compile(r"\bdecade"), (10.0,)),
)
"""Numbers that words say."""


def is_said_otherwise(piece: str, argument: str, said: str, asked: str) -> bool:
    """Whether `piece`, a value of a tool's argument, stands in what was said before, or in what the user asked, in another spelling."""
    if written := dates.date_around(argument, piece):
        return dates.is_said(written, said, asked)
    if (clock := _CLOCK.fullmatch(argument.strip())) and piece in argument:
        return f"{int(clock[1]):02d}:{clock[2]}" in contents_of(said).numbers
    compact = _compact(argument)
    if piece in argument and len(compact) >= _LEAST_COMPACT and _stands_spaced(compact, said):
        return True
    return _is_id_said(piece, said) or _is_phone_said(argument, said) or _is_converted(piece, asked)


def is_code(text: str) -> bool:
    """A word in capitals, "EUR", "DE" or "OPEN": the program's way to write what the user said in words."""
    return text.isupper() and re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", text) is not None


def folded(text: str) -> str:
    """In lower case and without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(char))


def _compact(text: str) -> str:
    text = re.sub(r"^https?://(?:www\.)?", "", text.strip().lower())
    return re.sub(r"[\W_]", "", text)


def _stands_spaced(compact: str, said: str) -> bool:
    if len(compact) > 60:
        return False
    pattern = _BETWEEN.join(re.escape(char) for char in compact)
    return re.search(rf"(?<![^\W_]){pattern}(?![^\W_])", said.lower()) is not None


def _is_id_said(piece: str, said: str) -> bool:
    """The id with other separators; its digits behind the word that its letters begin; or words and numbers that were all said."""
    compact = _compact(piece)
    if len(compact) >= _LEAST_COMPACT - 1 and not compact.isdigit() and _stands_spaced(compact, said):
        return True
    if _DURATION.fullmatch(piece):
        return contents_of(said).numbers.issuperset(re.findall(r"\d+", piece))
    if match := re.fullmatch(r"([^\W\d_]+)0*(\d+)", compact):
        letters, digits = match.groups()
        behind = re.search(
            rf"(?<![^\W_]){letters}\w*\W{{1,3}}(?:(?:no|nr|number|id)\W{{1,3}})?0*{digits}(?!\w)", said.lower()
        )
        return behind is not None or (len(digits) >= _LEAST_OWN_NUMBER and _has_number(digits, said))
    words = re.split(r"[\W_]+", piece.strip("#"))
    known = set(re.findall(r"[^\W_]+", said.lower()))
    numbered = [word.lower() for word in words if any(char.isdigit() for char in word)]
    spelled = [word for word in words if word.isalpha()]
    return bool(numbered) and all(len(word) > 2 for word in spelled) and bool(spelled) and known.issuperset(numbered)


def _has_number(digits: str, said: str) -> bool:
    return re.search(rf"(?<!\w)0*{digits}(?!\w)", said) is not None


def _is_phone_said(argument: str, said: str) -> bool:
    """A number of many digits, with or without its country's and with other gaps."""
    if not re.fullmatch(r"[\d\s()+./-]+", argument):
        return False
    wanted = re.sub(r"\D", "", argument).lstrip("0")
    runs = (re.sub(r"\D", "", run).lstrip("0") for run in re.findall(r"\+?\d[\d ()./-]{5,}\d", said))
    return len(wanted) >= _LEAST_PHONE and any(
        len(run) >= _LEAST_PHONE and (run.endswith(wanted) or wanted.endswith(run)) for run in runs
    )


def _is_converted(piece: str, asked: str) -> bool:
    """A number of the question in another unit: 14 of "two weeks", 0.2 of "20 %", 5000 of "50 euros"."""
    try:
        wanted = float(piece.replace(",", ""))
    except ValueError:
        return False
    if not _UNIT.search(asked):
        return False
    numbers = set(numbers_of(asked))
    lower = asked.lower()
    numbers |= {part for words, parts in _PARTS if words.search(lower) for part in parts}
    if re.search(r"\band a half\b|\beinhalb", lower):
        numbers |= {number + 0.5 for number in numbers | {1.0}}
    results = numbers | {number * factor for number in numbers for factor in _BETWEEN_UNITS}
    results |= {number / factor for number in numbers for factor in _BETWEEN_UNITS}
    return any(abs(result - wanted) <= 1e-9 * max(1.0, abs(wanted)) for result in results)
