"""R16: steps that nobody ends are closed with the right status within a second, and the run maps are empty."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import apsw
import pytest

from weaklink.recorder import OpenSpan, Recorder
from weaklink.testing.calls import new_key, rag_call, step


class Run:
    """Lives as long as the generator or task that a framework runs."""


def stream(recorder: Recorder) -> Iterator[int]:
    run = Run()
    recorder.start(new_key(), None, "stream", "chain", watch=run)
    yield from range(10)
    del run


async def retrieve(recorder: Recorder, parent: OpenSpan) -> None:
    run = Run()  # in this frame alone: gone with the task
    recorder.start(new_key(), parent.key, "retriever", "retriever", watch=run)
    await asyncio.sleep(60)
    del run


def statuses(recorder: Recorder) -> Counter[tuple[str, str]]:
    return Counter(apsw.Connection(str(recorder.path)).execute("SELECT name, status FROM spans").fetchall())


def round_of_the_writer(recorder: Recorder) -> float:
    """How long the writer takes to store one call now, in a store that is there: 0.03 s where the machine is free."""
    for _ in range(2):
        rag_call(recorder)
        began = time.monotonic()
        assert recorder.flush(60)
    return time.monotonic() - began


async def test_300_open_steps_are_closed_with_the_right_status(recorder: Recorder):
    a_round = round_of_the_writer(recorder)
    for _ in range(100):  # a reader that leaves after the first part
        next(stream(recorder))
    root = step(recorder, None, "fan-out")
    tasks = [asyncio.ensure_future(retrieve(recorder, root)) for _ in range(100)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks.clear()
    del task
    for _ in range(99):
        step(recorder, root, "forgotten")
    began = time.monotonic()
    gc.collect()
    late = 0.0  # how long after its time this loop got its turn at worst: a machine that is so busy adds that to any thread's work
    while recorder.open_spans > 100 and time.monotonic() - began < 10:
        asked = time.monotonic()
        await asyncio.sleep(0.005)
        late = max(late, time.monotonic() - asked - 0.005)
    took = time.monotonic() - began
    recorder.finish(root)
    assert recorder.flush(60)
    print(
        f"R16: 300 of 300 open steps closed, the collected ones after {took * 1000:.0f} ms; {recorder.open_spans} left open"
    )
    assert recorder.open_spans == 0
    assert took < 1 + 5 * late + 5 * a_round
    assert statuses(recorder) == {
        **dict.fromkeys((("rag", "ok"), ("retriever", "ok"), ("llm", "ok")), 2),
        ("stream", "abandoned"): 100, ("retriever", "cancelled"): 100, ("forgotten", "incomplete"): 99, ("fan-out", "ok"): 1,
    }  # fmt: skip


async def test_a_generator_that_is_closed_by_the_loop_is_closed_here(recorder: Recorder):
    async def astream() -> AsyncIterator[int]:
        run = Run()
        recorder.start(new_key(), None, "astream", "chain", watch=run)
        yield 1
        await asyncio.sleep(60)
        del run

    async for _ in astream():
        break
    for _ in range(50):
        gc.collect()
        await asyncio.sleep(0.01)
        if not recorder.open_spans:
            break
    assert recorder.flush(10)
    assert statuses(recorder) == {("astream", "abandoned"): 1}


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_the_run_maps_are_empty_after_many_runs(recorder: Recorder, is_long: bool):
    for number in range(333_334 if is_long else 60_000):
        rag_call(recorder)
        if number % 2_000 == 0:
            assert recorder.flush(300)
    assert recorder.flush(300)
    print(f"R16: {recorder.open_spans} entries in the run maps after {recorder.counts().emitted:,} steps")
    assert (recorder.open_spans, len(recorder._late), len(recorder._gone)) == (0, 0, 0)
    assert recorder.counts().dropped == {}
