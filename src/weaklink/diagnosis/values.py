"""The values of a text: numbers, dates, times, names, ids and quoted phrases; and whether another text has them."""

import re
from dataclasses import dataclass
from functools import lru_cache

from weaklink.model.origin import ValueKind
from weaklink.scoring.claim import names_in
from weaklink.scoring.text.lexicon import MONTHS, MULTIPLIERS, NUMBER_WORDS, ORDINALS
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tokens import Token, tokenise

_ID = re.compile(
    r"https?://[^\s\"'<>)\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # links, mail addresses
    r"|(?<![\w#-])#?(?=[\w-]*\d)(?=[\w-]*[^\W\d])\w+(?:-\w+)*|(?<![\w#])\w+(?:_\w+)+|(?<!\w)#\w*\d\w*"
)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that put no space between words, or none before a unit: a digit in a clause makes no id of it."""
_UNITS = re.compile(
    r"\d[\d,.]*(?:st|nd|rd|th|s|k|m|bn|am|pm|h|min|km|kg|cm|mm|gb|mb|kb|ms|px|d|x)"  # "3rd", "5km"
    r"|(?-i:\d+(?:-[a-z]+)+|[a-z]+(?:-[a-z]+)*-\d+)",  # "28-day", "top-10"
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"]([^\s“”\"][^“”\"\n]{2,79})[”\"]")
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*(?:step\s+)?\d{1,2}[.):](?!\d)", re.IGNORECASE)
CITED = re.compile(r"\[\d{1,3}(?:, ?\d{1,3})*\]")
"""A passage that an answer points to, "[2]" or "[1, 3]": no value."""
_LONGEST = 200_000
_DIGITS = re.compile(
    r"(?:[$€£]\s?)?\d[\w:.,%-]*(?:\s?[ap]\.?m\b|\s(?:hundred|thousand|million|billion|percent)\b)?", re.IGNORECASE
)
_SINGLE = frozenset(NUMBER_WORDS) | frozenset(ORDINALS) | frozenset(MONTHS) | {"noon", "midnight"}
_COMPOUND = frozenset(word for word, number in NUMBER_WORDS.items() if number >= 20) | frozenset(MULTIPLIERS)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a text."""

    kind: ValueKind
    keys: tuple[str, ...]
    """What is compared: the number as a person reads it, the words of a name or phrase in lower case."""
    start: int
    end: int
    text: str


@lru_cache(maxsize=256)
def values_in(text: str) -> tuple[Value, ...]:
    """The values of `text`, in order; of one value that stands in it several times, the first."""
    text = text[:_LONGEST]
    found: list[Value] = []
    taken = [match.span() for pattern in (_LIST_NUMBER, CITED) for match in pattern.finditer(text)]
    for match in _ID.finditer(text):
        if not _UNITS.fullmatch(match.group()) and not _UNSPACED.search(match.group()):
            found.append(Value("id", (_id_key(match.group()),), *match.span(), match.group()))
            taken.append(match.span())
    for match in _QUOTED.finditer(text):
        words = tuple(re.findall(r"\w+", match.group(1).lower()))
        if len(words) > 1:
            found.append(Value("phrase", (" ".join(words),), *match.span(1), match.group(1)))
            taken.append(match.span())
    for start, end in split_sentences(text):
        found.extend(_of_sentence(text, start, end, taken))
    first: dict[tuple[str, ...], Value] = {}
    for value in sorted(found, key=lambda value: value.start):
        first.setdefault((value.kind, *value.keys), value)
    return tuple(first.values())


@dataclass(frozen=True, slots=True)
class Contents:
    """What a text has, for looking values up."""

    words: frozenset[str]
    numbers: frozenset[str]
    flat: str

    def has(self, value: Value) -> bool:
        """Whether the value stands in the text, however it is written."""
        if value.kind in ("number", "date", "time"):
            return all(key in self.numbers for key in value.keys)
        if value.kind == "name":
            return all(key in self.words for key in value.keys)
        key = value.keys[0]
        if key not in self.flat:
            return False
        # "A-1" is not in "A-10"; a link goes on behind its host.
        is_open = value.kind == "phrase" or "/" in key
        return is_open or re.search(rf"(?<!\w){re.escape(key)}(?!\w)", self.flat) is not None


@lru_cache(maxsize=1_024)
def contents_of(text: str) -> Contents:
    """What `text` has; kept for the texts last asked for, since one message stands in many prompts."""
    text = text[:_LONGEST]
    lower = text.lower()
    words = re.findall(r"\w+", lower)
    held = frozenset(words)
    # The tokeniser takes 0.8 us a character, these three 0.1: most of a text is no number.
    pieces = [match.group() for match in _DIGITS.finditer(text)]
    pieces += [word.capitalize() for word in held & _SINGLE]
    if held & _COMPOUND:
        pieces.append(text)
    numbers = frozenset(token.value for piece in pieces for token in tokenise(piece) if token.is_value)
    return Contents(held, numbers, f"{lower}\n{' '.join(words)}")


def _of_sentence(text: str, start: int, end: int, taken: list[tuple[int, int]]) -> list[Value]:
    tokens = [token for token in tokenise(text[start:end]) if not _is_taken(start + token.start, taken)]
    found: list[Value] = []
    for token in tokens:
        if token.is_value:
            kind: ValueKind = "number" if token.kind == "number" else "time" if token.kind == "time" else "date"
            found.append(_value(kind, (token.value,), text, start + token.start, start + token.end))
    for parts in _neighbours(names_in(tuple(tokens)), text, start):
        keys = tuple(re.findall(r"\w+", text[start + parts[0].start : start + parts[-1].end].lower()))
        keys = tuple(key for key in keys if key != "s")
        if keys:
            found.append(_value("name", keys, text, start + parts[0].start, start + parts[-1].end))
    return found


def _neighbours(names: list[Token], text: str, start: int) -> list[list[Token]]:
    """Parts of names that stand side by side are one name."""
    groups: list[list[Token]] = []
    for token in names:
        between = text[start + groups[-1][-1].end : start + token.start] if groups else "\n"
        if groups and between.strip(".") == " " * len(between.strip(".")) and len(between) <= 2:
            groups[-1].append(token)
        else:
            groups.append([token])
    return groups


def _value(kind: ValueKind, keys: tuple[str, ...], text: str, start: int, end: int) -> Value:
    return Value(kind, keys, start, end, text[start:end])


def _id_key(text: str) -> str:
    return text.lower().lstrip("#").rstrip(".,;:")


def _is_taken(place: int, taken: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in taken)


def numbers_of(text: str) -> list[float]:
    """The numbers of a text in order, each read as a person reads it: "1,200" and "1.2k" are 1200."""
    return [float(token.value) for token in tokenise(text) if token.kind == "number" and is_float(token.value)]


def is_float(text: str) -> bool:
    """Whether `float` can read it."""
    try:
        float(text)
    except ValueError:
        return False
    return True
