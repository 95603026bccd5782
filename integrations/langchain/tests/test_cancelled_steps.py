"""Steps that are cancelled or time out: LangChain tells no handler of most of them."""

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.language_models.llms import LLM
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableLambda, RunnableParallel
from langchain_core.tools import tool

from weaklink.testing import outline
from weaklink_langchain import WeaklinkCallbackHandler

FOREVER = 3_600
LONG_ENOUGH = 60
"""Seconds after which the tasks are killed: on the loop's clock, which `all_killed` puts forward."""


class Crowd:
    """Those who have come to the step that hangs."""

    def __init__(self) -> None:
        self.expected = 0
        self.ahead = 0

    async def hang(self, seconds: float) -> None:
        self.expected -= 1
        if not self.expected:
            self.ahead += LONG_ENOUGH
        await asyncio.sleep(seconds)


crowd = Crowd()


async def all_killed(*runs: Awaitable[None], steps: int = 1) -> None:
    """Run them; once each has come to the `steps` steps that hang, their time is up, however slow the machine is."""
    loop, now = asyncio.get_running_loop(), asyncio.get_running_loop().time
    crowd.expected, crowd.ahead = len(runs) * steps, 0
    loop.time = lambda: now() + crowd.ahead
    await asyncio.gather(*runs)


class Search(BaseRetriever):
    seconds: float = 0

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(f"about {query}")]

    async def _aget_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        await crowd.hang(self.seconds)
        return [Document(f"about {query}")]


class Chat(FakeListChatModel):
    responses: list[str] = ["fine"]
    seconds: float = 0

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        await crowd.hang(self.seconds)
        return self._generate(*args, **kwargs)


class Completion(LLM):
    seconds: float = 0

    @property
    def _llm_type(self) -> str:
        return "slow"

    def _call(self, *args: Any, **kwargs: Any) -> str:
        return "fine"

    async def _acall(self, *args: Any, **kwargs: Any) -> str:
        await crowd.hang(self.seconds)
        return "fine"


def look_up_in(seconds: float) -> Any:
    @tool
    async def look_up(word: str) -> str:
        """Looks a word up."""
        await crowd.hang(seconds)
        return word

    return look_up


async def text_of(value: Any) -> str:
    return str(value)


def wait(seconds: float) -> Any:
    async def think(text: Any) -> Any:
        await crowd.hang(seconds)
        return text

    return RunnableLambda(think)


def ask(model: Any) -> Runnable[Any, Any]:
    return ChatPromptTemplate.from_template("{q}") | model | StrOutputParser()


STEPS: dict[str, tuple[Callable[[float], Runnable[Any, Any]], Any, str]] = {
    "retriever": (lambda s: RunnableLambda(text_of) | Search(seconds=s), "x", "text_of:chain, Search:retriever"),
    "chat": (lambda s: ask(Chat(seconds=s)), {"q": "x"}, "ChatPromptTemplate:prompt, Chat:llm"),
    "completion": (lambda s: ask(Completion(seconds=s)), {"q": "x"}, "ChatPromptTemplate:prompt, Completion:llm"),
    "tool": (lambda s: RunnableLambda(text_of) | look_up_in(s), "x", "text_of:chain, look_up:tool"),
    "lambda": (lambda s: RunnableLambda(text_of) | wait(s), "x", "text_of:chain, think:chain"),
}


async def by_wait_for(run: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run(), LONG_ENOUGH)


