"""What happens to open stores when the process forks.

SQLite keeps the locks that a process holds on a file in that process's memory, which the child inherits while the locks
themselves stay with the parent: a connection opened in the child then waits for ever for a lock that nobody holds, or believes
that it holds one, and may overwrite what others wrote. So no transaction is in progress at the moment of the fork, and the child
closes what it inherited before it opens anything.
"""

import os
import threading
import time
from typing import Any, Final, Protocol
from weakref import WeakSet

# A transaction takes some 20 ms; longer than this only a broken disk can hold the fork up.
_MOST_S: Final = 2.0


class Forkable(Protocol):
    """A store with open connections."""

    lock: Any
    """Held while a connection is in use."""

    def close_inherited(self, *, idle: bool) -> None:
        """In the child: close the connections; with `idle` False one was in use, and the file cannot be used here any more."""
        ...


_stores: WeakSet[Any] = WeakSet()
_changing = threading.RLock()
_waited_for: list[tuple[Any, bool]] = []


def watch(store: Forkable) -> None:
    """See to `store` at a fork."""
    with _changing:
        _stores.add(store)


def _before() -> None:
    deadline = time.monotonic() + _MOST_S
    _changing.acquire()
    for store in _stores:
        _waited_for.append((store, store.lock.acquire(timeout=max(0.0, deadline - time.monotonic()))))


def _after_in_parent() -> None:
    _release()


def _after_in_child() -> None:
    for store, idle in _waited_for:
        store.close_inherited(idle=idle)
    _release()


def _release() -> None:
    for store, idle in _waited_for:
        if idle:
            store.lock.release()
    _waited_for.clear()
    _changing.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
