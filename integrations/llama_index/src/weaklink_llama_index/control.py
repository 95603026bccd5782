"""Exceptions that steer a workflow or a stream, and are no failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weaklink.model import SpanStatus

# By name: they have moved between packages (workflows 1 to 2, core 0.12 to 0.14).
_STATUSES: dict[str, SpanStatus] = {
    "WorkflowDone": "ok",
    "WaitingForEvent": "interrupted",
    "WorkflowCancelledByUser": "cancelled",
}
_MODULES = ("workflows.", "llama_index.")


def status_of(error: BaseException) -> SpanStatus | None:
    """How a step ended that raised control flow; None for any other exception, which speaks for itself."""
    if type(error) is GeneratorExit:  # the reader of a stream went away
        return "abandoned"
    for cls in type(error).__mro__:
        status = _STATUSES.get(cls.__name__)
        if status is not None and cls.__module__.startswith(_MODULES):
            return status
    return None


def is_timeout(error: BaseException) -> bool:
    """Whether a workflow took longer than it was given."""
    return type(error).__name__ == "WorkflowTimeoutError"
