# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A page of a list of traces, in no more time than somebody waits for it, however many traces there are."""

from __future__ import annotations

import time
from collections import Counter
from itertools import chain, repeat
from typing import Final, NamedTuple

import apsw

from weaklink.query import Query, condition_of
from weaklink.store.protocol import Breakdown, Page
from weaklink.store.read import NEWEST, summaries_of

MOST_COUNTED: Final = 2_000
_SECONDS: Final = 0.1
_SECONDS_OF_COUNTING: Final = 0.03
# Common traces are among the first; what a subquery of a rare one finds is found again for each stretch.
_FIRST_STRETCH: Final = 5_000
_STRETCH: Final = 30_000
_BEFORE_ALL: Final = (-(1 << 63), -(1 << 63))
_AFTER_ALL: Final = ((1 << 63) - 1, (1 << 63) - 1)


class _Row(NamedTuple):
    id: str
    verdict: str | None
    step: str | None
    failure: str | None


class _Walk(NamedTuple):
    rows: list[_Row]
    end: str | None
    """Id of the trace at which time ran out; None where it did not."""
    looked: int


def read_page(connection: apsw.Connection, query: Query, limit: int, before: str | None) -> Page:
    """The newest `limit` traces that `query` finds, or those that are older than the trace `before`, and counts of the newest."""
    counted = _walk(connection, query, MOST_COUNTED + 1, None, limit + 1)
    walk = counted if before is None else _walk(connection, query, limit + 1, before, limit + 1)
    shown = walk.rows[:limit]
    counts = Counter((row.verdict, row.step, row.failure) for row in counted.rows[:MOST_COUNTED])
    return Page(
        traces=summaries_of(connection, [row.id for row in shown]),
        older=shown[-1].id if len(walk.rows) > limit else walk.end,
        looked=walk.looked if walk.end is not None and len(walk.rows) <= limit else None,
        counts=[Breakdown(*alike, number) for alike, number in counts.most_common()],
        counted_all=counted.end is None and len(counted.rows) <= MOST_COUNTED,
    )


def _walk(connection: apsw.Connection, query: Query, most: int, before: str | None, enough: int) -> _Walk:
    """The newest `most` that fit, stretch by stretch, until time is over; there is less of it for more than `enough`."""
    found = condition_of(query)
    began = time.monotonic()
    rows: list[_Row] = []
    place, looked = _place(connection, before), 0
    for length in chain((_FIRST_STRETCH,), repeat(_STRETCH)):
        end = connection.execute(
            f"SELECT start_ns, seq, id FROM traces t WHERE (start_ns, seq) < (?, ?) {NEWEST} LIMIT 1 OFFSET ?",
            (*place, length - 1),
        ).fetchone()
        low = _BEFORE_ALL if end is None else end[:2]
        rows += map(_Row._make, connection.execute(
            "SELECT t.id, t.verdict, coalesce(nullif(t.role, ''), t.culprit), t.failure FROM traces t "
            f"WHERE {found.sql} AND (t.start_ns, t.seq) < (?, ?) AND (t.start_ns, t.seq) >= (?, ?) {NEWEST} LIMIT ?",
            (*found.parameters, *place, *low, most - len(rows)),
        ))  # fmt: skip
        looked += length
        if len(rows) >= most or end is None:
            break
        if time.monotonic() - began > (_SECONDS if len(rows) < enough else _SECONDS_OF_COUNTING):
            return _Walk(rows, end[2], looked)
        place = end[:2]
    return _Walk(rows, None, looked)


def _place(connection: apsw.Connection, before: str | None) -> tuple[int, int]:
    """Where the walk begins; the trace that a page goes on from may be deleted meanwhile, and then it ends there."""
    if before is None:
        return _AFTER_ALL
    row = connection.execute("SELECT start_ns, seq FROM traces WHERE id = ?", (before,)).fetchone()
    return _BEFORE_ALL if row is None else row
