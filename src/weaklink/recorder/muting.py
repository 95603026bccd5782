"""Weaklink's own calls of a model are no step of anybody's chain."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_muted: ContextVar[bool] = ContextVar("weaklink_muted", default=False)


def is_muted() -> bool:
    """Whether what runs here, in this thread or task, is not to be recorded."""
    return _muted.get()


@contextmanager
def muted() -> Generator[None]:
    """What runs inside the block is not recorded by `weaklink.install()` or `weaklink.record()`."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)
