# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Rows back into spans, with the documents, values and texts that are stored once and referred to."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import apsw

from weaklink.model import Document, Span
from weaklink.store.codec import collect_references, loads, resolve_references
from weaklink.store.texts import Part, joined

SPAN_COLUMNS = (
    "id, trace_id, parent_id, name, kind, status, start_ns, duration_ns, plumbing, input, output, model, error, tags, "
    "metadata, attributes, notes"
)
MOST_A_QUERY = 500
"""Ids that one query may ask for."""


def spans_of(
    connection: apsw.Connection, rows: Sequence[Sequence[Any]], documents: dict[tuple[str, str], list[Any]]
) -> list[Span]:
    """The steps in these rows of SPAN_COLUMNS, with what is stored elsewhere put back into them."""
    parsed = [[loads(cell) for cell in row[9:]] for row in rows]
    wanted = {row[5] for listed in documents.values() for row in listed if row[5] is not None}
    wanted_values: set[int] = set()
    for cells in parsed:
        collect_references(cells, wanted, wanted_values)
    stored = _stored_values(connection, wanted_values, wanted)
    texts = _texts(connection, wanted)
    values: dict[int, Any] = {}
    for number in sorted(stored):  # what a value refers to was stored before it
        values[number] = resolve_references(stored[number], texts, values)
    return [
        _span(row, [resolve_references(cell, texts, values) for cell in cells], documents, texts)
        for row, cells in zip(rows, parsed, strict=True)
    ]


def _stored_values(connection: apsw.Connection, ids: set[int], texts: set[int]) -> dict[int, Any]:
    """The values of these ids, and those that they refer to; the texts that these refer to are added to `texts`."""
    found: dict[int, Any] = {}
    while ids:
        new = {row[0]: loads(row[1]) for row in _text_rows(connection, ids)}
        found |= new
        ids = set()
        collect_references(list(new.values()), texts, ids)
        ids -= found.keys()
    return found


def _span(
    row: Sequence[Any], cells: list[Any], documents: dict[tuple[str, str], list[Any]], texts: dict[int, str]
) -> Span:
    value_in, value_out, model, error, tags, metadata, attributes, notes = cells
    return Span(
        id=row[0], trace_id=row[1], parent_id=row[2], name=row[3], kind=row[4], status=row[5], start_ns=row[6],
        duration_ns=row[7], plumbing=bool(row[8]), input=value_in, output=value_out, model=model, error=error,
        tags=tuple(tags or ()), metadata=metadata or {}, attributes=attributes or {}, notes=tuple(notes or ()),
        documents=tuple(_document(item, texts) for item in documents.get((row[0], "documents"), ())),
        candidates=tuple(_document(item, texts) for item in documents.get((row[0], "candidates"), ())),
    )  # fmt: skip


def documents_of(
    connection: apsw.Connection, trace_id: str, span_ids: Collection[str] = ()
) -> dict[tuple[str, str], list[Any]]:
    """The documents of these steps, or of all of them, by step and role."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    only = f" AND span_id IN ({','.join('?' * len(span_ids))})" if span_ids else ""
    rows = connection.execute(
        "SELECT span_id, role, rank, id, content, text_id, score, higher_is_better, score_kind, metadata FROM documents "
        f"WHERE trace_id = ?{only} ORDER BY span_id, role, rank",
        (trace_id, *span_ids),
    )
    for row in rows:
        found[row[0], row[1]].append(row)
    return found


def _document(row: Sequence[Any], texts: dict[int, str]) -> Document:
    content = row[4] if row[5] is None else texts.get(row[5], "")
    return Document(
        rank=row[2], id=row[3], content=content or "", score=row[6],
        higher_is_better=None if row[7] is None else bool(row[7]), score_kind=row[8], metadata=loads(row[9]) or {},
    )  # fmt: skip


def _texts(connection: apsw.Connection, ids: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    made_of: dict[int, list[Part]] = {}
    wanted = set(ids)
    for text_id, content, parts in _text_rows(connection, wanted):
        if parts is None:
            found[text_id] = content
        else:
            made_of[text_id] = loads(parts)
    pieces = {part for parts in made_of.values() for part in parts if isinstance(part, int)}
    known = found | {row[0]: row[1] for row in _text_rows(connection, pieces - wanted)}
    for text_id, parts in made_of.items():
        if (whole := joined(parts, known)) is not None:
            found[text_id] = whole
    return found


def _text_rows(connection: apsw.Connection, ids: Iterable[int]) -> Iterator[Any]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), MOST_A_QUERY):
        some = ordered[start : start + MOST_A_QUERY]
        marks = ",".join("?" * len(some))
        yield from connection.execute(f"SELECT id, content, parts FROM texts WHERE id IN ({marks})", some)