async def by_timeout(run: Callable[[], Awaitable[Any]]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(LONG_ENOUGH):
            await run()


async def by_cancel(run: Callable[[], Awaitable[Any]]) -> None:
    task = asyncio.ensure_future(run())
    await asyncio.sleep(LONG_ENOUGH)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


WAYS = (by_wait_for, by_timeout, by_cancel)


@pytest.mark.parametrize("step", STEPS)
async def test_a_step_that_is_killed_inside_a_chain_is_cancelled_each_of_60_times(step, handler, recorder, traces):
    make, value, before = STEPS[step]
    chain = make(FOREVER)

    await all_killed(*[way(lambda: chain.ainvoke(value, {"callbacks": [handler]})) for way in WAYS for _ in range(20)])

    expected = f"RunnableSequence:chain[cancelled]* > ({before}[cancelled])"
    assert Counter(map(outline, traces())) == {expected: 60}
    assert recorder.open_spans == 0


@pytest.mark.parametrize("step", STEPS)
async def test_the_same_chain_left_in_peace_is_all_fine(step, handler, recorder, traces):
    make, value, _ = STEPS[step]

    await asyncio.gather(*[make(0).ainvoke(value, {"callbacks": [handler]}) for _ in range(20)])

    assert {span.status for trace in traces() for span in trace.spans} == {"ok"}
    assert recorder.open_spans == 0
    assert not recorder._late


@pytest.mark.parametrize("way", WAYS)
async def test_300_of_300_retrievers_that_alone_have_the_handler_are_cancelled(way, handler, recorder, traces):
    async def answer(question: str) -> Any:
        return await Search(seconds=FOREVER).ainvoke(question, {"callbacks": [handler]})

    await all_killed(*[way(lambda: answer("x")) for _ in range(300)])
    gc.collect()

    assert Counter(map(outline, traces())) == {"Search:retriever[cancelled]": 300}
    assert recorder.open_spans == 0
    assert not recorder._late


@pytest.mark.parametrize("model", [Chat(seconds=FOREVER), Completion(seconds=FOREVER)], ids=["chat", "completion"])
async def test_a_model_that_alone_has_the_handler_is_cancelled(model, handler, recorder, traces):
    await all_killed(*[way(lambda: model.ainvoke("x", {"callbacks": [handler]})) for way in WAYS for _ in range(5)])
    gc.collect()

    assert Counter(map(outline, traces())) == {f"{type(model).__name__}:llm[cancelled]": 15}
    assert recorder.open_spans == 0


async def test_the_last_trace_is_the_one_that_vanished(handler):
    await all_killed(by_wait_for(lambda: Search(seconds=FOREVER).ainvoke("lost", {"callbacks": [handler]})))
    gc.collect()

    last = handler.last_trace()
    assert (outline(last), last.root.input) == ("Search:retriever[cancelled]", "lost")


async def test_a_run_that_vanished_is_stored_within_a_second_without_anybody_asking(handler, store):
    from weaklink.store import open_store

    await all_killed(by_wait_for(lambda: Search(seconds=FOREVER).ainvoke("lost", {"callbacks": [handler]})))
    gc.collect()
    await asyncio.sleep(0.8)

    assert open_store(store).latest().status == "cancelled"


async def test_a_time_out_that_the_step_above_turns_into_an_error_leaves_the_step_below_cancelled(handler, traces):
    async def answer(question: str) -> Any:
        return await asyncio.wait_for(Search(seconds=FOREVER).ainvoke(question), LONG_ENOUGH)

    with pytest.raises(TimeoutError):
        await all_killed(RunnableLambda(answer).ainvoke("x", {"callbacks": [handler]}))

    assert outline(traces()[0]) == "answer:chain! > Search:retriever[cancelled]"


async def test_a_time_out_that_is_caught_leaves_the_step_below_cancelled_and_the_chain_healthy(handler, traces):
    async def answer(question: str) -> Any:
        try:
            return await asyncio.wait_for(Search(seconds=FOREVER).ainvoke(question), LONG_ENOUGH)
        except TimeoutError:
            return []

    await all_killed(RunnableLambda(answer).ainvoke("x", {"callbacks": [handler]}))

    assert outline(traces()[0]) == "answer:chain > Search:retriever[cancelled]"


async def test_parallel_branches_are_cancelled_together(handler, recorder, traces):
    chain = RunnableParallel(found=Search(seconds=FOREVER), said=ask(Chat(seconds=FOREVER)), thought=wait(FOREVER))

    await all_killed(by_wait_for(lambda: chain.ainvoke({"q": "x"}, {"callbacks": [handler]})), steps=3)

    assert outline(traces()[0]) == (
        "RunnableParallel<found,said,thought>:chain[cancelled]* > (Search:retriever[cancelled], "
        "ChatPromptTemplate:prompt, Chat:llm[cancelled], think:chain[cancelled])"
    )
    assert recorder.open_spans == 0


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, "cancelled"), (SystemExit, "cancelled")])
@pytest.mark.parametrize("kind", ["retriever", "llm", "tool", "chain"])
def test_an_interrupt_from_the_keyboard_passes_and_is_no_failure(kind, error, status, handler, recorder, traces):
    def stop(*args: Any, **kwargs: Any) -> Any:
        raise error

    class Stopping(Search):
        _get_relevant_documents = stop

    class StoppingChat(Chat):
        _generate = stop

    @tool
    def stopping(word: str) -> str:
        """Stops."""
        return stop()

    step: Any = {
        "retriever": Stopping(), "llm": StoppingChat(), "tool": stopping, "chain": RunnableLambda(stop),
    }[kind]  # fmt: skip
    chain = RunnableLambda(lambda word: {"word": word} if kind == "tool" else word) | step

    with pytest.raises(error):
        chain.invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert {span.status for span in trace.spans} == {"ok", status}
    assert trace.status == trace.of_kind(kind)[-1].status == status
    assert recorder.open_spans == 0


@pytest.mark.slow
async def test_2000_cancelled_runs_leave_nothing_in_memory(handler: WeaklinkCallbackHandler, recorder):
    async def killed() -> None:
        chain = RunnableLambda(text_of) | Search(seconds=FOREVER)
        tasks = [asyncio.ensure_future(chain.ainvoke("x", {"callbacks": [handler]})) for _ in range(100)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(handler.flush)

    async def growth() -> int:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            await killed()
        gc.collect()
        handler.flush()
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        for _ in range(5):
            await killed()
        grown = await growth()
    finally:
        tracemalloc.stop()

    assert recorder.open_spans == 0
    assert not recorder._late
    assert grown < 400_000, f"{grown / 2_000:.0f} bytes per run stay"
