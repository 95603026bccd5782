"""Events that callers leave for the writer's thread, so that a step costs them little more than a frozen copy of its values."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from weaklink.recorder.writer import Writer

EVENT_SIZE: Final = 400
"""What an event weighs besides its texts, in bytes."""
_WAKE_AT: Final = 4 * 1_048_576
# What a caller does of the work that waits when too much does: more than it adds.
_SHARE: Final = 4
# How long it waits for a thread that is at it: without, threads that add would keep that one from running.
_LONGEST_WAIT_S: Final = 0.002


class Backlog:
    """Events in the order in which they came, dealt with by one thread at a time: the writer's, or one that cannot wait.

    An event is a tuple: a function, what the event weighs in bytes, and the arguments of the function. Whoever has one calls
    `append`, adds its weight to `size`, and calls `attend` where that is above `enough`, and before the first event of a trace.

    No event is ever dropped. Where more waits than `max_bytes`, whoever adds to it deals with some of it; what comes of that is
    stored, or dropped and counted, by the queue.
    """

    def __init__(self, max_bytes: int, writer: Writer) -> None:
        """`writer` is woken when much waits, and warns of what fails."""
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._max_bytes = max_bytes
        self._writer = writer
        self.enough = min(_WAKE_AT, max_bytes)
        # Bound here: called at every event of every step, where one more call of our own takes 0.3 us.
        self.append = self._waiting.append
        self.after_fork()

    def attend(self) -> None:
        """See to it that the events are dealt with."""
        writer = self._writer
        if writer.idle or not writer.running or self.size > self.enough:
            writer.notice()
        if self.size > self._max_bytes:
            self.catch_up(_SHARE, timeout=_LONGEST_WAIT_S)

    def catch_up(self, most: int = 1 << 60, timeout: float = -1) -> None:
        """Deal with what waits by now, or the `most` oldest of it; not where another thread is at it for `timeout` seconds."""
        if not self._lock.acquire(timeout=timeout):
            return
        try:
            # A garbage collection or a signal meanwhile may call in again: what it added has its turn later.
            if not self._is_busy:
                self._is_busy = True
                try:
                    for _ in range(min(most, len(self._waiting))):
                        self._deal_with(self._waiting.popleft())
                finally:
                    self._is_busy = False
        finally:
            self._lock.release()

    def after_fork(self) -> None:
        """In a forked child: what waits is the parent's, and the lock may be held by a thread that does not exist here."""
        self._waiting.clear()
        self._lock = threading.RLock()
        self._is_busy = False
        self.size = 0
        """What waits weighs so many bytes, about: threads that add to it at once may lose some where there is no GIL."""

    def _deal_with(self, event: tuple[Any, ...]) -> None:
        work = event[0]
        self.size = self.size - event[1] if self._waiting else 0
        try:
            work(*event[2:])
        except Exception as error:  # noqa: BLE001 - the other events are dealt with all the same
            self._writer.warn(work.__name__, f"a step was not recorded, {work.__name__} failed: {error!r}")
