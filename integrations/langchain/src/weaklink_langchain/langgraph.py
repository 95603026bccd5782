"""What LangGraph does differently, known by name: this package works without it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from weaklink.snapshot import MARK

if TYPE_CHECKING:
    from weaklink.model import SpanStatus

_COMMAND = "langgraph.types.Command"


def is_control_flow(error: BaseException) -> bool:
    """Whether LangGraph raised `error` to steer the graph (interrupt, command to a parent, drain), which is no failure."""
    module = sys.modules.get("langgraph.errors")
    return module is not None and issubclass(type(error), module.GraphBubbleUp)


def status_of(error: BaseException) -> SpanStatus | None:
    """How a node ended that raised control flow; None for any other exception."""
    if not is_control_flow(error):
        return None
    module = sys.modules["langgraph.errors"]
    return "interrupted" if issubclass(type(error), module.GraphInterrupt) else "ok"


def goes_on(inputs: Any) -> bool:
    """Whether the recorded input of a graph resumes one that waited for a person, whose state has what was asked."""
    return type(inputs) is dict and inputs.get(MARK) == _COMMAND


def is_interrupted(outputs: Any) -> bool:
    """Whether the output of a graph says that it waits for a person."""
    return type(outputs) is dict and "__interrupt__" in outputs
