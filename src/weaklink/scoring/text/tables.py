"""Tables in passages: Markdown, CSV, rows of a query, JSON lists of objects."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from weaklink.scoring.text.tokens import tokenise

_RULE = re.compile(r"^[\s|:+=-]+$")
_FIELDS_END = re.compile(r"\n|; | \| ")
_LONGEST_ROW = 4_000
_LONGEST_CELL = 60
_MOST_ROWS = 200
_MOST_TEXT = 20_000
_FEWEST_ROWS = 2


class Cell(NamedTuple):
    """What stands in one row and column."""

    text: str
    values: frozenset[str]


Table = list[list[Cell]]
"""Rows of equally many cells, without the header; a cell without content has no values."""


def tables_in(passage: str) -> list[Table]:
    """The tables of a passage, in order; those with long cells are no tables but texts."""
    found = [*_of_lines(passage), *_of_lists(_read(passage))]
    cut = [rows[:_MOST_ROWS] for rows in found if len(rows) >= _FEWEST_ROWS and len(rows[0]) > 1]
    return [[[_cell(text) for text in row] for row in rows] for rows in cut if _is_short(rows)]


def fields_of(passage: str) -> dict[str, str]:
    """The fields of a passage that is one row, "name: value" on lines of their own or between semicolons; {} for any other."""
    if len(passage) > _LONGEST_ROW:
        return {}
    parts = [part.partition(":") for part in _FIELDS_END.split(passage.strip()) if part.strip()]
    fields = {name.strip(): value.strip() for name, mark, value in parts if mark}
    is_row = 1 < len(fields) == len(parts) and all(len(name) <= _LONGEST_CELL for name in fields)
    return fields if is_row else {}


def rows_across(passages: Sequence[str]) -> Iterator[Table]:
    """Passages that are one row each, "name: value" for the same names: what a CSV file or a table becomes when it is loaded."""
    alike: dict[tuple[str, ...], list[list[str]]] = {}
    for passage in dict.fromkeys(passages):
        if fields := fields_of(passage):
            alike.setdefault(tuple(fields), []).append(list(fields.values()))
    for rows in alike.values():
        if len(rows) >= _FEWEST_ROWS and _is_short(rows):
            yield [[_cell(text) for text in row] for row in rows[:_MOST_ROWS]]


def _is_short(rows: Sequence[Sequence[str]]) -> bool:
    return all(len(text) <= _LONGEST_CELL for row in rows for text in row)


def _cell(text: str) -> Cell:
    return Cell(text, frozenset(token.value for token in tokenise(text) if token.content))


def _of_lines(passage: str) -> Iterator[list[list[str]]]:
    """Runs of lines with equally many cells between "|", tabs, semicolons or commas; the first one is the header."""
    for mark, least in (("|", 2), ("\t", 1), (";", 1), (",", 1)):
        if passage.count(mark) < 3:
            continue
        run: list[list[str]] = []
        for line in [*passage.splitlines(), ""]:
            if _RULE.match(line) and run and line.strip():
                continue
            cells = [cell.strip() for cell in line.strip().strip("|" if mark == "|" else "").split(mark)]
            if line.count(mark) >= least and (not run or len(cells) == len(run[0])):
                run.append(cells)
                continue
            if len(run) > _FEWEST_ROWS:
                yield run[1:]
            run = [cells] if line.count(mark) >= least else []


def _read(passage: str) -> Any:
    stripped = passage.strip()
    if stripped[:1] not in ("{", "[", "(") or len(stripped) > _MOST_TEXT:
        return None
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError):
        pass
    if "\\" in stripped:
        return None  # Python warns of escapes that it does not know, and the reader of a trace did not write them
    try:
        return ast.literal_eval(stripped)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _of_lists(value: Any, depth: int = 0) -> Iterator[list[list[str]]]:
    """Lists of objects with the same keys, or of equally long rows."""
    if depth > 3:
        return
    if isinstance(value, dict):
        for item in cast("dict[str, Any]", value).values():
            yield from _of_lists(item, depth + 1)
    elif isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        if all(isinstance(item, dict) for item in items) and items:
            names = list(cast("dict[str, Any]", items[0]))
            if all(list(item) == names for item in items):
                yield [[_text(item[name]) for name in names] for item in items]
        elif all(isinstance(item, list | tuple) for item in items) and len({len(item) for item in items}) == 1:
            yield [[_text(part) for part in item] for item in items]


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, bool | dict | list) else str(value)
