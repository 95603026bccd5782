"""What happens to open stores when the process forks.

SQLite keeps the locks that a process holds on a file in that process's memory, which the child inherits while the locks
themselves stay with the parent: a connection opened in the child then waits for ever for a lock that nobody holds, or believes
that it holds one, and may overwrite what others wrote. So no transaction is in progress at the moment of the fork, and the child
closes what it inherited before it opens anything. Where a transaction does not end in time, a thread that does not exist in the child
may hold a lock of SQLite's own there, as that of its memory: then the child leaves SQLite alone altogether.

A module that is half loaded at the fork stays so in the child, so the fork waits for what the writer's thread imports as well: once in
the life of a process, and for less than a second.
"""

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, Protocol
from weakref import WeakSet

# A transaction takes some 20 ms, and up to 2 s were measured beside ten busy processes on two cores; longer than this only a broken
# disk can hold the fork up.
_MOST_S: Final = 10.0


class Forkable(Protocol):
    """A store with open connections."""

    lock: Any
    """Held while a connection is in use."""

    def close_inherited(self) -> None:
        """In the child: close the connections."""
        ...

    def leave_inherited(self) -> None:
        """In the child, where SQLite cannot be used: forget the connections, and let nothing close them."""
        ...


_is_usable = True
_stores: WeakSet[Any] = WeakSet()
_changing = threading.RLock()
_loading = threading.Lock()
_is_loaded = False
_waited_for: list[tuple[Any, bool]] = []


def watch(store: Forkable) -> None:
    """See to `store` at a fork."""
    with _changing:
        _stores.add(store)


@contextmanager
def unforked() -> Generator[None]:
    """For imports on another thread than the one that may fork."""
    with _loading:
        yield


def is_usable() -> bool:
    """Whether this process may use SQLite: not where it was forked in the middle of a transaction."""
    return _is_usable


def _before() -> None:
    global _is_loaded
    deadline = time.monotonic() + _MOST_S
    _is_loaded = _loading.acquire(timeout=_MOST_S)
    _changing.acquire()
    for store in _stores:
        _waited_for.append((store, store.lock.acquire(timeout=max(0.0, deadline - time.monotonic()))))


def _after_in_parent() -> None:
    _release()


def _after_in_child() -> None:
    global _is_usable, _loading
    _is_usable = _is_usable and all(idle for _, idle in _waited_for)
    stores = [store for store, _ in _waited_for]
    _release()
    _loading = threading.Lock()
    for store in stores:
        store.close_inherited() if _is_usable else store.leave_inherited()


def _release() -> None:
    for store, idle in _waited_for:
        if idle:
            store.lock.release()
    _waited_for.clear()
    _changing.release()
    if _is_loaded:
        _loading.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
