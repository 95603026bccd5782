"""From what a user typed to clauses; whatever cannot be understood is an error that says what was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from math import isfinite
from typing import Literal

from weaklink.errors import WeaklinkError
from weaklink.query.fields import DEFAULT_SCORES, FIELDS, NONE, Field, score_field

Operator = Literal["is", "<", "<=", ">", ">="]
_LONGEST = 2_000
_MOST_CLAUSES = 40
# A clause runs to the next white space outside quotation marks, which may open it or stand after "field:".
_TOKEN = re.compile(
    r'(?P<minus>-?)(?P<plain>[^\s"]*)(?:(?:(?<=[:\s-])|(?<![^\s]))"(?P<phrase>(?:[^"\\]|\\.)*)"(?!\S))?'
)
_COMPARISON = re.compile(r"(<=|>=|<|>)?(.*)", re.DOTALL)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(us|ms|s|min|m|h|d|w)")


class BadQuery(WeaklinkError):
    """You typed a query that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Test:
    """One thing that the value of a field may be compared with."""

    operator: Operator
    value: str | float | int | None
    """None: the trace has no value there. A text may hold `*`."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: a field and what its value may be, or words to find."""

    field: Field | None
    """None for words of the question or the answer."""
    tests: tuple[tuple[Test, ...], ...] = ()
    """Alternatives, each of tests that must all hold."""
    words: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Clauses that must all hold; none: every trace."""

    text: str
    clauses: tuple[Clause, ...] = ()

    @property
    def asks_for_diagnosis(self) -> bool:
        """Some clause is about what scores and diagnosis say: a trace that nobody has diagnosed cannot fit it."""
        return any(clause.field is not None and clause.field.is_diagnosed for clause in self.clauses)


def parse_query(text: str, now_ns: int, scores: Callable[[], Collection[str]] = tuple) -> Query:
    """The query that `text` says. `now_ns` is what "2d" counts from; `scores` gives the names of all scores in the store.

    Raises BadQuery where a part of it cannot be understood.
    """
    if len(text) > _LONGEST:
        raise BadQuery(f"the query cannot be read: it has {len(text)} characters, at most {_LONGEST} are allowed")
    clauses: list[Clause] = []
    text = text.encode("utf-8", "replace").decode().strip()  # a lone surrogate stands in no store
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or not match[0] or text[match.end() : match.end() + 1].strip():
            raise BadQuery(
                f"the query {text!r} cannot be read: a quotation mark stands alone; put it before and after a phrase, as in "
                '"refund policy" or name:"my chain"'
            )
        clauses.append(_clause(match, now_ns, scores))
        place = match.end()
        while text[place : place + 1].isspace():
            place += 1
    if len(clauses) > _MOST_CLAUSES:
        raise BadQuery(f"the query cannot be read: it has {len(clauses)} clauses, at most {_MOST_CLAUSES} are allowed")
    return Query(text, tuple(clauses))


def _clause(match: re.Match[str], now_ns: int, scores: Callable[[], Collection[str]]) -> Clause:
    negated, plain, phrase = bool(match["minus"]), match["plain"], match["phrase"]
    quoted = None if phrase is None else re.sub(r"\\(.)", r"\1", phrase)
    if ":" not in plain:
        return _words(plain, quoted, negated=negated)
    field, value = _field(plain, match[0].removeprefix("-"), scores)
    parts = [part for part in value.split(",") if part] if quoted is None else [quoted]
    if not parts:
        raise BadQuery(f"{plain} has no value; type for instance {field.name}:{field.example}")
    return Clause(field, tuple(_tests(field, part, now_ns) for part in parts), negated=negated)


def _words(plain: str, quoted: str | None, *, negated: bool) -> Clause:
    if quoted is None:
        _refuse_operators(plain)
    words = plain if quoted is None else quoted
    if not any(character.isalnum() for character in words):
        raise BadQuery(f"{words!r} cannot be found: words are made of letters and digits; leave it out")
    return Clause(None, words=words, negated=negated)


def _refuse_operators(word: str) -> None:
    if word in ("OR", "AND", "NOT", "|", "||", "&&"):
        raise BadQuery(
            f"{word} is not part of the grammar: all clauses must hold, commas give alternatives (verdict:broken,degraded), "
            f'and - turns one round (-verdict:ok); to find the word itself, type "{word}"'
        )


def _field(plain: str, whole: str, scores: Callable[[], Collection[str]]) -> tuple[Field, str]:
    """The field before the colon, and what stands behind it; the name of a score may hold colons itself."""
    name, _, value = plain.partition(":")
    wanted = name.lower()
    if wanted in FIELDS:
        return FIELDS[wanted], value
    if wanted in DEFAULT_SCORES:
        return score_field(wanted), value
    stored = scores()
    for score in sorted(stored, key=len, reverse=True):
        if plain.lower().startswith(f"{score.lower()}:"):
            return score_field(score), plain[len(score) + 1 :]
    known = list(dict.fromkeys([*FIELDS, *DEFAULT_SCORES, *stored]))
    meant = get_close_matches(wanted, known, 1, 0.6)
    guess = f"did you mean {meant[0]}:?" if meant else f"fields are {', '.join(known)}."
    raise BadQuery(f'there is no field {name!r}; {guess} To find the text itself, type "{whole}"')


def _tests(field: Field, text: str, now_ns: int) -> tuple[Test, ...]:
    if text.lower() == NONE and field.takes != "time":
        return (Test("is", None),)
    if field.takes == "one of":
        return (Test("is", _one_of(field, text)),)
    if field.takes == "text":
        return (Test("is", text),)
    if field.takes == "time":
        return (Test(">=" if field.name == "since" else "<", _time(field, text, now_ns)),)
    return _compared(field, text)


def _one_of(field: Field, text: str) -> str:
    if text.lower() in field.values:
        return text.lower()
    meant = get_close_matches(text.lower(), field.values, 1, 0.5)
    guess = f"did you mean {meant[0]}?" if meant else ""
    raise BadQuery(
        f"{field.name}:{text} cannot be: {field.name} is one of {', '.join((*field.values, NONE))}{'; ' if guess else ''}{guess}"
    )


def _compared(field: Field, text: str) -> tuple[Test, ...]:
    low, dots, high = text.partition("..")
    if dots:
        if not low and not high:
            raise _no_number(field, text)
        bounds: tuple[tuple[Operator, str], ...] = ((">=", low), ("<=", high))
        return tuple(Test(operator, _number(field, bound, text)) for operator, bound in bounds if bound)
    match = _COMPARISON.fullmatch(text)
    operator, number = match.groups() if match else (None, text)
    return (Test(operator or "is", _number(field, number, text)),)  # type: ignore[arg-type]


def _number(field: Field, text: str, whole: str) -> float | int:
    if field.takes == "duration":
        match = _DURATION.fullmatch(text.lower())
        if match is None:
            raise BadQuery(
                f"{field.name}:{whole} cannot be read: a duration is a number and a unit (us, ms, s, min, h); "
                f"type for instance {field.name}:{field.example}"
            )
        return round(float(match[1]) * _SECONDS[match[2]] * 1e9)
    try:
        value = float(text)
    except ValueError:
        raise _no_number(field, whole) from None
    if not isfinite(value):
        raise _no_number(field, whole)
    return value


def _no_number(field: Field, whole: str) -> BadQuery:
    return BadQuery(
        f"{field.name}:{whole} cannot be read: {field.name} takes a number, such as {field.name}:{field.example} or 0.2..0.5"
    )


def _time(field: Field, text: str, now_ns: int) -> int:
    ago = _DURATION.fullmatch(text.lower())
    if ago is not None:
        return now_ns - round(float(ago[1]) * _SECONDS[ago[2]] * 1e9)
    if text.lower() in ("today", "yesterday"):
        midnight = datetime.fromtimestamp(now_ns / 1e9).replace(hour=0, minute=0, second=0, microsecond=0)
        midnight -= timedelta(days=text.lower() == "yesterday")
        return round(midnight.timestamp()) * 1_000_000_000
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1e6) * 1_000  # a date without a zone is local
    except (ValueError, OverflowError, OSError):
        raise BadQuery(
            f"{field.name}:{text} cannot be read: a time is a date (2026-01-31, 2026-01-31T14:00), today, yesterday, or how "
            f"long ago (30min, 12h, 2d, 1w)"
        ) from None
