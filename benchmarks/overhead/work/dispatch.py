"""What LlamaIndex reports of one query, without the query: the same spans and events, through its dispatcher."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.span_handlers import BaseSpanHandler

UUID = 36
Reported = list[tuple[str, dict[str, Any]]]


class Spans(BaseSpanHandler[Any]):
    """Writes the spans down."""

    reported: Any = None

    def span_enter(
        self, id_: str, bound_args: Any, instance: Any = None, parent_id: Any = None, tags: Any = None, **kwargs: Any
    ) -> None:
        """A span begins."""
        found = {"id_": id_, "bound_args": bound_args, "instance": instance, "parent_id": parent_id, "tags": tags}
        self.reported.append(("span_enter", found))

    def span_exit(self, id_: str, bound_args: Any, instance: Any = None, result: Any = None, **kwargs: Any) -> None:
        """A span has ended."""
        self.reported.append(
            ("span_exit", {"id_": id_, "bound_args": bound_args, "instance": instance, "result": result})
        )

    def new_span(self, *args: Any, **kwargs: Any) -> None:
        """Never called: `span_enter` is answered."""

    prepare_to_exit_span = prepare_to_drop_span = new_span


class Events(BaseEventHandler):
    """Writes the events down."""

    reported: Any = None

    def handle(self, event: Any, **kwargs: Any) -> None:
        """Something happened inside a span."""
        self.reported.append(("event", {"event": event}))


def listen(run: Callable[[], object]) -> Reported:
    """All that is reported while `run` runs."""
    root: Any = get_dispatcher()
    before = root.span_handlers, root.event_handlers
    reported: Reported = []
    spans, events = Spans(), Events()
    spans.reported = events.reported = reported
    # Not beside the tracer that is measured, and taken off again.
    root.span_handlers, root.event_handlers = [spans], [events]
    try:
        run()
    finally:
        root.span_handlers, root.event_handlers = before
    return reported


def spans_in(reported: Reported) -> int:
    """Spans that LlamaIndex opened."""
    return sum(name == "span_enter" for name, _ in reported)


def replay(reported: Reported) -> float:
    """Reports all of it again, under new ids; returns seconds of CPU of this thread, which stay exact on a busy machine."""
    root = get_dispatcher()
    renamed: dict[str, str] = {}
    calls: list[tuple[Callable[..., None], dict[str, Any]]] = []
    for name, given in reported:
        again = dict(given)
        if name == "event":
            old = again["event"].span_id
            again["event"] = again["event"].model_copy(update={"span_id": renamed.get(old, old)})
        else:
            old = again["id_"]
            again["id_"] = renamed.setdefault(old, f"{old[:-UUID]}{uuid4()}")
            if "parent_id" in again:
                again["parent_id"] = renamed.get(again["parent_id"])
        calls.append((getattr(root, name), again))
    began = time.thread_time()
    for call, given in calls:
        call(**given)
    return time.thread_time() - began
