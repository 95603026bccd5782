"""The only mutable object: takes the start and the end of steps, hands finished ones to the writer.

An integration either tells of a step as it happens (`start`, `finish`, `fail`), or leaves events for later (`backlog`), with the
time and what else only the caller's thread knows.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from weaklink.recorder.backlog import Backlog
from weaklink.recorder.errors import Raised, describe, is_timeout, read
from weaklink.recorder.open_span import OpenSpan, TraceState, Watch
from weaklink.recorder.queue import BoundedQueue, Counts
from weaklink.recorder.records import Record, StatusChange, StillOpen
from weaklink.recorder.worker_exit import close_with_worker
from weaklink.recorder.writer import WAKE_AT, Writer

if TYPE_CHECKING:
    from weaklink.model.span import SpanKind, SpanStatus
    from weaklink.settings import Settings

_BASE_SIZE: Final = 150
_LATE_ENDS: Final = 1_024
_LATE_NS: Final = 30_000_000_000


# The list that the roots of a `weaklink.record()` block are added to.
_block: ContextVar[list[TraceState] | None] = ContextVar("weaklink_block", default=None)


@contextmanager
def roots_of_block(into: list[TraceState]) -> Generator[None]:
    """Collect the roots that begin in this thread or task, and in those it starts, while the block lasts."""
    token = _block.set(into)
    try:
        yield
    finally:
        _block.reset(token)


def block_here() -> list[TraceState] | None:
    """The list of the innermost such block around the code that is running now."""
    return _block.get()


class Recorder:
    """Records steps into one store. Safe to use from any thread and task; never raises an Exception into the host."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Record into the store at `path`. The writer's thread starts with the first finished step."""
        self.path = path
        self._settings = settings
        self._open: dict[int, OpenSpan] = {}
        # Steps that an ancestor's end closed: their own end may still come, and then knows better.
        self._late: OrderedDict[int, OpenSpan] = OrderedDict()
        self._gone: deque[Watch] = deque()
        in_backlog = settings.max_queue_bytes // 4
        self._max_bytes = settings.max_queue_bytes - in_backlog
        self._queue = BoundedQueue(self._max_bytes)
        self._writer = Writer(self._queue, path, settings, self._tick, self._on_start)
        self.backlog = Backlog(in_backlog, self._writer)
        """For events that are dealt with later."""

    def start(self, key: int, parent_key: int | None, name: str, kind: SpanKind, watch: Any = None) -> OpenSpan:
        """A step begins. `watch` is an object that lives as long as the run: when it is collected, the run has ended."""
        watching = None
        if watch is not None:
            watching = Watch(watch, self.on_gone)
            watching.key, watching.gone_at = key, 0
        return self.begin(key, parent_key, name, kind, perf_counter_ns(), watching, _block.get())

    def begin(
        self, key: int, parent_key: int | None, name: str, kind: SpanKind, began: int, watch: Watch | None,
        block: list[TraceState] | None,
    ) -> OpenSpan:  # fmt: skip
        """A step has begun at `began` on the performance counter, inside `block`."""
        parent = None if parent_key is None else self.find(parent_key)
        span = OpenSpan(key, parent, name, kind, began)
        if parent is None:
            if block is not None:
                block.append(span.trace)
            if self._writer.idle or not self._writer.running:
                self._writer.notice()  # its ticks end what ends without a word
        span.watch = watch
        self._open[key] = span
        return span

    def find(self, key: int) -> OpenSpan | None:
        """The open span with this key, or one that was closed before its own end came; None where there is neither."""
        span = self._open.get(key)
        return self._late.get(key) if span is None and self._late else span

    def finish(self, span: OpenSpan, status: SpanStatus = "ok", when: int = 0) -> None:
        """The step has ended, now or at `when` on the performance counter."""
        now = when or perf_counter_ns()
        is_late = self._open.pop(span.key, None) is None
        if is_late and self._late.pop(span.key, None) is None:
            return  # ended twice
        span.duration_ns = now - span.began if now > span.began else 0
        span.status = status
        span.watch = None
        parent = span.parent
        if parent is not None and (siblings := parent.children) is not None:
            siblings.discard(span)
        if span.children:
            self._close_children(span, now)
        span.children = None  # one object less for the garbage collector while the span waits for the writer
        if span.failed and status in ("ok", "interrupted"):
            for failed in span.failed:
                self._amend(failed, "recovered")
        elif parent is not None and (status == "error" or span.failed):
            below = [*(span.failed or ()), *([span] if status == "error" else ())]
            parent.failed = [*(parent.failed or ()), *below]
        if is_late and status == "abandoned":
            self._abandon_closers(span)
        waiting = self._queue.put(span, span.size)
        writer = self._writer
        if waiting >= WAKE_AT or writer.idle or not writer.running:
            writer.notice()
        if parent is None:
            trace = span.trace
            trace.done = True
            watchers, trace.watchers = trace.watchers, None
            for watcher, place in watchers or ():
                watcher.is_done(trace, place)
        elif span.has_retrieval or span.kind == "retriever" or span.kind == "reranker":
            parent.has_retrieval = True

    def fail(self, span: OpenSpan, error: BaseException, status: SpanStatus | None = None) -> None:
        """The step has ended with an exception; `status` where the integration knows better than the exception's class."""
        self.fail_with(span, read(error), status)

    def fail_with(self, span: OpenSpan, raised: Raised, status: SpanStatus | None = None, when: int = 0) -> None:
        """The same, of what was read of an exception, which ended the step now or at `when` on the performance counter."""
        span.error = describe(raised, span)
        if raised.is_unread:
            span.note("the error could not be described")
        self.finish(span, status or raised.status, when)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that has ended by now is stored; False where that took longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self._sweep_gone(timeout)
        return self._writer.flush(deadline - time.monotonic())

    def close(self, timeout: float = 2.0) -> None:
        """Close what is still open as incomplete, store all within `timeout` seconds, end the writer."""
        self._sweep_gone(timeout)
        for span in list(self._open.values()):
            if span.parent is None or span.parent.key not in self._open:
                self.finish(span, "incomplete")
        self._writer.close(timeout)

    def catch_up(self, timeout: float = -1) -> None:
        """Deal with the events that wait by now, unless another thread is at it for longer than `timeout` seconds."""
        self.backlog.catch_up(timeout=timeout)

    def counts(self) -> Counts:
        """Where all records went."""
        self.catch_up()
        return self._queue.counts()

    @property
    def open_spans(self) -> int:
        """How many steps have begun and not ended."""
        self.catch_up()
        return len(self._open)

    def after_fork(self) -> None:
        """In a forked child: the parent keeps and stores what was recorded before."""
        self._open.clear()
        self._late.clear()
        self._gone.clear()
        self._queue = BoundedQueue(self._max_bytes)
        self._writer.after_fork(self._queue)
        self.backlog.after_fork()

    def _close_children(self, span: OpenSpan, now: int) -> None:
        children = span.children or set()
        for child in list(children):
            if self._open.pop(child.key, None) is None:
                continue
            child.duration_ns = max(0, now - child.began)
            child.status = _swept_status(child, span, now)
            if child.error is None and span.error is not None:
                child.error = span.error
            child.swept_by = span
            if child.children:
                self._close_children(child, now)
            if not child.is_gone(now):
                self._late[child.key] = child
                while len(self._late) > _LATE_ENDS:
                    self._late.popitem(last=False)
            self._put(child, child.size)
        children.clear()

    def _abandon_closers(self, span: OpenSpan) -> None:
        """The reader of a stream went away after the steps above had already been told that all was well."""
        closer = span.swept_by
        while closer is not None:
            if closer.status in ("ok", "incomplete"):
                self._amend(closer, "abandoned")
            closer = closer.parent if closer.parent is not None and closer.parent.duration_ns is not None else None

    def _amend(self, span: OpenSpan, status: SpanStatus) -> None:
        span.status = status
        self._put(StatusChange(span, status), _BASE_SIZE)

    def _put(self, record: Record, size: int) -> None:
        waiting = self._queue.put(record, size)
        if waiting >= WAKE_AT or self._writer.idle or not self._writer.running:
            self._writer.notice()

    def on_gone(self, watch: Watch) -> None:
        """What `watch` watched is no more. Called by the garbage collector, at any moment and on any thread."""
        # Nothing here may lock or allocate much.
        watch.gone_at = perf_counter_ns()
        self._gone.append(watch)

    def _sweep_gone(self, timeout: float = -1) -> None:
        """Catch up, and end what is gone by now."""
        gone = len(self._gone)  # counted first: the events of such a run came before
        self.catch_up(timeout)
        for _ in range(gone):
            try:
                watch = self._gone.popleft()
            except IndexError:
                return
            span = self._open.get(watch.key)
            if span is not None:
                self.finish(span, span.status_when_gone(), watch.gone_at)
            else:
                self._late.pop(watch.key, None)

    def _on_start(self) -> None:
        close_with_worker(self.close)

    def _tick(self) -> bool:
        """On the writer's thread, once per interval: deals with events, ends what is gone, shows what stays open."""
        self._sweep_gone()
        now = perf_counter_ns()
        for key, span in list(self._late.items()):
            if span.began + (span.duration_ns or 0) < now - _LATE_NS:
                self._late.pop(key, None)
        oldest_shown = now - self._settings.flush_interval_ms * 1_000_000
        for span in list(self._open.values()):
            if not span.provisional and span.began < oldest_shown:
                span.provisional = True
                self._put(StillOpen(span), _BASE_SIZE)
        return bool(self._open or self._late)


def _swept_status(child: OpenSpan, ancestor: OpenSpan, now: int) -> SpanStatus:
    """How a step ended that was still open when an ancestor ended, at `now`."""
    if ancestor.status in ("cancelled", "abandoned", "interrupted"):
        return ancestor.status
    if ancestor.status == "error" and is_timeout(ancestor.error):
        return "cancelled"
    return child.status_when_gone() if child.is_gone(now) else "incomplete"
