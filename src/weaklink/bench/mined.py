"""Queries and labels out of recorded traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from weaklink.bench.data import Query
from weaklink.bench.queries import merge
from weaklink.model import Trace
from weaklink.scoring import Groundedness, score_trace


def queries_from(traces: Iterable[Trace], is_disliked: Callable[[str], bool] = lambda trace_id: False) -> list[Query]:
    """The questions of traces, equal ones as one with its frequency.

    Relevant is a passage that the answer was made of: one that supports a sentence of it, as the groundedness scorer finds.
    Traces that `is_disliked` says were rated badly keep their question and give no label. What no store of the time returned
    cannot be a label, so a better store can be underrated, never overrated.
    """
    return merge(_query(trace, labelled=not is_disliked(trace.id)) for trace in traces if trace.question.strip())


def _query(trace: Trace, *, labelled: bool) -> Query:
    used = tuple(dict.fromkeys(_used(trace))) if labelled else ()
    return Query(id=trace.id, text=trace.question, origin="traces", traces=(trace.id,), relevant_texts=used)


def _used(trace: Trace) -> Iterator[str]:
    for score in score_trace(trace, [Groundedness()]):
        if score.label != "supported" or score.support is None:
            continue
        field, _, number = score.support.field.partition(".")
        documents = next((span.documents for span in trace.spans if span.id == score.support.span_id), ())
        if field == "documents" and number.isdecimal() and documents and int(number) < len(documents):
            yield documents[int(number)].content
