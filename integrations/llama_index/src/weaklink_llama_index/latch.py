"""Waits on LlamaIndex's root dispatcher for the first span, makes the handler that was promised, and hands the span on."""

from __future__ import annotations

from inspect import BoundArguments
from typing import TYPE_CHECKING, Any

from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.span import BaseSpan
from llama_index_instrumentation.span_handlers import BaseSpanHandler

if TYPE_CHECKING:
    from collections.abc import Callable

    from weaklink_llama_index.context import Promised


class Latch(BaseSpanHandler[BaseSpan]):
    """On the dispatcher from `add` to `remove`; it keeps no span."""

    promised: Any = None

    @classmethod
    def add(cls, promised: Callable[[], Promised | None]) -> Latch:
        """Wait for a span; `promised` tells whether its thread or task is one that is listened to."""
        latch = cls()
        latch.promised = promised
        root: Any = get_dispatcher()
        root.span_handlers = [*root.span_handlers, latch]
        return latch

    def remove(self) -> None:
        """Wait no longer."""
        root: Any = get_dispatcher()
        root.span_handlers = [known for known in root.span_handlers if known is not self]

    def span_enter(
        self, id_: str, bound_args: BoundArguments, instance: Any = None, parent_id: str | None = None,
        tags: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A span begins. Once the handler is made it hears of spans itself, but of this one perhaps not yet."""
        promised: Promised | None = self.promised()
        if promised is not None:
            promised.kept().begin(id_, bound_args, instance, parent_id)

    def span_exit(self, *args: Any, **kwargs: Any) -> None:
        """The handler hears of it itself."""

    def span_drop(self, *args: Any, **kwargs: Any) -> None:
        """The handler hears of it itself."""

    def new_span(self, *args: Any, **kwargs: Any) -> BaseSpan | None:
        """Never called: `span_enter` is answered."""

    def prepare_to_exit_span(self, *args: Any, **kwargs: Any) -> BaseSpan | None:
        """Never called: `span_exit` is answered."""

    def prepare_to_drop_span(self, *args: Any, **kwargs: Any) -> BaseSpan | None:
        """Never called: `span_drop` is answered."""
