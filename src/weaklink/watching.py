"""Verdicts before somebody asks: finished traces are scored and diagnosed as they come, off the caller's path."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self

from weaklink.errors import WeaklinkError
from weaklink.examine import Examination, diagnosis_version, examine

if TYPE_CHECKING:
    import os

    from weaklink.store import Store

_POLL_S: Final = 1.0
_AT_ONCE: Final = 100
_EXIT_S: Final = 0.1
_SAME_WARNING_S: Final = 60.0

_log = logging.getLogger("weaklink")


def watch(store: str | os.PathLike[str] | None = None, *, cpu_share: float = 0.05, sample: float = 1.0) -> Watch:
    """Score and diagnose finished traces in a thread of this process from now on, until `stop()` or the process ends.

    `cpu_share` is how much of one core it may use, above 0 up to 1; `sample` the share of the traces that it looks at.
    While it computes it takes part in the GIL, so a busy host rather runs `weaklink diagnose --watch` beside it.
    Raises WeaklinkError where a share is out of range.
    """
    from weaklink.store import open_store

    watching = Watch(open_store(store), cpu_share=cpu_share, sample=sample)
    watching.start()
    return watching


class Watch:
    """Examines what waits in a store, and rests in between so that it stays within its share of CPU."""

    def __init__(
        self,
        store: Store,
        *,
        cpu_share: float = 0.05,
        sample: float = 1.0,
        on_examined: Callable[[Examination], None] | None = None,
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        """Nothing runs yet. `on_examined` is told of each trace; `cpu_clock` gives the CPU seconds of this thread.

        Raises WeaklinkError where a share is out of range.
        """
        for name, share in (("cpu_share", cpu_share), ("sample", sample)):
            if not 0 < share <= 1:
                raise WeaklinkError(f"cannot watch with {name} {share:g}: it is a share; give a number above 0 up to 1")
        self._store = store
        self._rest_per_work = 1 / cpu_share - 1
        self._sample = sample
        self._tell = on_examined
        self._cpu_clock = cpu_clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._failed: set[str] = set()
        self._warned = float("-inf")
        self.examined = 0
        """How many traces it has examined."""
        self.is_behind = False
        """Whether something that it can examine waited when it last looked."""

    def start(self) -> Self:
        """Watch in a thread of its own; where one is running, do nothing."""
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            self._thread = threading.Thread(target=self.run, name="weaklink-watch", daemon=True)
            self._thread.start()
            atexit.register(self.stop, _EXIT_S)
        return self

    def stop(self, timeout: float = 5.0) -> None:
        """Examine no further trace, and wait at most `timeout` seconds for the one that is being examined."""
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *error: object) -> None:
        """Stop."""
        self.stop()

    def run(self) -> None:
        """Examine what waits, and what comes, on this thread, until `stop()` is called from elsewhere."""
        while not self._stopping.is_set():
            if not self.examine_some():
                self._stopping.wait(_POLL_S)

    def examine_some(self) -> bool:
        """Examine the newest of what waits by now, at the pace that the share of CPU allows; False where nothing waits."""
        began = self._cpu_clock()
        try:
            waiting = self._store.waiting(diagnosis_version(), limit=_AT_ONCE + len(self._failed), sample=self._sample)
        except WeaklinkError as error:
            self._warn(f"finished traces wait for their diagnosis: {error}")
            return False
        self._rest(began)
        waiting = [trace_id for trace_id in waiting if trace_id not in self._failed]
        self.is_behind = bool(waiting)
        for trace_id in waiting:
            if self._stopping.is_set():
                break
            began = self._cpu_clock()
            self._examine(trace_id)
            self._rest(began)
        return bool(waiting)

    def _examine(self, trace_id: str) -> None:
        try:
            examined = examine(self._store.get(trace_id), self._store)
        except Exception as error:  # noqa: BLE001 - one bad trace must not end the watch, nor be tried for ever
            self._failed.add(trace_id)
            self._warn(f"the trace {trace_id[-12:]} could not be diagnosed: {error!r}")
            return
        self.examined += 1
        if self._tell is not None:
            self._tell(examined)

    def _rest(self, began: float) -> None:
        pause = (self._cpu_clock() - began) * self._rest_per_work
        if pause > 0:
            self._stopping.wait(pause)

    def _warn(self, text: str) -> None:
        now = time.monotonic()
        if now - self._warned >= _SAME_WARNING_S:
            self._warned = now
            _log.warning("weaklink: %s", text)
