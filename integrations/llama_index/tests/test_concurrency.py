"""Threads, tasks and cancellations: every run keeps its own tree, and nothing stays open."""

import asyncio
import gc
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

WHOLE = """RetrieverQueryEngine chain
  VectorIndexRetriever retriever
  CompactAndRefine chain
    text_qa_prompt prompt
    Say llm"""


def test_queries_in_threads_do_not_mix(lab, listening, traces):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."]))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: engine.query(f"What is {number}?"), range(64)))
    found = traces()
    assert len(found) == 64
    assert {lab.tree(trace) for trace in found} == {WHOLE}
    assert {trace.question for trace in found} == {f"What is {number}?" for number in range(64)}


async def test_queries_at_once_do_not_mix(lab, listening, traces):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."], wait=0.001))
    await asyncio.gather(*(engine.aquery(f"What is {number}?") for number in range(50)))
    found = traces()
    assert len(found) == 50
    assert {lab.tree(trace) for trace in found} == {WHOLE}
    assert {trace.question for trace in found} == {f"What is {number}?" for number in range(50)}


@pytest.mark.parametrize("hundreds", [1, pytest.param(10, marks=pytest.mark.slow)])
async def test_of_100_queries_30_cancelled_and_nothing_stays_open(lab, listening, traces, recorder, hundreds):
    quick = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."]))
    slow = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."], wait=30))

    async def killed(number):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(slow.aquery(f"slow {number}?"), 0.05)

    for part in range(hundreds):
        await asyncio.gather(
            *(quick.aquery(f"quick {part} {number}?") for number in range(70)),
            *(killed(f"{part} {number}") for number in range(30)),
        )
    assert recorder.open_spans == 0
    assert listening._tracing._steps == {}
    found = traces()
    assert len(found) == 100 * hundreds
    status = {"quick": set(), "slow": set()}
    for trace in found:
        status[trace.question.split()[0]].add(trace.status)
    assert status == {"quick": {"ok"}, "slow": {"cancelled"}}
    assert not any(span.status == "incomplete" for trace in found for span in trace.spans)
    assert recorder.counts().dropped == {}


@pytest.mark.slow
def test_memory_is_flat_over_1000_queries_300_of_them_cancelled(lab, listening):
    async def work(times):
        quick = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."]))
        slow = lab.index.as_query_engine(llm=lab.Say(script=["The answer is 1."], wait=30))
        for _ in range(times):
            calls = [quick.aquery("quick?") for _ in range(7)]
            calls += [asyncio.wait_for(slow.aquery("slow?"), 0.02) for _ in range(3)]
            await asyncio.gather(*calls, return_exceptions=True)
        await asyncio.to_thread(listening.flush)

    tracemalloc.start()
    try:
        asyncio.run(work(20))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        asyncio.run(work(100))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    print(f"grown by {grown / 1024:.0f} kB over 1,000 queries")
    assert grown < 200_000


def test_streams_abandoned_in_threads_leave_nothing_open(lab, listening, recorder):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["a b c d e"]), streaming=True)

    def half():
        stream = engine.query("What?").response_gen
        next(stream)

    threads = [threading.Thread(target=half) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()
    listening.flush()
    assert recorder.open_spans == 0
