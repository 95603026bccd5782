# Walks JSON values of any shape.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A recorded span as rows of the store."""

from typing import Any

from weaklink.recorder.open_span import OpenSpan
from weaklink.recorder.records import Record, StatusChange
from weaklink.snapshot import LONG_TEXT, Passage, marked
from weaklink.store.write import SEARCHED_CHARACTERS, Batch


def encode(record: Record, batch: Batch) -> None:
    """Add the rows of `record` to `batch`."""
    if isinstance(record, StatusChange):
        batch.statuses.append((record.status, record.trace_id, record.id))
        return
    is_over = isinstance(record, OpenSpan)
    span = record if is_over else record.span
    status, duration = (span.status, span.duration_ns) if is_over else ("incomplete", None)
    trace = span.trace
    trace_id, span_id = trace.id, span.id
    start_ns = trace.epoch_ns + span.began
    name = batch.clean(span.name)
    value_in, value_out, parent = span.input, span.output, span.parent

    batch.used_by(trace_id)
    json = batch.json
    # Before the span itself: what cannot be encoded must not leave half a step in the batch.
    documents = [
        _document_row(trace_id, span_id, role, rank, passage, batch)
        for role, passages in (("documents", span.documents), ("candidates", span.candidates))
        for rank, passage in enumerate(passages or (), start=1)
    ] if span.documents or span.candidates else ()  # fmt: skip
    batch.spans.append(
        (trace_id, span_id, None if parent is None else parent.id, name, span.kind, status, start_ns, duration, span.plumbing,
         None if value_in is None else json.frozen(value_in), None if value_out is None else json.frozen(value_out),
         json(span.model) if span.model else None, json(span.error) if span.error else None,
         json(span.tags) if span.tags else None, json(span.metadata) if span.metadata else None,
         json(span.attributes) if span.attributes else None, json(span.notes) if span.notes else None)
    )  # fmt: skip
    batch.documents.extend(documents)
    if is_over:
        _count(span)
    if span.key == trace.key:
        batch.traces.append(
            (trace_id, name, status, start_ns, duration, trace.spans, trace.input_tokens, trace.output_tokens)
        )
        if is_over:
            batch.searchable.append((batch.clean(_words(value_in)), batch.clean(_words(value_out)), trace_id))


def _document_row(trace_id: str, span_id: str, role: str, rank: int, passage: Passage, batch: Batch) -> tuple[Any, ...]:
    content, score, metadata = passage.content, passage.score, passage.metadata
    if (
        score is not None and score - score != 0.0
    ):  # a column cannot hold NaN, and a vector of zeros has such a similarity
        metadata = {**metadata, "score": marked("float", str(score))}
        score = None
    is_long = len(content) > LONG_TEXT
    return (
        trace_id, span_id, role, rank, passage.id and batch.clean(passage.id), None if is_long else batch.clean(content),
        batch.text_id(content) if is_long else None, score, passage.higher_is_better, passage.score_kind,
        batch.json(metadata) if metadata else None,
    )  # fmt: skip


def _count(span: OpenSpan) -> None:
    trace = span.trace
    if not span.counted:  # a step that an ancestor's end closed comes again with its own end
        span.counted = True
        trace.spans += 1
    model = span.model
    usage = model.get("usage") if model and not model.get("cached") else None
    if usage and not span.usage_counted:
        above: OpenSpan | None = span
        # A model's call inside a model's call is one call: the inner one, which ends first, counts.
        while above is not None:
            above.usage_counted = True
            above = above.parent
        for name in ("input_tokens", "output_tokens"):
            if usage.get(name) is not None:
                setattr(trace, name, (getattr(trace, name) or 0) + usage[name])


def _words(value: Any) -> str:
    """The start of the texts inside a value, for the search index."""
    if isinstance(value, str):
        return value[:SEARCHED_CHARACTERS]
    parts: list[str] = []
    left = SEARCHED_CHARACTERS
    stack = [value]
    while stack and left > 0:
        item = stack.pop()
        if isinstance(item, str):
            parts.append(item[:left])
            left -= len(item)
        elif isinstance(item, dict) and item.get("$type") != "bytes":
            stack.extend(reversed([part for key, part in item.items() if key != "$type"]))
        elif isinstance(item, list):
            stack.extend(reversed(item))
    return " ".join(parts)
