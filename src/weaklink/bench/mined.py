"""Queries and labels out of recorded traces."""

from __future__ import annotations

from collections.abc import Iterable

from weaklink.bench.data import Query
from weaklink.bench.queries import merge
from weaklink.model import Trace


def queries_from(traces: Iterable[Trace]) -> list[Query]:
    """The questions of traces, equal ones as one with its frequency."""
    asked = (
        Query(id=trace.id, text=trace.question, origin="traces", traces=(trace.id,))
        for trace in traces
        if trace.question.strip()
    )
    return merge(asked)
