"""Weaklink's own calls of a model are no step of anybody's chain."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

_muted: ContextVar[bool] = ContextVar("weaklink_muted", default=False)

callbacks_variables: list[Callable[[], ContextVar[Any] | None]] = []
"""Each gives the variable in which a framework hands the callbacks of a run down to what runs inside it; None is a framework that
is not loaded. An integration adds its framework's: what Weaklink asks in the middle of a chain would inherit them."""


def is_muted() -> bool:
    """Whether what runs here, in this thread or task, is not to be recorded."""
    return _muted.get()


@contextmanager
def muted() -> Generator[None]:
    """What runs inside the block is recorded by nobody, not even where the chain around it has a handler of its own."""
    with ExitStack() as after:
        after.callback(_muted.reset, _muted.set(True))
        for find in callbacks_variables:
            if (variable := find()) is not None:
                after.callback(variable.reset, variable.set(None))
        yield
