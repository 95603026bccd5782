"""The history of an agent or a chat: each step is given the messages before it, and one place shows them all."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import JsonValue

from weaklink.model import Span, Trace, messages_in

_LEAST = 12
_LAST = 4


class History(NamedTuple):
    """The longest list of messages in a trace."""

    span: Span
    field: str
    """"input" or "output"."""
    messages: list[dict[str, JsonValue]]

    def shows(self, span: Span, field: str, messages: list[dict[str, JsonValue]]) -> int:
        """How many of the messages in the field of a step need not be shown again there: the history begins with them."""
        if len(messages) < _LEAST or (span.id == self.span.id and field == self.field):
            return 0
        return len(messages) - _LAST if messages == self.messages[: len(messages)] else 0


def history_of(trace: Trace) -> History | None:
    """The longest list of messages in `trace`, that of the outermost step where several have it; None where none is long."""
    longest: History | None = None
    for span in (trace.root, *trace.spans):
        for field, value in (("output", span.output), ("input", span.input)):
            messages = messages_in(value)
            if len(messages) >= _LEAST and (longest is None or len(messages) > len(longest.messages)):
                longest = History(span, field, messages)
    return longest
