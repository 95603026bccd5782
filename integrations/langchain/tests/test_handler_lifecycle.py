"""One handler and many runs, many handlers and one run, and what a run leaves behind."""

import asyncio
import gc
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.config import run_in_executor

from weaklink import WeaklinkError
from weaklink.testing import outline
from weaklink_langchain import WeaklinkCallbackHandler


class Search(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(query)]


def shout(text: str) -> str:
    return text.upper()


CHAIN = RunnableLambda(shout) | Search()
FINE = "RunnableSequence:chain* > (shout:chain, Search:retriever)"


def test_before_the_first_trace_the_handler_says_what_to_do(handler):
    with pytest.raises(WeaklinkError, match=r'config=\{"callbacks": \[handler\]\}'):
        handler.last_trace()


def test_a_handler_passed_only_to_an_inner_call_begins_a_trace_there(handler, traces):
    RunnableLambda(lambda q: Search().invoke(q, {"callbacks": [handler]})).invoke("x")

    assert [outline(trace) for trace in traces()] == ["Search:retriever"]


def test_a_handler_given_to_the_component_records_it_as_its_own_trace(handler, traces):
    (RunnableLambda(shout) | FakeListChatModel(responses=["fine"], callbacks=[handler])).invoke("x")

    assert [outline(trace) for trace in traces()] == ["FakeListChatModel:llm"]


def test_the_same_handler_given_twice_records_once(handler, traces):
    chain = CHAIN.with_config(callbacks=[handler])

    chain.invoke("x", {"callbacks": [handler]})

    assert [outline(trace) for trace in traces()] == [FINE]


def test_two_handlers_record_the_same_run_each_in_its_own_store(handler, traces, tmp_path):
    other = WeaklinkCallbackHandler(tmp_path / "other.db", strict=True)

    CHAIN.invoke("x", {"callbacks": [handler, other]})

    mine, its = handler.last_trace(), other.last_trace()
    other._recorder.close()
    assert outline(mine) == outline(its) == FINE
    assert [span.input for span in mine.spans] == [span.input for span in its.spans]


def test_a_run_whose_parent_nobody_reported_becomes_a_trace(handler, traces):
    from uuid import uuid4

    from langchain_core.callbacks import CallbackManager

    manager = CallbackManager([handler], parent_run_id=uuid4())
    manager.on_tool_start({"name": "orphan"}, "x").on_tool_end("y")

    assert [outline(trace) for trace in traces()] == ["orphan:tool"]


def test_an_end_without_a_start_is_recorded_for_a_model_and_ignored_for_the_rest(handler, traces):
    from uuid import uuid4

    from langchain_core.outputs import Generation, LLMResult

    handler.on_chain_end({}, run_id=uuid4())
    handler.on_chain_error(ValueError(), run_id=uuid4())
    handler.on_retriever_end([], run_id=uuid4())
    handler.on_tool_end("", run_id=uuid4())
    handler.on_tool_error(ValueError(), run_id=uuid4())
    handler.on_llm_new_token("", run_id=uuid4())
    handler.on_custom_event("", {}, run_id=uuid4())
    handler.on_llm_end(LLMResult(generations=[[Generation(text="said")]]), run_id=uuid4())

    (trace,) = traces()
    assert (outline(trace), trace.root.output) == ("llm", "said")
    assert trace.root.notes == ("the start of this call was not reported",)


def test_an_end_that_is_told_twice_counts_once(handler, recorder, traces):
    from langchain_core.callbacks import CallbackManager

    run = CallbackManager([handler]).on_chain_start({"name": "chain"}, {"q": "x"})
    run.on_chain_end({"a": 1})
    run.on_chain_end({"a": 2})
    run.on_chain_error(ValueError("late"))

    (trace,) = traces()
    assert (trace.status, trace.root.output) == ("ok", {"a": 1})
    assert recorder.counts().emitted == recorder.counts().stored == 1


