"""R5: memory is bounded, also while the store is blocked for the whole run."""

import gc
import tracemalloc
from collections.abc import Callable

import apsw

from weaklink.recorder import Recorder
from weaklink.testing.calls import new_key, rag_call, step

MB = 1_048_576


def test_a_blocked_store_costs_at_most_the_size_of_the_queue(new_recorder: Callable[..., Recorder], is_long: bool):
    limit, a_round = (64 * MB, 48_000) if is_long else (4 * MB, 3_000)
    recorder = new_recorder(max_queue_bytes=limit)
    rag_call(recorder)
    assert recorder.flush(10)
    blocker = apsw.Connection(str(recorder.path))
    blocker.execute("BEGIN IMMEDIATE")
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    grown: list[int] = []
    for _ in range(4):
        for number in range(a_round):
            text = f"{number} " * 300
            span = step(recorder, None, "root", input=text)
            span.size += len(text)
            recorder.finish(span)
        gc.collect()
        grown.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    blocker.execute("COMMIT")
    counts = recorder.counts()
    print(f"R5: {max(grown) / MB:.1f} MB for {counts.emitted:,} records with the store blocked and a queue of {limit / MB:.0f} MB, "
          f"{(grown[-1] - grown[1]) / (2 * a_round):.1f} bytes more per record at the end")  # fmt: skip
    assert max(grown) < 1.5 * limit
    assert grown[-1] - grown[1] < 0.05 * limit
    assert counts.dropped["queue full"] > 8_000


def test_nothing_grows_with_each_call(recorder: Recorder, is_long: bool):
    def calls(count: int) -> int:
        for _ in range(count):
            rag_call(recorder, "the same question")
        assert recorder.flush(30)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    first = calls(1_800)  # until every cache is full
    more = 20_000 if is_long else 1_500
    last = calls(more)
    tracemalloc.stop()
    per_call = (last - first) / more
    print(f"R5: {per_call:.0f} bytes stay per call, over {more:,} calls")
    assert per_call < 60


def test_open_steps_that_are_watched_leave_nothing_behind(recorder: Recorder):
    class Run:
        pass

    for _ in range(2_000):
        run = Run()
        recorder.start(new_key(), None, "stream", "chain", watch=run)
        del run
    assert recorder.flush(10)
    assert recorder.open_spans == 0
