# Walks JSON values of any shape.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A whole trace, which was imported or made of a log, as rows of the store."""

from collections.abc import Callable, Sequence
from typing import Any

from weaklink.model import Document, Span, Trace
from weaklink.redact import mask_named
from weaklink.snapshot import LONG_TEXT
from weaklink.store.codec import with_marked_numbers
from weaklink.store.write import SEARCHED_CHARACTERS, Batch


def fill_with_trace(batch: Batch, trace: Trace) -> None:
    """Put the rows of `trace` into `batch`, in the place of what is stored of it."""

    def payload(value: Any) -> str | None:
        return None if value is None else batch.json(with_marked_numbers(mask(value)))

    def json(value: Any) -> str | None:
        return payload(value) if value else None

    def mask(value: Any) -> Any:  # a snapshot has done this for what the recorder writes
        return mask_named(value) if batch.redacted else value

    batch.replaced.append(trace.id)
    batch.used_by(trace.id)
    for span in trace.spans:
        batch.spans.append(
            (span.trace_id, span.id, span.parent_id, batch.clean(span.name), span.kind, span.status, span.start_ns, span.duration_ns,
             span.plumbing, payload(span.input), payload(span.output), json(span.model and span.model.model_dump()),
             json(span.error and span.error.model_dump()), json(list(span.tags)), json(span.metadata), json(span.attributes),
             json(list(span.notes)))
        )  # fmt: skip
        _fill_with_documents(batch, span, "documents", span.documents, json)
        _fill_with_documents(batch, span, "candidates", span.candidates, json)
    usage = trace.usage
    batch.traces.append(
        (trace.id, batch.clean(trace.name), trace.status, trace.start_ns, trace.duration_ns, len(trace.spans),
         usage and usage.input_tokens, usage and usage.output_tokens)
    )  # fmt: skip
    batch.searchable.append(
        (batch.clean(trace.question)[:SEARCHED_CHARACTERS], batch.clean(trace.answer)[:SEARCHED_CHARACTERS], trace.id)
    )


def _fill_with_documents(
    batch: Batch, span: Span, role: str, documents: Sequence[Document], json: Callable[[Any], str | None]
) -> None:
    for rank, document in enumerate(documents, start=1):
        score, metadata = document.score, document.metadata
        if score is not None and score - score != 0.0:  # NaN, infinite: see encode
            score, metadata = None, {**metadata, "score": score}
        content = document.content
        is_long = len(content) > LONG_TEXT
        batch.documents.append(
            (span.trace_id, span.id, role, rank, document.id and batch.clean(document.id), None if is_long else batch.clean(content),
             batch.text_id(content) if is_long else None, score, document.higher_is_better, document.score_kind, json(metadata))
        )  # fmt: skip
