"""Events that callers leave for later: in order, bounded, and none lost, whoever deals with them."""

import gc
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import apsw
import pytest

from weaklink.recorder import Recorder, recorder_for, registry
from weaklink.recorder.backlog import EVENT_SIZE
from weaklink.recorder.open_span import Watch
from weaklink.store import open_store
from weaklink.testing import outline
from weaklink.testing.calls import new_key, trace_id


class Run:
    """What lives as long as a run does."""


def leave(recorder: Recorder, work: Callable[..., Any], *args: Any, size: int = 0) -> None:
    """What an integration does at each event."""
    backlog = recorder.backlog
    size += EVENT_SIZE
    backlog.append((work, size, *args))
    backlog.size += size
    if backlog.size > backlog.enough:
        backlog.attend()


def leave_start(recorder: Recorder, parent: int | None, name: str, run: Any = None, kind: Any = "chain") -> int:
    key = new_key()
    watch = None
    if run is not None:
        watch = Watch(run, recorder.on_gone)
        watch.key, watch.gone_at = key, 0
    recorder.backlog.attend()
    leave(recorder, recorder.begin, key, parent, name, kind, perf_counter_ns(), watch, None)
    return key


def leave_end(recorder: Recorder, key: int, size: int = 0) -> None:
    when = perf_counter_ns()

    def end() -> None:
        if (span := recorder.find(key)) is not None:
            span.size += size
            recorder.finish(span, "ok", when)

    leave(recorder, end, size=size)


def stored(recorder: Recorder, key: int) -> str:
    assert recorder.flush(10)
    store = open_store(recorder.path)
    try:
        return outline(store.get(trace_id(key)))
    finally:
        store.close()


@pytest.fixture
def slow(new_recorder: Callable[..., Recorder]) -> Recorder:
    """A recorder whose writer does nothing unasked."""
    return new_recorder(flush_interval_ms=3_600_000)


def test_events_are_dealt_with_in_their_order_when_somebody_asks(slow: Recorder):
    seen: list[int] = []
    for number in range(100):
        leave(slow, seen.append, number)
    assert seen == []
    assert (slow.open_spans, seen) == (0, [*range(100)])
    leave(slow, seen.append, 100)
    assert slow.counts().emitted == 0
    assert seen[-1] == 100
    leave(slow, seen.append, 101)
    assert slow.flush(5)
    assert seen[-1] == 101
    assert slow.backlog.size == 0


def test_the_writer_deals_with_them_unasked(recorder: Recorder):
    done = threading.Event()
    leave_start(recorder, None, "root")
    leave(recorder, done.set)
    assert done.wait(5)


def test_times_are_those_of_the_events(slow: Recorder):
    root = leave_start(slow, None, "root")
    before = perf_counter_ns()
    leave_end(slow, root)
    assert slow.flush(10)
    store = open_store(slow.path)
    span = store.get(trace_id(root)).root
    store.close()
    assert span.duration_ns is not None
    assert 0 < span.duration_ns < perf_counter_ns() - before + 1_000_000_000


def test_an_event_that_fails_is_told_once_and_the_others_are_dealt_with(
    slow: Recorder, caplog: pytest.LogCaptureFixture
):
    def broken() -> None:
        raise ValueError("ours")

    seen: list[int] = []
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            leave(slow, broken)
            leave(slow, seen.append, number)
        slow.catch_up()
    assert seen == [0, 1, 2]
    assert [record.getMessage() for record in caplog.records] == [
        "weaklink: a step was not recorded, broken failed: ValueError('ours')"
    ]


def test_an_event_may_bring_new_ones_and_ask_for_the_result(slow: Recorder):
    seen: list[str] = []

    def outer() -> None:
        leave(slow, seen.append, "added meanwhile")
        slow.flush(1)
        seen.append("outer")

    leave(slow, outer)
    leave(slow, seen.append, "next")
    assert slow.flush(5)
    slow.catch_up()
    assert seen == ["outer", "next", "added meanwhile"]


def test_a_run_that_was_collected_before_its_events_were_dealt_with_has_ended(slow: Recorder):
    run = Run()
    root = leave_start(slow, None, "stream", run)
    model = leave_start(slow, root, "llm", run, kind="llm")
    del run
    gc.collect()
    assert stored(slow, root) == "stream:chain[abandoned] > llm[cancelled]"
    assert slow.find(model) is None
    assert slow.open_spans == 0


def test_an_end_that_came_after_that_of_the_root_counts_though_the_run_is_gone_by_now(slow: Recorder):
    run = Run()
    root = leave_start(slow, None, "root")
    model = leave_start(slow, root, "llm", run, kind="llm")
    leave_end(slow, root)
    leave_end(slow, model)
    del run
    gc.collect()
    assert stored(slow, root) == "root:chain > llm"


def test_a_run_that_was_gone_when_its_root_ended_was_cancelled(slow: Recorder):
    run = Run()
    root = leave_start(slow, None, "root")
    leave_start(slow, root, "llm", run, kind="llm")
    del run
    gc.collect()
    leave_end(slow, root)
    assert stored(slow, root) == "root:chain > llm[cancelled]"


def test_while_the_store_is_blocked_callers_help_and_every_record_is_accounted_for(
    new_recorder: Callable[..., Recorder],
):
    recorder = new_recorder(max_queue_bytes=262_144)
    first = leave_start(recorder, None, "first")
    leave_end(recorder, first)
    assert recorder.flush(10)
    blocker = apsw.Connection(str(recorder.path))
    blocker.execute("BEGIN IMMEDIATE")
    largest = 0

    def work() -> None:
        nonlocal largest
        for _ in range(1_000):
            root = leave_start(recorder, None, "root")
            leave_end(recorder, root, size=2_000)
            largest = max(largest, recorder.backlog.size)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    blocker.execute("COMMIT")
    assert recorder.flush(30)
    counts = recorder.counts()
    dropped = sum(counts.dropped.values())
    print(
        f"R4: {counts.emitted:,} emitted = {counts.stored:,} stored + {dropped:,} dropped; at most {largest:,} bytes of events"
    )
    assert largest < 262_144
    shown_while_open = counts.emitted - 4_001
    assert 0 <= shown_while_open < 100
    assert counts.emitted == counts.stored + dropped
    assert dropped > 0
    assert set(counts.dropped) == {"queue full"}
    assert (recorder.open_spans, recorder.backlog.size, len(recorder._late)) == (0, 0, 0)


def test_of_events_that_wait_at_a_fork_the_child_has_none_and_the_parent_all(store_path: Path):
    recorder = recorder_for(store_path)
    keys = [leave_start(recorder, None, "root") for _ in range(10)]
    for key in keys:
        leave_end(recorder, key)
    child = os.fork()
    if child == 0:
        os._exit(recorder.counts().emitted)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert {stored(recorder, key) for key in keys} == {"root:chain"}
    assert recorder.counts().emitted == 10
    recorder.close()
    registry._recorders.pop(recorder.path)
