"""Graphs that stop at a breakpoint (`interrupt_before`, `interrupt_after`): LangGraph reports them as ended well.

A graph that calls `interrupt()` says so in its output; one that stops at a breakpoint says it to no handler that is given through
`weaklink.record()`, and not in its output (langgraph 1.0 to 1.2). So the method that ends a graph's loop is wrapped, once, when
the first graph begins. It does the same as before, and where it is called otherwise or not at all, the graph is recorded as ok.
"""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from typing import Any
from weakref import ref

_METHOD = "_suppress_interrupt"
# By the identity of their output, which they hold as long as they live: LangGraph reports the end of a graph with that object.
_paused: dict[int, ref[Any]] = {}
_MOST_PAUSED = 1_000
_is_watching = False


def watch() -> None:
    """Wrap the method, if LangGraph is there and it is not wrapped already."""
    global _is_watching
    module = None if _is_watching else sys.modules.get("langgraph.pregel._loop")
    if module is None:
        return
    _is_watching = True
    loop = getattr(module, "PregelLoop", None)
    original = getattr(loop, _METHOD, None)
    if loop is None or original is None:
        return

    @functools.wraps(original)
    def ended(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        # True: the loop was left by an interrupt, which goes no further.
        if result is True and (output := getattr(self, "output", None)) is not None:
            with suppress(TypeError):  # no weak reference to a loop of another version
                if len(_paused) > _MOST_PAUSED:  # of graphs whose end no handler is told of
                    _paused.clear()
                _paused[id(output)] = ref(self)
        return result

    setattr(loop, _METHOD, ended)


def is_paused(output: Any) -> bool:
    """Whether a graph that has this very object as its output waits at a breakpoint, or for a person."""
    found = _paused.pop(id(output), None) if _paused else None
    loop = None if found is None else found()
    return loop is not None and loop.output is output
