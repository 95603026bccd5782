"""The newest finished trace, of the thread or task that asks for it."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from weaklink.errors import UnknownTrace

if TYPE_CHECKING:
    from weaklink.model import Trace
    from weaklink.recorder.open_span import TraceState
    from weaklink.recorder.recorder import Recorder

_PATIENCE_S: Final = 1.0
_MOST_HANDLERS: Final = 16
_DEEPEST: Final = 8


class Scope:
    """One thread or task that ran something, with the newest trace that it, or what it started, has finished."""

    __slots__ = ("above", "depth", "finished", "task", "thread")

    def __init__(self, above: Scope | None) -> None:
        """`above` is the thread or task that started this one."""
        # A task that starts the next one without end must not make a chain without end.
        self.above = above if above is not None and above.depth < _DEEPEST else None
        self.depth = 0 if self.above is None else self.above.depth + 1
        self.thread = threading.get_ident()
        task = _task()
        self.task = None if task is None else ref(task)
        self.finished: dict[int, TraceState] = {}
        """By the number of the handler."""

    def is_here(self) -> bool:
        """Whether the code that is running now belongs to it: a context is copied to what a thread or task starts."""
        task = _task()
        if task is None:
            return self.task is None and self.thread == threading.get_ident()
        return self.task is not None and self.task() is task


# One variable for all handlers: a context never forgets a variable that was set in it.
_scope: ContextVar[Scope | None] = ContextVar("weaklink_scope", default=None)
_numbers = count()


def here() -> Scope:
    """The thread or task that is running now."""
    scope = _scope.get()
    if scope is None or not scope.is_here():
        scope = Scope(scope)
        _scope.set(scope)
    return scope


class Latest:
    """Which trace of one handler finished last, here or anywhere."""

    def __init__(self) -> None:
        """Nothing has finished yet."""
        self._number = next(_numbers)
        self._anywhere: TraceState | None = None

    def watch(self, trace: TraceState, place: Scope | None) -> None:
        """`trace` began in `place`."""
        trace.watchers = [*(trace.watchers or ()), (self, place)]

    def is_done(self, trace: TraceState, place: Scope | None) -> None:
        """The root of a trace that began in `place` has ended."""
        self._anywhere = trace
        scope = place
        while scope is not None:
            finished = scope.finished
            finished.pop(self._number, None)
            finished[self._number] = trace
            if len(finished) > _MOST_HANDLERS:
                finished.pop(next(iter(finished)), None)
            scope = scope.above

    def get(self) -> TraceState | None:
        """The newest finished trace of this thread or task, else of any; None where nothing has finished yet."""
        scope = _scope.get()
        here = scope.finished.get(self._number) if scope is not None and scope.is_here() else None
        return here or self._anywhere

    def read(self, recorder: Recorder, nothing: str) -> Trace:
        """That trace out of the store of `recorder`, whose writer is waited for, at most a second.

        Raises UnknownTrace with the text `nothing` where nothing has finished yet.
        """
        recorder.flush(_PATIENCE_S)
        state = self.get()
        if state is None:
            raise UnknownTrace(nothing)
        from weaklink.store import open_store

        store = open_store(recorder.path)
        try:
            return store.get(state.id)
        finally:
            store.close()


def _task() -> asyncio.Task[Any] | None:
    # Asked first, because current_task() raises where no loop runs in this thread, which takes 1 us.
    loop = asyncio._get_running_loop()
    return None if loop is None else asyncio.current_task(loop)
