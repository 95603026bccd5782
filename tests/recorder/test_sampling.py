"""A share of traces is stored, and each in which a step failed; what is left out is counted."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from weaklink.recorder import Recorder
from weaklink.recorder.sampling import Sampler
from weaklink.store import open_store
from weaklink.testing.calls import STEPS, new_key, rag_call, step, trace_id

IN, OUT = 0x01 << 24, 0xF1 << 24  # low and high last 32 bits of a key


def stored(recorder: Recorder) -> dict[str, str]:
    """Status by id."""
    store = open_store(recorder.path)
    found = {line.id: line.status for line in store.summaries(limit=100_000)}
    store.close()
    return found


def settled(recorder: Recorder) -> None:
    """Until the writer has seen all; a flush would store what waits for its root."""
    recorder._writer.notice()
    until = time.monotonic() + 5
    while len(recorder._queue) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)


def test_a_share_of_traces_is_stored_and_the_rest_counted(new_recorder: Callable[..., Recorder]):
    recorder = new_recorder(sample_rate=0.2)
    chance = random.Random(4)
    keys = [rag_call(recorder, key=chance.getrandbits(128)) for _ in range(600)]
    assert recorder.flush(10)
    counts = recorder.counts()
    found = stored(recorder)
    assert set(found) == {trace_id(key) for key in keys if key & 0xFFFFFFFF < 0.2 * 2**32}
    assert 80 < len(found) < 160
    assert set(counts.dropped) == {"not sampled"}
    shown_while_open = counts.emitted - 600 * STEPS
    assert 0 <= counts.dropped["not sampled"] - (600 - len(found)) * STEPS <= shown_while_open
    assert (counts.emitted, counts.pending) == (counts.stored + counts.dropped["not sampled"], 0)


def test_a_trace_in_which_a_step_failed_is_stored_whole(new_recorder: Callable[..., Recorder]):
    recorder = new_recorder(sample_rate=0)
    root = step(recorder, None, "root")
    recorder.finish(step(recorder, root, "retriever", "retriever"))
    recorder.fail(step(recorder, root, "llm", "llm"), ValueError("first try"))
    recorder.finish(step(recorder, root, "llm", "llm"))
    recorder.finish(root)  # and so the first try was made good
    rag_call(recorder)
    assert recorder.flush(10)
    assert stored(recorder) == {trace_id(root.key): "ok"}
    store = open_store(recorder.path)
    assert [(span.name, span.status) for span in store.latest().spans] == [
        ("root", "ok"), ("retriever", "ok"), ("llm", "recovered"), ("llm", "ok"),
    ]  # fmt: skip
    store.close()


def test_an_open_trace_waits_for_its_end_and_a_flush_stores_it(new_recorder: Callable[..., Recorder]):
    recorder = new_recorder(sample_rate=0)
    root = step(recorder, None, "root", key=OUT)
    recorder.finish(step(recorder, root, "retriever", "retriever"))
    settled(recorder)
    assert recorder.counts().pending >= 1
    assert not recorder.path.exists() or stored(recorder) == {}
    assert recorder.flush(10)
    assert stored(recorder) == {trace_id(OUT): "incomplete"}
    recorder.finish(root)
    assert recorder.flush(10)
    assert stored(recorder) == {trace_id(OUT): "ok"}


def test_the_end_of_the_process_stores_what_is_open(new_recorder: Callable[..., Recorder]):
    recorder = new_recorder(sample_rate=0)
    step(recorder, None, "root", key=OUT)
    rag_call(recorder)
    recorder.close(5)
    assert stored(recorder) == {trace_id(OUT): "incomplete"}
    assert recorder.counts().pending == 0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def records(recorder: Recorder) -> Callable[..., list[Any]]:
    """What a recorder hands to its writer, which is stopped."""
    recorder._writer._stop = True

    def make(key: int, *, children: int = 1, root: bool = True) -> list[Any]:
        top = step(recorder, None, "root", key=key)
        for _ in range(children):
            recorder.finish(step(recorder, top, "step", key=new_key()))
        if root:
            recorder.finish(top)
        return recorder._queue.take(10_000)

    return make


def test_what_has_waited_for_a_minute_is_stored(records: Callable[..., list[Any]]):
    clock = Clock()
    sampler = Sampler(0.5, clock)
    slow = records(OUT, root=False)
    assert sampler.sort(slow) == ([], 0)
    clock.now = 59
    assert sampler.sort(records(OUT + 1)) == ([], 2)
    clock.now = 61
    chosen = records(IN)
    assert sampler.sort(chosen) == (chosen + slow, 0)
    assert sampler.held == 0


def test_what_comes_after_the_root_goes_its_way(records: Callable[..., list[Any]]):
    sampler = Sampler(0.5)
    child, root = records(OUT)
    assert sampler.sort([root]) == ([], 1)
    assert sampler.sort([child]) == ([], 1)
    child, root = records(OUT + 1)
    root.status = "error"
    assert sampler.sort([root]) == ([root], 0)
    assert sampler.sort([child]) == ([child], 0)


def test_what_waits_is_bounded(records: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("weaklink.recorder.sampling._MOST_HELD", 10)
    sampler = Sampler(0)
    first = records(OUT, children=6, root=False)
    second = records(OUT + 1, children=6, root=False)
    assert sampler.sort(first) == ([], 0)
    assert sampler.sort(second) == (first, 0)
    assert sampler.held == 6
    large = records(OUT + 2, root=False)
    large[0].size = 20_000_000
    assert sampler.sort(large) == (second + large, 0)
    assert (sampler.held, sampler._bytes) == (0, 0)
