"""R4: every record is stored, dropped for a reason, or pending; the counters say so exactly."""

import threading
import time
from collections.abc import Callable

import apsw
import pytest

from weaklink.recorder import Recorder
from weaklink.snapshot import Passage
from weaklink.testing.calls import STEPS, new_key, rag_call, step


def rows_in(recorder: Recorder) -> int:
    return apsw.Connection(str(recorder.path)).execute("SELECT count(*) FROM spans").get


@pytest.mark.timeout(3_600)
def test_every_record_of_an_overload_is_accounted_for(new_recorder: Callable[..., Recorder], is_long: bool):
    recorder = new_recorder(max_queue_bytes=4_194_304 if is_long else 65_536)
    calls, threads = 1_666_668 if is_long else 4_000, 4

    def work() -> None:
        for _ in range(calls // threads):
            rag_call(recorder)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert recorder.flush(60)
    counts = recorder.counts()
    dropped = sum(counts.dropped.values())
    print(f"R4: {counts.emitted:,} emitted = {counts.stored:,} stored + {dropped:,} dropped + {counts.pending} pending")
    shown_while_open = counts.emitted - calls * STEPS
    assert 0 <= shown_while_open < 20 + calls // 100  # those that a busy machine kept open for longer than an interval
    assert counts.emitted == counts.stored + dropped
    assert dropped > 0
    assert set(counts.dropped) == {"queue full"}
    assert 0 <= counts.stored - rows_in(recorder) <= shown_while_open


def test_what_cannot_be_encoded_is_dropped_counted_and_not_half_stored(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
):
    root = step(recorder, None, "root")
    bad = step(recorder, root, "bad", "retriever", documents=[Passage(7, None, {})])  # type: ignore[arg-type]
    recorder.finish(bad)
    worse = step(recorder, root, "worse", "llm", input=object())
    recorder.finish(worse)
    worst = step(recorder, root, "worst", "llm", began=1 << 80)
    recorder.finish(worst)
    recorder.finish(root)
    assert recorder.flush(10)
    assert recorder.counts() == (4, 1, 0, {"could not be encoded": 3})
    assert rows_in(recorder) == 1


def test_nothing_is_lost_while_the_store_fails_and_comes_back(recorder: Recorder):
    rag_call(recorder)
    assert recorder.flush(10)
    blocker = apsw.Connection(str(recorder.path))
    blocker.execute("BEGIN IMMEDIATE")
    for _ in range(100):
        rag_call(recorder)
    assert not recorder.flush(0.3)
    counts = recorder.counts()
    assert (counts.emitted, counts.stored, counts.pending, counts.dropped) == (303, 3, 300, {})
    blocker.execute("COMMIT")
    assert recorder.flush(10)
    assert recorder.counts() == (303, 303, 0, {})


def test_a_writer_whose_thread_has_died_is_replaced(recorder: Recorder):
    rag_call(recorder)
    assert recorder.flush(10)
    dead = recorder._writer._thread
    assert dead is not None

    class Killed(BaseException):
        pass

    def killed() -> bool:
        raise Killed

    tick, recorder._writer._tick = recorder._writer._tick, killed
    hook, threading.excepthook = threading.excepthook, lambda args: None
    try:
        recorder._writer.notice()
        dead.join(5)
    finally:
        threading.excepthook = hook
        recorder._writer._tick = tick
    assert not dead.is_alive()
    rag_call(recorder)
    assert recorder.flush(10)
    assert recorder.counts() == (6, 6, 0, {})


def test_a_flush_keeps_its_deadline(recorder: Recorder):
    rag_call(recorder)
    assert recorder.flush(10)
    blocker = apsw.Connection(str(recorder.path))
    blocker.execute("BEGIN IMMEDIATE")
    recorder.finish(recorder.start(new_key(), None, "root", "chain"))
    began = time.monotonic()
    assert not recorder.flush(0.2)
    assert time.monotonic() - began < 5  # and no 10 seconds, for which SQLite would wait
    blocker.execute("COMMIT")
