# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Deleting what is no longer to be kept, slice by slice, while others write."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

import apsw

from weaklink.store import reserve
from weaklink.store.protocol import Retention
from weaklink.store.pruning import delete, doomed, used_bytes, without_trace

if TYPE_CHECKING:
    from weaklink.store.sqlite import SQLiteStore

_T = TypeVar("_T")
# Writers wait for the slice that runs; twice as long as this on a machine that is busy.
_SLICE_S: Final = 0.025
_PAGES_S: Final = 0.01
_MOST_TRACES: Final = 500
_FIRST_TRACES: Final = 8
_FIRST_PAGES: Final = 64
# Pages that were in use a moment ago are soon so again; a file with less free room than this does not shrink.
_FREE_SHARE: Final = 0.05
_LOOK_EVERY_S: Final = 20.0
_LOOK_AGAIN_S: Final = 1.0


class Pruner:
    """One round of deleting: `look` finds what is to go, each `step` deletes a slice of it in a transaction of its own."""

    def __init__(self, store: SQLiteStore, keep: Retention, clock: Callable[[], int] = time.time_ns) -> None:
        """Nothing is read or deleted yet."""
        self._store = store
        self._keep = keep
        self._clock = clock
        self._doomed: deque[str] = deque()
        self._traces = _FIRST_TRACES
        self._pages = _FIRST_PAGES
        self._has_deleted = False
        self.deleted = 0
        """How many traces are gone."""
        self.pause_s = 0.0
        """How long to leave the store to others before the next step."""

    def look(self) -> None:
        """Find what is to go."""
        now = self._clock()
        self._doomed.extend(self._store.look(lambda db: [*without_trace(db, now), *doomed(db, self._keep, now)]))

    def step(self) -> bool:
        """Delete the next slice, or give free pages back to the disk; False where nothing is left to do."""
        began = time.monotonic()
        is_more = self._delete() if self._doomed else self._shrink()
        self.pause_s = min(0.05, time.monotonic() - began)
        return is_more

    def _delete(self) -> bool:
        some = [self._doomed.popleft() for _ in range(min(self._traces, len(self._doomed)))]
        deleted, took = self._timed(lambda connection: delete(connection, some))
        self.deleted += deleted
        self._has_deleted = True
        self._traces = _adapted(self._traces, took, _SLICE_S, _MOST_TRACES)
        if not self._doomed and deleted and self._keep.bytes is not None:
            self.look()  # how much a trace takes was a guess
        return True

    def _shrink(self) -> bool:
        if not self._has_deleted:
            return False
        left, took = self._timed(self._give_pages_back)
        self._pages = _adapted(self._pages, took, _PAGES_S, 4_096)
        if not left:
            reserve.keep(self._store.path)  # this may have taken it
        return left

    def _give_pages_back(self, connection: apsw.Connection) -> bool:
        """Whether there are more of them."""
        pages, free = (int(connection.pragma(name)) for name in ("page_count", "freelist_count"))  # type: ignore[arg-type]
        if connection.pragma("auto_vacuum") != 2 or free < pages * _FREE_SHARE or not free:
            return False
        for _ in connection.execute(f"PRAGMA incremental_vacuum({self._pages})"):
            pass
        return True

    def _timed(self, work: Callable[[apsw.Connection], _T]) -> tuple[_T, float]:
        """What `work` gives in one transaction, and how long others had to wait for it."""
        taken = [0.0]

        def measured(connection: apsw.Connection) -> _T:
            taken[0] = time.monotonic()
            return work(connection)

        result = self._store.change(measured)
        return result, time.monotonic() - taken[0]


class Housekeeping:
    """What a writer does between its batches so that the store stays within its limits."""

    def __init__(self, store: SQLiteStore, keep: Retention) -> None:
        """`step` does nothing where `keep` has no limit."""
        self._store = store
        self._keep = keep
        self._pruner: Pruner | None = None
        self._looked = float("-inf")

    def step(self) -> float | None:
        """Delete a slice, where something is to go; returns how many seconds to leave the store to others before the next step.

        None: nothing is to be done now. Raises StoreError where the store cannot be read or written.
        """
        pruner, self._pruner = self._pruner, None  # a round that fails is over
        if pruner is None:
            if not self._is_time():
                return None
            pruner = Pruner(self._store, self._keep)
            pruner.look()
        if not pruner.step():
            return None
        self._pruner = pruner
        return pruner.pause_s

    def _is_time(self) -> bool:
        """Whether to look for what is to go: now and then, in one process of all that write, or when there is too much."""
        now = time.monotonic()
        if not self._keep.is_limited or now - self._looked < _LOOK_AGAIN_S:
            return False
        if self._keep.bytes is not None and self._store.look(used_bytes) > self._keep.bytes:
            self._looked = now
            return True
        if now - self._looked < _LOOK_EVERY_S:
            return False
        self._looked = now
        return self._store.change(_claim)


def _claim(connection: apsw.Connection) -> bool:
    """Whether no other process has looked lately."""
    now = time.time_ns()
    lately = now - int(_LOOK_EVERY_S * 1e9)
    connection.execute("UPDATE prunings SET looked_ns = ? WHERE looked_ns NOT BETWEEN ? AND ?", (now, lately, now))
    return connection.changes() > 0


def _adapted(count: int, took: float, wanted: float, most: int) -> int:
    """How many at once take about as long as wanted."""
    factor = min(2.0, max(0.25, wanted / max(took, 1e-6)))
    return max(1, min(most, int(count * factor)))
