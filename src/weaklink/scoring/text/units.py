"""Cuts a passage into units of evidence: a sentence of prose, or one "key: value" of a JSON record."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from weaklink.scoring.text.lexicon import DEGREES, NEGATIONS, STOPWORDS, UNITS
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.stems import stem
from weaklink.scoring.text.tokens import Token, tokenise


class Unit(NamedTuple):
    """A piece of a passage that can carry a claim."""

    text: str
    start: int
    end: int
    """Where it stands in the passage. For JSON: the characters of key and value."""
    polarity: int
    """1 stated, -1 stated as false or none (JSON), 0 not known (JSON null or empty)."""
    key: str
    """JSON: the last part of the path of a true, false, "free", "paid" or unknown value; "" for everything else."""
    group: str
    """JSON: the path above `key`, in words; "" for everything else."""
    tokens: tuple[Token, ...]
    values: frozenset[str]
    """Values of all content tokens; for `key` also its words as one, for people write "takeout" and "wifi"."""
    negated: bool


_PASSAGE_MARK = re.compile(r"^passage \d+:\s*", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HOURS = re.compile(r"^(\d{1,2}):(\d{1,2})-(\d{1,2}):(\d{1,2})$")
_PRESENT = ("yes", "free", "paid")
"""What a record says of a thing that is there, beside true."""
_FILLER = frozenset({"restaurants", "business", "good", "accepts", "has", "best", "attributes"})
_PARTICLES = frozenset({"out", "up", "off"})
"""Stop words that make another word of the one before: "take out" is not "take"."""
_SETTING = re.compile(
    r"""[-*\s]*["']?([A-Za-z][\w .-]{0,40}?)["']?\s*[:=]\s*["']?(true|false|yes|no|on|off|enabled|disabled)["']?\s*,?;?$""",
    re.IGNORECASE,
)
"""A line that switches something: "tls: false" in YAML, "debug = on" in an INI file, "Pets: no" in a list."""
_SECTION = re.compile(r"([A-Za-z][\w.-]{0,40}):$|\[([A-Za-z][\w.-]{0,40})\]$")
_SWITCHED_ON = frozenset({"true", "on", "yes", "enabled"})
_SWITCHES = frozenset({"enabled", "enable", "active", "on"})
_NAMES_UNIT = frozenset({"unit", "units", "uom"})
"""Keys of a record whose value is the unit of others: "C" for Celsius."""
_LONG_VALUE = 80
_MAX_DEPTH = 40
_LONGEST_ROW = 20


@functools.lru_cache(maxsize=128)
def units_of(passage: str) -> tuple[Unit, ...]:
    """The units of a passage, in order; empty for a passage without words.

    Kept for the passages last asked for.
    """
    record = _parsed(passage)
    if record is not None:
        return tuple(_record_units(record, passage))
    return tuple(_prose_units(passage))


def is_record(passage: str) -> bool:
    """The passage is a JSON object or array."""
    return passage.lstrip()[:1] in ("{", "[") and _parsed(passage) is not None


def is_negated(tokens: tuple[Token, ...] | list[Token]) -> bool:
    """One of the tokens says no: "not", "never", "without", "can't", ..."""
    return any(is_negation(token) for token in tokens)


def is_negation(token: Token) -> bool:
    """The token says no."""
    return _says_no(token.surface)


@functools.lru_cache(maxsize=8_192)
def _says_no(word: str) -> bool:
    lower = word.lower().replace("’", "'")
    return lower in NEGATIONS or lower.endswith("n't")


def key_words(key: str) -> list[str]:
    """The words of a key or group that tell what it is about."""
    words = re.findall(r"[a-z]+", key.lower())
    return [word for word in words if word in _PARTICLES or (word not in STOPWORDS and word not in _FILLER)]


def joined_key(key: str) -> str:
    """The words of a key as one: "take out" as "takeout"; "" where no word tells anything."""
    return stem("".join(key_words(key)))


def _parsed(passage: str) -> Any:
    stripped = passage.strip()
    if stripped[:1] not in ("{", "["):
        return None
    try:
        record = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return record or None  # what starts with a bracket is an object or an array


def _prose_units(passage: str) -> Iterator[Unit]:
    section = ""
    for start, end in split_sentences(passage):
        heading = _SECTION.match(passage[start:end])
        section = (heading[1] or heading[2]) if heading else section
        setting = _SETTING.match(passage[start:end])
        if setting:
            yield _setting_unit(section, setting[1], setting[2], start, end)
            continue
        mark = _PASSAGE_MARK.match(passage[start:end])
        first = start + mark.end() if mark else start
        text = passage[first:end]
        tokens = tuple(tokenise(text))
        if tokens:
            yield _unit(text, first, end, tokens)


