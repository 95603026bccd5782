"""The two objects on LlamaIndex's root dispatcher: one hears of spans, one of events."""

from __future__ import annotations

from inspect import BoundArguments
from typing import TYPE_CHECKING, Any

from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent
from llama_index_instrumentation.event_handlers import BaseEventHandler
from llama_index_instrumentation.span import BaseSpan
from llama_index_instrumentation.span_handlers import BaseSpanHandler

if TYPE_CHECKING:
    from weaklink_llama_index.tracing import Tracing


class WeaklinkSpanHandler(BaseSpanHandler[BaseSpan]):
    """Passes spans on, and keeps none: `open_spans` stays empty, whatever becomes of a call.

    It answers `span_enter`, `span_exit` and `span_drop` themselves. The base class would keep each span in a dict until its
    end, under a lock that it creates when it is first used, without a lock (llama-index-instrumentation 0.6).
    """

    tracing: Any = None

    def span_enter(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, parent_id: str | None = None,
        tags: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A span begins."""
        self.tracing.enter(id_, bound_args, instance, parent_id)

    def span_exit(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, result: Any = None, **kwargs: Any
    ) -> None:
        """A span has ended."""
        self.tracing.exit(id_, bound_args, result)

    def span_drop(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, err: BaseException | None = None, **kwargs: Any
    ) -> None:  # fmt: skip
        """A span has ended with an exception."""
        self.tracing.drop(id_, err)

    def new_span(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, parent_span_id: str | None = None,
        tags: dict[str, Any] | None = None, **kwargs: Any,
    ) -> BaseSpan | None:  # fmt: skip
        """The base class's own way of `span_enter`."""
        self.tracing.enter(id_, bound_args, instance, parent_span_id)
        return None

    def prepare_to_exit_span(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, result: Any = None, **kwargs: Any
    ) -> BaseSpan | None:
        """The base class's own way of `span_exit`."""
        self.tracing.exit(id_, bound_args, result)
        return None

    def prepare_to_drop_span(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, err: BaseException | None = None, **kwargs: Any
    ) -> BaseSpan | None:  # fmt: skip
        """The base class's own way of `span_drop`."""
        self.tracing.drop(id_, err)
        return None

    def close(self) -> None:
        """LlamaIndex shuts its instrumentation down: what has ended is stored before it goes on."""
        self.tracing.recorder.flush(2.0)


class WeaklinkEventHandler(BaseEventHandler):
    """Passes events on."""

    tracing: Any = None

    def handle(self, event: BaseEvent, **kwargs: Any) -> None:
        """Something happened inside a span."""
        self.tracing.event(event)


class Listeners:
    """The pair of them, for one `Tracing`."""

    def __init__(self, tracing: Tracing) -> None:
        """Not on the dispatcher yet."""
        self._spans = WeaklinkSpanHandler()
        self._spans.tracing = tracing
        self._events = WeaklinkEventHandler()
        self._events.tracing = tracing

    def add(self) -> None:
        """Put both on the root dispatcher, where all spans and events arrive; doing it twice does nothing."""
        root: Any = get_dispatcher()
        # New lists: another thread may be walking over the old ones.
        if all(known is not self._spans for known in root.span_handlers):
            root.span_handlers = [*root.span_handlers, self._spans]
            root.event_handlers = [*root.event_handlers, self._events]

    def remove(self) -> None:
        """Take both off again."""
        root: Any = get_dispatcher()
        root.span_handlers = [known for known in root.span_handlers if known is not self._spans]
        root.event_handlers = [known for known in root.event_handlers if known is not self._events]