def test_a_child_that_ends_after_its_parent_keeps_both_its_input_and_its_own_end(handler, recorder, traces):
    from langchain_core.callbacks import CallbackManager

    run = CallbackManager.configure([handler]).on_chain_start({"name": "chain"}, {"q": "x"})
    search = run.get_child().on_retriever_start({"name": "search"}, "x")
    run.on_chain_end({"a": 1})
    assert handler.last_trace().spans[1].status == "incomplete"
    search.on_retriever_end([Document("found")])

    (trace,) = traces()
    assert outline(trace) == "chain > search:retriever"
    assert (trace.spans[1].input, trace.spans[1].documents[0].content) == ("x", "found")
    assert recorder.open_spans == 0
    assert not recorder._late


def test_one_handler_serves_many_threads_without_mixing_their_traces(handler, recorder, traces):
    def work(number: int) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        for turn in range(5):
            CHAIN.invoke(f"{number}-{turn}", {"callbacks": [handler]})
            last = handler.last_trace()
            found.append((outline(last), last.root.input))
        return found

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))

    assert results == [[(FINE, f"{number}-{turn}") for turn in range(5)] for number in range(8)]
    assert len(traces()) == 40
    assert recorder.open_spans == 0


async def test_the_last_trace_is_that_of_the_task_that_asks(handler):
    async def work(number: int) -> Any:
        await CHAIN.ainvoke(f"{number}", {"callbacks": [handler]})
        await asyncio.sleep(0.01 * (number % 3))
        return (await asyncio.to_thread(handler.flush), handler.last_trace().root.input)

    assert await asyncio.gather(*map(work, range(10))) == [(True, f"{number}") for number in range(10)]


def test_the_last_trace_after_a_batch_is_one_of_the_batch(handler):
    CHAIN.invoke("before", {"callbacks": [handler]})
    CHAIN.batch(["a", "b"], {"callbacks": [handler]})

    assert handler.last_trace().root.input in ("a", "b")


async def test_the_last_trace_after_a_task_is_that_of_the_task(handler):
    await CHAIN.ainvoke("before", {"callbacks": [handler]})
    await asyncio.wait_for(asyncio.create_task(CHAIN.ainvoke("inside", {"callbacks": [handler]})), 5)

    assert handler.last_trace().root.input == "inside"


def test_a_thread_that_ran_nothing_sees_the_newest_trace_of_all(handler):
    CHAIN.invoke("main", {"callbacks": [handler]})
    seen: list[Any] = []

    thread = threading.Thread(target=lambda: seen.append(handler.last_trace().root.input))
    thread.start()
    thread.join()

    assert seen == ["main"]


def test_inside_a_run_the_last_trace_is_the_one_before(handler):
    CHAIN.invoke("before", {"callbacks": [handler]})

    seen = RunnableLambda(lambda _: handler.last_trace().root.input).invoke("now", {"callbacks": [handler]})

    assert seen == "before"


def test_threads_that_langchain_starts_stay_inside_the_trace(handler, traces):
    async def outer(question: str) -> Any:
        return await run_in_executor(None, Search().invoke, question)

    asyncio.run(RunnableLambda(outer).ainvoke("x", {"callbacks": [handler]}))

    assert [outline(trace) for trace in traces()] == ["outer:chain > Search:retriever"]


def test_the_user_s_own_events_are_kept_with_their_step(handler, traces):
    from langchain_core.callbacks.manager import dispatch_custom_event

    def work(question: str) -> str:
        dispatch_custom_event("progress", {"done": 1})
        dispatch_custom_event("progress", {"done": 2})
        return question

    RunnableLambda(work).invoke("x", {"callbacks": [handler]})

    events = [{"name": "progress", "data": {"done": 1}}, {"name": "progress", "data": {"done": 2}}]
    assert traces()[0].root.attributes["events"] == events


def test_many_runs_and_many_handlers_leave_nothing_in_memory(handler, recorder, store):
    def work(runs: int) -> None:
        for _ in range(runs):
            CHAIN.invoke("x", {"callbacks": [WeaklinkCallbackHandler(store)]})
        handler.flush()
        gc.collect()

    tracemalloc.start()
    try:
        work(100)
        before = tracemalloc.get_traced_memory()[0]
        work(400)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert recorder.open_spans == 0
    assert not recorder._late
    assert grown < 80_000, f"{grown / 400:.0f} bytes per run stay"
