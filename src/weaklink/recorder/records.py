"""What goes through the queue besides finished spans."""

from typing import TYPE_CHECKING

from weaklink.recorder.open_span import OpenSpan

if TYPE_CHECKING:
    from weaklink.model.span import SpanStatus


class StatusChange:
    """A span whose fate was learnt after it had ended: its failure was made good, or its reader went away."""

    __slots__ = ("id", "status", "trace_id", "trace_key")

    def __init__(self, span: OpenSpan, status: "SpanStatus") -> None:
        """The span itself may be stored and gone by then."""
        self.id = span.id
        self.trace_id = span.trace.id
        self.trace_key = span.trace.key
        self.status: SpanStatus = status


class StillOpen:
    """A span that has been open for a while, to be shown and to survive a killed process."""

    __slots__ = ("span",)

    def __init__(self, span: OpenSpan) -> None:
        """The span goes on meanwhile."""
        self.span = span


Record = OpenSpan | StillOpen | StatusChange
