"""The one thread that encodes and stores what was recorded."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from weaklink.errors import StoreError
from weaklink.recorder.open_span import OpenSpan
from weaklink.recorder.queue import BoundedQueue
from weaklink.recorder.sampling import Sampler
from weaklink.store.forking import unforked

if TYPE_CHECKING:
    from pathlib import Path

    from weaklink.settings import Settings
    from weaklink.store.retention import Housekeeping
    from weaklink.store.sqlite import SQLiteStore
    from weaklink.store.write import Batch

_BATCH: Final = 1_024
WAKE_AT: Final = 2_048
_IDLE_AFTER_TICKS: Final = 10
_LONGEST_PAUSE_S: Final = 2.0
_SAME_WARNING_S: Final = 60.0

_log = logging.getLogger("weaklink")


class Writer:
    """Empties a queue into a store: every flush interval, sooner when much waits, at once when somebody flushes."""

    def __init__(
        self,
        queue: BoundedQueue,
        path: Path,
        settings: Settings,
        tick: Callable[[], bool],
        on_start: Callable[[], None],
    ) -> None:
        """`tick` runs on the writer's thread once per interval and says whether it wants to be called again.

        `on_start` is told, on the caller's thread, that there is a thread now which must be ended with the process.
        """
        self._queue = queue
        self._settings = settings
        self._interval = settings.flush_interval_ms / 1000
        self._tick = tick
        self._on_start = on_start
        self._patience = float("inf")
        self._path = path
        self._store: SQLiteStore | None = None
        self._housekeeping: Housekeeping | None = None
        self._sampler = Sampler(settings.sample_rate) if settings.sample_rate < 1 else None
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._progress = threading.Condition()
        self._start_lock = threading.RLock()
        self._draining = threading.RLock()
        self._unwritten: list[Any] = []
        self._pause = 0.0
        self._retry_at = 0.0
        self._stop = False
        self._awaited = 0
        """Somebody waits for as many records as there were then: what of them the sampler holds is stored undecided; 0: nobody."""
        self.running = False
        self.idle = False
        self._warned: dict[str, float] = {}

    def ensure_running(self) -> None:
        """Start the thread, or a new one where it has died."""
        with self._start_lock:
            if self.running or self._stop:
                return
            thread = threading.Thread(target=self._run, name="weaklink-writer", daemon=True)
            self.running = True
            try:
                thread.start()
            except RuntimeError:  # the interpreter is shutting down; close() drains on its own thread
                self.running = False
                return
            self._thread = thread
        self._on_start()

    def notice(self) -> None:
        """Much waits, or the thread sleeps or is gone: see to it that the queue is emptied."""
        if not self.running:
            self.ensure_running()
        self._wake.set()

    def flush(self, timeout: float) -> bool:
        """Wait until all that was put by now is stored or dropped; False where that took longer than `timeout` seconds."""
        target = self._queue.emitted
        deadline = time.monotonic() + timeout
        if self._queue.settled < target:
            self.ensure_running()
        with self._progress:
            while self._queue.settled < target:
                self._retry_at = 0.0
                self._awaited = target
                self._wake.set()
                left = deadline - time.monotonic()
                if left <= 0 or not self.running:
                    return self._queue.settled >= target
                self._progress.wait(min(left, 0.05))
        return True

    def close(self, timeout: float) -> None:
        """Store what is left within `timeout` seconds, drop and count the rest, and end the thread."""
        deadline = time.monotonic() + timeout
        self._stop = True
        self._patience = deadline
        self._retry_at = 0.0
        self._wake.set()
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._draining.acquire(timeout=0.05):
            try:
                self._awaited = self._queue.emitted
                self._drain(len(self._unwritten) + len(self._queue))
                left = len(self._unwritten) + (self._sampler.held if self._sampler else 0)
                self._unwritten.clear()
                while taken := self._queue.take(_BATCH):
                    left += len(taken)
                if left:
                    self._queue.settle(dropped=left, reason="store unavailable at exit")
                if left and self._pause:  # else a thread goes on recording while the process ends
                    self.warn("exit", f"{left} records are lost: the process ended before the store could be written")
                if self._store is not None:
                    self._store.close()
            finally:
                self._draining.release()

    def after_fork(self, queue: BoundedQueue) -> None:
        """In a forked child: nothing of the parent's thread, locks and connections may be used. Takes no lock itself."""
        self.__init__(queue, self._path, self._settings, self._tick, self._on_start)

    def _run(self) -> None:
        quiet = 0
        try:
            while True:
                self._wake.wait(None if self.idle else self._interval)
                self._wake.clear()
                self.idle = False
                with self._draining:
                    busy = self._look_around()
                    # Not what comes in meanwhile: beside a busy host that would be transactions of ten spans, at three times
                    # the CPU per span.
                    busy = self._drain(len(self._unwritten) + len(self._queue)) or busy
                    busy = self._keep_house() or busy
                with self._progress:
                    self._progress.notify_all()
                if self._stop:
                    return
                quiet = 0 if busy else quiet + 1
                if quiet >= _IDLE_AFTER_TICKS:
                    self.idle = True
                    if (
                        len(self._queue) or self._look_around()
                    ):  # begun or put in between: notice() had not seen `idle` yet
                        self.idle = False
                elif self._retry_at:
                    self._wake.wait(max(0.0, self._retry_at - time.monotonic()))
        finally:
            self.running = False
            with self._progress:
                self._progress.notify_all()

    def _look_around(self) -> bool:
        try:
            return self._tick()
        except Exception as error:  # noqa: BLE001 - what has ended is stored all the same
            self.warn("tick", f"open steps could not be looked after: {error!r}")
            return False

    def _drain(self, waiting: int) -> bool:
        """Store the `waiting` records that have waited longest; True where there was anything."""
        worked = False
        while (waiting > 0 or self._awaited) and time.monotonic() >= self._retry_at:
            taken = [] if self._unwritten else self._queue.take(min(_BATCH, waiting))
            waiting -= len(taken) or len(self._unwritten)
            if taken:
                self._unwritten = self._chosen(taken)
            if self._sampler is not None and 0 < self._awaited <= self._queue.emitted - len(self._queue):
                self._unwritten += self._sampler.release()
            self._awaited = 0
            if not taken and not self._unwritten:
                return worked
            worked = True
            if self._unwritten and not self._write(self._unwritten):
                return True
            with self._progress:
                self._progress.notify_all()
        return worked or waiting > 0

    def _chosen(self, records: list[Any]) -> list[Any]:
        """What is to be stored now, where not all traces are."""
        if self._sampler is None:
            return records
        chosen, left_out = self._sampler.sort(records)
        self._queue.settle(dropped=left_out, reason="not sampled")
        return chosen

    def _keep_house(self) -> bool:
        """Delete what is no longer to be kept, for half an interval at most; True where more is left to delete."""
        if self._housekeeping is None:
            return False
        until = time.monotonic() + self._interval / 2
        try:
            while (pause := self._housekeeping.step()) is not None:
                if self._stop or time.monotonic() + pause >= until or self._wake.wait(pause):
                    return True
        except StoreError as error:
            self.warn("housekeeping", f"old traces could not be deleted: {error}")
        return False

    def _write(self, records: list[Any]) -> bool:
        try:
            stored = self._append(records)
        except (StoreError, OSError) as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - apsw's errors, and whatever one bad record may cause
            if type(error).__module__.startswith("apsw"):
                return self._failed(error)
            stored = self._store_one_by_one(records)
        self._unwritten = []
        self._pause = self._retry_at = 0.0
        self._queue.settle(stored=stored, dropped=len(records) - stored, reason="could not be encoded")
        return True

    def _append(self, records: list[Any]) -> int:
        # Imported by the thread that needs it: the host's own start does not pay for SQLite and the encoders.
        with unforked():
            from weaklink.recorder.encode import encode
            from weaklink.store.protocol import Retention
            from weaklink.store.retention import Housekeeping
            from weaklink.store.sqlite import SQLiteStore

        if self._store is None:
            self._store = SQLiteStore(self._path, self._settings, may_wait=self._may_wait)
            self._housekeeping = Housekeeping(self._store, Retention.of(self._settings))
        done: list[Any] = []

        def fill(batch: Batch) -> None:
            for record in records:
                try:
                    encode(record, batch)
                    done.append(record)
                except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
                    self.warn("encode", f"a step could not be recorded: {error!r}")

        self._store.append(fill)
        for record in done:
            if isinstance(record, OpenSpan):
                record.release()
        return len(done)

    def _store_one_by_one(self, records: list[Any]) -> int:
        stored = 0
        for record in records:
            try:
                stored += self._append([record])
            except Exception as error:  # noqa: BLE001 - this record is the bad one
                self.warn("record", f"a step could not be stored: {error!r}")
        return stored

    def _failed(self, error: Exception) -> bool:
        """Keep the records for later; the pause doubles while it goes on failing."""
        self._pause = min(_LONGEST_PAUSE_S, self._pause * 2 or 0.25)
        self._retry_at = time.monotonic() + self._pause
        waiting = len(self._queue) + len(self._unwritten)
        self.warn(type(error).__name__, f"recording is paused, {waiting} records wait: {error}")
        return False

    def _may_wait(self) -> bool:
        return time.monotonic() < self._patience and not (self._stop and self._patience == float("inf"))

    def warn(self, cause: str, text: str) -> None:
        """Log what is lost or late, once a minute per cause."""
        now = time.monotonic()
        if now - self._warned.get(cause, -_SAME_WARNING_S) >= _SAME_WARNING_S:
            self._warned[cause] = now
            _log.warning("weaklink: %s", text)
