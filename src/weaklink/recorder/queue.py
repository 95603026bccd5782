"""What waits for the writer: bounded in number and bytes, and every record accounted for."""

import threading
from collections import Counter, deque
from typing import Any, NamedTuple


class Counts(NamedTuple):
    """Where all records went: `emitted` is always `stored` + `pending` + the sum of `dropped`."""

    emitted: int
    stored: int
    pending: int
    dropped: dict[str, int]
    """By reason."""


class BoundedQueue:
    """Records on their way to the writer."""

    def __init__(self, max_bytes: int, max_records: int = 200_000) -> None:
        """More than `max_bytes` (estimated) or `max_records` waiting: what comes on top is dropped, and counted."""
        # Reentrant: a garbage collection or a signal handler may record while this thread holds it.
        self._lock = threading.RLock()
        self._waiting: deque[Any] = deque()
        # Beside the records, not in pairs with them: 200,000 more tuples would be 200,000 more objects for the garbage collector.
        self._sizes: deque[int] = deque()
        self._max_bytes = max_bytes
        self._max_records = max_records
        self._bytes = 0
        self._emitted = 0
        self._stored = 0
        self._in_hand = 0
        self._dropped: Counter[str] = Counter()

    def put(self, record: Any, size: int) -> int:
        """Add a record of about `size` bytes; returns how many wait now, or -1 where it was dropped."""
        with self._lock:
            self._emitted += 1
            count = len(self._waiting)
            if self._bytes + size > self._max_bytes or count >= self._max_records:
                self._dropped["queue full"] += 1
                return -1
            self._bytes += size
            self._waiting.append(record)
            self._sizes.append(size)
            return count + 1

    def take(self, most: int) -> list[Any]:
        """Up to `most` records, the oldest first; they count as pending until `settle` is told of them."""
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            for _ in taken:
                self._bytes -= self._sizes.popleft()
            self._in_hand += len(taken)
        return taken

    def settle(self, stored: int = 0, dropped: int = 0, reason: str = "") -> None:
        """So many of the taken records were stored, or dropped for a reason."""
        with self._lock:
            self._in_hand -= stored + dropped
            self._stored += stored
            if dropped:
                self._dropped[reason] += dropped

    def drop(self, reason: str) -> None:
        """Count a record that never came here."""
        with self._lock:
            self._emitted += 1
            self._dropped[reason] += 1

    @property
    def settled(self) -> int:
        """How many records have been stored or dropped so far."""
        with self._lock:
            return self._stored + sum(self._dropped.values())

    @property
    def emitted(self) -> int:
        """How many records there have been so far."""
        return self._emitted

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def counts(self) -> Counts:
        """All counters at one moment."""
        with self._lock:
            return Counts(self._emitted, self._stored, len(self._waiting) + self._in_hand, dict(self._dropped))
