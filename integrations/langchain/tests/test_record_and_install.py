"""Recording without passing a handler: `weaklink.record()`, `install()`, `uninstall()`."""

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers import context as tracers

import weaklink
from weaklink.testing import outline


class Search(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(query)]


def shout(text: str) -> str:
    return text.upper()


CHAIN = (
    RunnableLambda(shout) | {"found": Search(), "said": FakeListChatModel(responses=["fine"])} | RunnableLambda(dict)
)
FINE = "RunnableSequence:chain* > (shout:chain, Search:retriever, FakeListChatModel:llm, dict:chain)"


def invoke(question: str) -> None:
    CHAIN.invoke(question)


def ainvoke(question: str) -> None:
    asyncio.run(CHAIN.ainvoke(question))


def stream(question: str) -> None:
    list(CHAIN.stream(question))


def astream(question: str) -> None:
    async def read() -> None:
        _ = [chunk async for chunk in CHAIN.astream(question)]

    asyncio.run(read())


def events(question: str) -> None:
    async def read() -> None:
        _ = [event async for event in CHAIN.astream_events(question, version="v2")]

    asyncio.run(read())


def batch(question: str) -> None:
    CHAIN.batch([question])


def abatch(question: str) -> None:
    asyncio.run(CHAIN.abatch([question]))


MODES = (invoke, ainvoke, stream, astream, events, batch, abatch)


@pytest.fixture
def installed(store, recorder):
    before = list(tracers._configure_hooks)
    weaklink.install(str(store))
    yield
    weaklink.uninstall()
    assert tracers._configure_hooks == before


@pytest.mark.parametrize("run", MODES)
def test_a_block_records_every_mode(run, store, recorder):
    with weaklink.record(str(store)) as recording:
        run("x")

    assert [outline(trace) for trace in recording.traces] == [FINE]
    assert recording.trace.root.input == "x"
    assert recorder.open_spans == 0


@pytest.mark.parametrize("run", MODES)
def test_after_install_every_mode_is_recorded_once(run, installed, traces):
    run("x")

    assert [outline(trace) for trace in traces()] == [FINE]


def test_nothing_is_recorded_before_or_after_a_block(store, traces):
    CHAIN.invoke("before")
    with weaklink.record(str(store)) as recording:
        CHAIN.invoke("inside")
    CHAIN.invoke("after")

    assert [trace.root.input for trace in traces()] == ["inside"]
    assert [trace.root.input for trace in recording.traces] == ["inside"]


def test_a_block_that_ends_by_an_error_is_over(store, traces):
    def fail() -> None:
        CHAIN.invoke("inside")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), weaklink.record(str(store)) as recording:
        fail()
    CHAIN.invoke("after")

    assert [trace.root.input for trace in recording.traces] == ["inside"]
    assert len(traces()) == 1


def test_an_empty_block_says_what_to_do(store, recorder):
    with weaklink.record(str(store)) as recording:
        pass

    with pytest.raises(weaklink.WeaklinkError, match="nothing was recorded in this block"):
        _ = recording.trace


def test_a_block_inside_a_block_has_its_own_traces_and_each_run_is_recorded_once(store, traces):
    with weaklink.record(str(store)) as outer:
        CHAIN.invoke("1")
        with weaklink.record(str(store)) as inner:
            CHAIN.invoke("2")
        CHAIN.invoke("3")

    assert [trace.root.input for trace in inner.traces] == ["2"]
    assert [trace.root.input for trace in outer.traces] == ["1", "3"]
    assert len(traces()) == 3


def test_a_block_inside_a_step_adds_nothing_to_the_run_around_it(store, traces):
    def step(question: str) -> Any:
        with weaklink.record(str(store)):
            return Search().invoke(question)

    with weaklink.record(str(store)) as recording:
        RunnableLambda(step).invoke("x")

    assert [outline(trace) for trace in recording.traces] == ["step:chain > Search:retriever"]


def test_a_handler_passed_inside_a_block_records_no_run_twice(handler, store, traces):
    with weaklink.record(str(store)) as recording:
        CHAIN.invoke("x", {"callbacks": [handler]})

    assert [outline(trace) for trace in traces()] == [FINE]
    assert [outline(trace) for trace in recording.traces] == [FINE]


def test_a_handler_passed_after_install_records_no_run_twice(installed, handler, traces, recorder):
    CHAIN.invoke("x", {"callbacks": [handler]})

    (trace,) = traces()
    assert outline(trace) == FINE
    assert {span.notes for span in trace.spans} == {()}
    assert handler.last_trace().root.input == "x"
    assert recorder.counts().stored == len(trace.spans)
    assert recorder.open_spans == 0


def test_a_block_after_install_records_no_run_twice(installed, store, traces):
    with weaklink.record(str(store)) as recording:
        CHAIN.invoke("x")

    assert [outline(trace) for trace in traces()] == [FINE]
    assert [outline(trace) for trace in recording.traces] == [FINE]


async def test_a_block_sees_its_own_task_and_what_it_starts_and_no_other(store, traces):
    inside = asyncio.Event()

    async def stranger() -> None:
        await inside.wait()
        await CHAIN.ainvoke("stranger")

    task = asyncio.create_task(stranger())
    with weaklink.record(str(store)) as recording:
        inside.set()
        await asyncio.gather(task, CHAIN.ainvoke("own"), asyncio.create_task(CHAIN.ainvoke("child")))

    assert sorted(trace.root.input for trace in recording.traces) == ["child", "own"]
    assert len(traces()) == 2


def test_after_install_other_threads_are_recorded_too(installed, traces):
    thread = threading.Thread(target=CHAIN.invoke, args=("thread",))
    thread.start()
    thread.join()

    assert [trace.root.input for trace in traces()] == ["thread"]


def test_installing_twice_records_once_and_uninstalling_once_is_enough(store, recorder, traces):
    before = list(tracers._configure_hooks)
    weaklink.install(str(store))
    weaklink.install(str(store))
    CHAIN.invoke("x")
    weaklink.uninstall()
    CHAIN.invoke("y")
    weaklink.uninstall()

    assert [trace.root.input for trace in traces()] == ["x"]
    assert tracers._configure_hooks == before


def test_a_run_that_uninstall_interrupts_still_ends(store, recorder, traces):
    weaklink.install(str(store))

    def step(question: str) -> str:
        weaklink.uninstall()
        return question

    (RunnableLambda(step) | shout).invoke("x")

    assert traces()[0].status == "ok"
    assert recorder.open_spans == 0


def test_importing_the_package_costs_less_than_100_ms_above_langchain():
    code = """
import time
import langchain_core.callbacks.base
began = time.process_time()
import weaklink_langchain
print((time.process_time() - began) * 1000)
"""
    taken = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(3)
    ]
    assert min(taken) < 100, taken


def test_importing_the_package_installs_nothing():
    code = """
import weaklink, weaklink_langchain, threading
from langchain_core.documents import BaseDocumentCompressor
from langchain_core.tracers import context
from langchain_core.vectorstores import VectorStoreRetriever
assert not [hook for hook in context._configure_hooks if "weaklink" in hook[0].name]
assert not hasattr(VectorStoreRetriever._get_relevant_documents, "__wrapped__")
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", code], check=True)