def _setting_unit(section: str, name: str, value: str, start: int, end: int) -> Unit:
    """A switch and what it switches: "enabled: false" below "cache:" says that there is no cache."""
    polarity = 1 if value.lower() in _SWITCHED_ON else -1
    key = _words(section) if name.lower() in _SWITCHES and section else _words(name)
    text = f"{key}: {'yes' if polarity > 0 else 'no'}"
    return _unit(text, start, end, tuple(tokenise(text)), polarity=polarity, key=key, group=_words(section))


def _unit(
    text: str, start: int, end: int, tokens: tuple[Token, ...], *, polarity: int = 1, key: str = "", group: str = ""
) -> Unit:
    values = frozenset(token.value for token in tokens if token.content) | {joined_key(key)} - {""}
    return Unit(text, start, end, polarity, key, group, tokens, values, polarity == -1 or is_negated(tokens))


def _record_units(record: Any, passage: str) -> Iterator[Unit]:
    cursor = 0
    for path, value in _leaves(record, ()):
        start, end = _find_leaf(passage, cursor, path[-1] if path else "", value)
        cursor = start if isinstance(value, str) and len(value) > _LONG_VALUE else end
        yield from _leaf_units(path, value, passage, start, end)
        cursor = max(cursor, end)


def _leaves(value: Any, path: tuple[str, ...], depth: int = 0) -> Iterator[tuple[tuple[str, ...], Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*path, key), depth + 1)
    elif isinstance(value, list):
        yield from _list_leaves(cast("list[Any]", value), path, depth)
    else:
        yield path, value


def _list_leaves(items: list[Any], path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The leaves of a list; short values in a row become one, as in "cheese, ham, olives"."""
    row: list[str] = []
    for item in items:
        if isinstance(item, dict | list) or len(str(item)) > _LONG_VALUE:
            yield from _leaves(item, path, depth + 1)
        elif len(row) < _LONGEST_ROW:
            row.append(str(item))
        else:
            yield path, ", ".join(row)
            row = [str(item)]
    if row:
        yield path, ", ".join(row)


def _find_leaf(passage: str, cursor: int, key: str, value: Any) -> tuple[int, int]:
    """Where key and value stand, looked for from `cursor` on; the rest of the line where their spelling is unusual."""
    start = passage.find(json.dumps(key, ensure_ascii=False), cursor) if key else cursor
    start = start if start >= 0 else cursor
    for ascii_only in (False, True):
        written = json.dumps(value, ensure_ascii=ascii_only)
        at = passage.find(written, start + len(key), start + len(key) + 200 + len(written))
        if at >= 0:
            return (start if at - start < len(key) + 20 else at), at + len(written)
    line_end = passage.find("\n", start)
    return start, min(line_end if line_end >= 0 else len(passage), start + 200, len(passage))


def _words(part: str) -> str:
    return _CAMEL.sub(" ", part.replace("_", " ").replace("-", " "))


def _leaf_units(path: tuple[str, ...], value: Any, passage: str, start: int, end: int) -> Iterator[Unit]:
    words = [_words(part) for part in path[-2:]]
    head = " ".join(words)
    if isinstance(value, str) and len(value) > _LONG_VALUE:
        yield from _long_value_units(value, passage, start, end)
        return
    said, polarity = _said(value)
    if words and words[-1] in _NAMES_UNIT:
        said = DEGREES.get(said.lower()) or UNITS.get(said.lower(), said)
    text = f"{head}: {said}" if head else said
    key = words[-1] if words and (polarity < 1 or value is True or value in _PRESENT) else ""
    group = words[0] if len(words) > 1 and key else ""
    yield _unit(text, start, end, tuple(tokenise(text)), polarity=polarity, key=key, group=group)


def _long_value_units(value: str, passage: str, start: int, end: int) -> Iterator[Unit]:
    cursor = start
    for first, last in split_sentences(value):
        text = value[first:last]
        at = passage.find(text, cursor, end)
        place = (at, at + len(text)) if at >= 0 else (start, end)
        cursor = place[1] if at >= 0 else cursor
        tokens = tuple(tokenise(text))
        if tokens:
            yield _unit(text, *place, tokens)


def _said(value: Any) -> tuple[str, int]:
    """A JSON value as people would say it, and its polarity."""
    if value is True:
        return "yes", 1
    if value is False or value in ("no", "none", "None", "False"):
        return "no", -1
    if value is None or value == "":
        return "unknown", 0
    hours = _HOURS.match(str(value)[:20])
    if hours is None:
        return str(value), 1
    opens, closes = hours.groups()[:2], hours.groups()[2:]
    return ("open 24 hours", 1) if opens == closes else (f"{':'.join(opens)} to {':'.join(closes)}", 1)
