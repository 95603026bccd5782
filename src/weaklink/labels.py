"""What people say of a trace: thumbs, the right answer, which step broke, which passage is of use."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

from weaklink.errors import WeaklinkError
from weaklink.model import Trace
from weaklink.model.roles import roles
from weaklink.store.protocol import Feedback, Store

Label = Literal["relevant", "irrelevant"]
_MEANINGS = {
    "thumbs": ("up", "down"),
    "document": ("relevant", "irrelevant"),
    "broken_step": (True, False),
}


class BadFeedback(WeaklinkError):
    """You said something of a trace that cannot be understood."""


def feedback(
    trace_id: str,
    *,
    thumbs: Literal["up", "down"] | None = None,
    corrected_answer: str | None = None,
    broken_step: str | None = None,
    documents: Mapping[tuple[str, int], Label] | None = None,
    comment: str = "",
    store: Store | None = None,
) -> list[Feedback]:
    """Store what somebody says of a trace; gives what was stored. What was said before of the same thing is replaced.

    `trace_id` may be shortened from its start. `broken_step` is the step that broke the answer: its id, its name, or its
    role in the strip, such as "retrieve", where one step alone has it. `documents` labels passages: (step, index of the passage
    from 0) -> "relevant" or "irrelevant".
    Without `store` the default one is used. Raises UnknownTrace, AmbiguousTrace, and BadFeedback where nothing is said, or
    of a step or passage that the trace does not have.

        weaklink.feedback(handler.last_trace().id, thumbs="down", corrected_answer="28 days.")
    """
    from weaklink.store import open_store

    opened = store or open_store()
    try:
        trace = opened.get(trace_id)
        said: list[Feedback] = []
        if thumbs is not None:
            said.append(Feedback(trace_id=trace.id, name="thumbs", value=thumbs, comment=comment))
        if corrected_answer is not None:
            said.append(Feedback(trace_id=trace.id, name="corrected_answer", value=corrected_answer))
        if broken_step is not None:
            said.append(Feedback(trace_id=trace.id, name="broken_step", value=True, span_id=_step(trace, broken_step)))
        for (step, index), label in (documents or {}).items():
            said.append(
                Feedback(trace_id=trace.id, name="document", value=label, span_id=_step(trace, step), document=index)
            )
        if comment and thumbs is None:
            said.append(Feedback(trace_id=trace.id, name="comment", comment=comment))
        if not said:
            raise BadFeedback(
                'nothing is said of the trace; give for instance thumbs="down" or corrected_answer="28 days."'
            )
        for one in said:
            _check(one, trace)
        return [_stored(opened, one) for one in said]
    finally:
        if store is None:
            opened.close()


def record_feedback(store: Store, said: Feedback) -> Feedback:
    """Store one piece of feedback, of which nothing is known to be right yet. Raises as `feedback` does."""
    trace = store.part(store.full_id(said.trace_id), [said.span_id] if said.span_id else [])
    _check(said, trace)
    return _stored(store, said.model_copy(update={"trace_id": trace.id}))


def _stored(store: Store, said: Feedback) -> Feedback:
    stamped = said if said.made_ns else said.model_copy(update={"made_ns": time.time_ns()})
    store.add_feedback(stamped)
    return stamped


def _step(trace: Trace, wanted: str) -> str:
    does = roles(trace)
    found = [span.id for span in trace.spans if wanted in (span.id, span.name)]
    found = found or [span.id for span in trace.spans if wanted == does.get(span.id)]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadFeedback(
            f"the trace has {len(found)} steps called {wanted!r}; give the id of one: {', '.join(found[:5])}"
        )
    names = [f"{span.name} ({does[span.id]})" if span.id in does else span.name for span in trace.steps]
    raise BadFeedback(f"the trace has no step {wanted!r}; it has {', '.join(dict.fromkeys(names))}")


def _check(said: Feedback, trace: Trace) -> None:
    meant = _MEANINGS.get(said.name)
    if meant is not None and said.value not in meant:
        raise BadFeedback(f"{said.name} cannot be {said.value!r}; give one of {', '.join(map(repr, meant))}")
    if said.name == "corrected_answer" and not (isinstance(said.value, str) and said.value.strip()):
        raise BadFeedback("a corrected answer is a text; give it as the value")
    if said.name in ("broken_step", "document") and said.span_id is None:
        raise BadFeedback(f"{said.name} is about a step; give its span_id")
    span = None
    if said.span_id is not None:
        span = next((span for span in trace.spans if span.id == said.span_id), None)
        if span is None:
            raise BadFeedback(
                f"the trace has no step {said.span_id!r}; weaklink show --json lists the ids of its steps"
            )
    if said.name == "document":
        count = len(span.documents) if span is not None else 0
        if said.document is None or said.document >= count:
            raise BadFeedback(f"the step has no passage {said.document}; it has {count}, counted from 0")
