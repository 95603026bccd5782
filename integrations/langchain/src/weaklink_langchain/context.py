"""Which handler is listening right now, and below which run."""

from __future__ import annotations

import sys
from contextlib import suppress
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, NamedTuple

from weaklink.muting import callbacks_variables, is_muted

if TYPE_CHECKING:
    from uuid import UUID

    from weaklink.model import SpanKind
    from weaklink_langchain.handler import WeaklinkCallbackHandler

# The handler of a `weaklink.record()` block; LangChain asks this variable whenever a run begins, see integration.py.
recording: ContextVar[WeaklinkCallbackHandler | None] = ContextVar("weaklink_langchain_recording", default=None)

installed: list[WeaklinkCallbackHandler] = []
"""The handler of the whole process, after `weaklink.install()`."""


class Place:
    """Where in a trace the code runs that is running now."""

    __slots__ = ("doing", "handler", "run_id")

    def __init__(self, handler: WeaklinkCallbackHandler, run_id: UUID | None, doing: SpanKind | None = None) -> None:
        """New steps hang below `run_id`; None begins a trace. `doing`: what goes on there, where a hook needs to know."""
        self.handler = handler
        self.run_id = run_id
        self.doing: SpanKind | None = doing


class Scored(NamedTuple):
    """What a store said of the documents that one search found."""

    contents: list[str]
    scores: list[float]
    """One for each of `contents`."""
    higher_is_better: bool | None
    kind: str


# Set by our hooks around methods that LangChain has no callback for, where it knows the run better than LangChain tells.
here: ContextVar[Place | None] = ContextVar("weaklink_langchain_here", default=None)


def leave(token: Token[Place | None]) -> None:
    """Undo the `here.set` that gave `token`."""
    # A coroutine that is closed by the garbage collector ends in another context than it began in.
    with suppress(ValueError):
        here.reset(token)


def listening_place(callbacks: Any = None) -> Place | None:
    """The place where new steps are to be recorded; None where nobody listens.

    `callbacks` is what LangChain passed to the call: a manager, a list of handlers, or None.
    """
    if is_muted():
        return None
    found = _in_callbacks(callbacks) if callbacks is not None else None
    if found is None:
        found = here.get()
    if found is None and (inherited := _inherited()) is not None and (config := inherited.get()) is not None:
        found = _in_callbacks(config.get("callbacks"))
    if found is None:
        handler = recording.get() or (installed[0] if installed else None)
        found = None if handler is None else Place(handler, None)
    return found


def _inherited() -> ContextVar[Any] | None:
    """The variable with the config that LangChain hands down to what runs inside a run; None where LangChain is not loaded."""
    # Not imported here: it takes 0.2 s (core 1.7), and where a chain runs it is loaded.
    module = sys.modules.get("langchain_core.runnables.config")
    return None if module is None else module.var_child_runnable_config


callbacks_variables.append(_inherited)


def run_around() -> UUID | None:
    """The run that LangChain's context says this code runs in; None outside of all."""
    config = None if (inherited := _inherited()) is None else inherited.get()
    return None if config is None else getattr(config.get("callbacks"), "parent_run_id", None)


def _in_callbacks(callbacks: Any) -> Place | None:
    from weaklink_langchain.handler import WeaklinkCallbackHandler

    handlers = callbacks if type(callbacks) in (list, tuple) else getattr(callbacks, "handlers", None)
    for handler in handlers or ():
        if type(handler) is WeaklinkCallbackHandler:
            return Place(handler, getattr(callbacks, "run_id", None) or getattr(callbacks, "parent_run_id", None))
    return None
