"""JSON lines: one trace a line, with its scores and its diagnosis."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from weaklink.errors import WeaklinkError
from weaklink.model import Diagnosis, Score, Trace

VERSION = 1


class BadLine(WeaklinkError):
    """You read a file of which a line is not what `weaklink export` writes."""


class Entry(BaseModel, frozen=True):
    """One line of the file."""

    weaklink: int = Field(default=VERSION, ge=1, le=VERSION)
    """Version of the format."""
    trace: Trace
    scores: tuple[Score, ...] = ()
    diagnosis: Diagnosis | None = None
    rules_version: str = ""
    """Of the rules behind the diagnosis; "" without one."""


def entry_line(entry: Entry) -> str:
    """The line for `entry`, new line included. What the store masked stays masked."""
    from weaklink.report.clean import clean_json
    from weaklink.store.codec import plain_dumps

    try:
        line = entry.model_dump_json()
    except ValueError:  # lone surrogates
        line = plain_dumps(entry.model_dump(mode="python"))
    return clean_json(line) + "\n"


def read(path: str | os.PathLike[str]) -> Iterator[Trace]:
    """The traces of a file that `weaklink export` wrote, one after the other.

    Raises BadLine with the line's number where one is something else, WeaklinkError where the file cannot be read.
    """
    return (entry.trace for entry in read_entries(path))


def read_entries(path: str | os.PathLike[str]) -> Iterator[Entry]:
    """The same, with scores and diagnoses. Empty lines are skipped."""
    source = Path(path).expanduser()
    try:
        with source.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)  # some editors save one
                if line.strip():
                    yield _entry(source, number, line)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise WeaklinkError(f"cannot read {source}: {why}; name a file that `weaklink export` wrote") from error


def _entry(source: Path, number: int, line: bytes) -> Entry:
    try:
        return Entry.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        if field == "weaklink" and first["type"] == "less_than_equal":
            why = "a newer Weaklink wrote it; type: pip install --upgrade weaklink"
        else:
            why = f"{field + ': ' if field else ''}{first['msg'].lower()}; read a file that `weaklink export` wrote"
        raise BadLine(f"line {number} of {source} cannot be read: {why}") from None
