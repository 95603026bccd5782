"""Exceptions that are no failure, thrown into a chain anywhere: they pass, and no step is blamed for them."""

import asyncio
import gc
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool
from langgraph.errors import GraphInterrupt
from langgraph.types import Interrupt


class Chain:
    """A RAG chain with a place in each step where anything may be thrown in."""

    def __init__(self) -> None:
        self.arm(0, None)
        self.built = self.build()

    def arm(self, place: int, error: BaseException | None) -> None:
        """Throw `error` at the place with this number, counted from 1 in the order they are passed."""
        self.left, self.error, self.passed = place, error, 0

    def point(self) -> None:
        self.passed += 1
        self.left -= 1
        if self.left == 0 and self.error is not None:
            raise self.error

    async def apoint(self) -> None:
        await asyncio.sleep(0)
        self.point()

    def build(self) -> Any:
        here = self

        class Search(BaseRetriever):
            def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
                here.point()
                return [Document("found")]

            async def _aget_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
                await here.apoint()
                return [Document("found")]

        class Chat(FakeListChatModel):
            responses: list[str] = ["fine"]

            def _call(self, *args: Any, **kwargs: Any) -> str:
                here.point()
                return "fine"

            async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
                await here.apoint()
                return self._generate_fine()

            def _generate_fine(self) -> Any:
                return FakeListChatModel(responses=["fine"])._generate([])

            def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
                for text in "fine":
                    here.point()
                    yield ChatGenerationChunk(message=AIMessageChunk(text))

            async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
                for text in "fine":
                    await here.apoint()
                    yield ChatGenerationChunk(message=AIMessageChunk(text))

        def step(value: Any) -> Any:
            here.point()
            return value

        async def astep(value: Any) -> Any:
            await here.apoint()
            return value

        @tool
        async def look(text: str) -> str:
            """Looks."""
            await here.apoint()
            return text

        def slook(value: Any) -> Any:
            return step(value)

        plain = RunnableLambda(step, astep).with_config(run_name="step")
        after = RunnableLambda(slook, lambda text: look.ainvoke({"text": text}))  # type: ignore[arg-type]
        return (
            {"found": Search() | plain, "text": RunnablePassthrough() | plain}
            | ChatPromptTemplate.from_template("{found} {text}")
            | Chat()
            | StrOutputParser()
            | plain
            | after
        )


async def ainvoke(chain: Any, config: Any) -> Any:
    return await chain.ainvoke("x", config)


async def astream(chain: Any, config: Any) -> Any:
    return "".join([chunk async for chunk in chain.astream("x", config)])


async def invoke(chain: Any, config: Any) -> Any:
    return chain.invoke("x", config)


async def stream(chain: Any, config: Any) -> Any:
    return "".join(chain.stream("x", config))


CHAIN = Chain()
MODES: list[Callable[[Any, Any], Awaitable[Any]]] = [ainvoke, astream, invoke, stream]
THROWN: list[Callable[[], BaseException]] = [
    asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit, lambda: GraphInterrupt((Interrupt("may I?"),)),
]  # fmt: skip


async def outcome(mode: Any, config: Any) -> Any:
    """What the caller sees: the exception itself, or the result."""
    try:
        return await mode(CHAIN.built, config)
    except BaseException as error:
        return error


def points_of(mode: Any) -> int:
    CHAIN.arm(0, None)
    assert run(mode, {}) == "fine"
    return CHAIN.passed


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_what_is_thrown_at_250_random_points_passes_and_is_no_failure(mode, handler, recorder, traces):
    randomly = random.Random(7)
    points = points_of(mode)
    passed: list[bool] = []
    for _ in range(250):
        thrower, place = randomly.choice(THROWN), randomly.randint(1, points)
        expected, expected_is_thrown = throw(thrower(), place, mode, {})
        found, is_thrown = throw(thrower(), place, mode, {"callbacks": [handler]})
        assert (type(found), is_thrown) == (type(expected), expected_is_thrown)
        passed.append(is_thrown)

    # Python and LangChain make a real error of some ("coroutine ignored GeneratorExit"), and that is the chain's failure then.
    found_traces = traces()
    assert sum(passed) > 150
    assert len(found_traces) == len(passed)
    statuses = Counter(
        span.status for trace, is_thrown in zip(found_traces, passed, strict=True) if is_thrown for span in trace.spans
    )
    assert set(statuses) <= {"ok", "cancelled", "abandoned", "interrupted"}, statuses
    assert recorder.open_spans == 0


def throw(error: BaseException, place: int, mode: Any, config: Any) -> tuple[Any, bool]:
    """What came of it, and whether that is the thrown exception itself."""
    CHAIN.arm(place, error)
    found = run(mode, config)
    CHAIN.arm(0, None)
    return found, found is error


def run(mode: Any, config: Any) -> Any:
    """Like asyncio.run, which would itself die of a KeyboardInterrupt in a task."""
    loop = asyncio.new_event_loop()
    found: list[Any] = []

    async def work() -> None:
        found.append(await outcome(mode, config))

    try:
        loop.run_until_complete(work())
    except BaseException as error:  # asyncio stops the loop for these two, and for no other
        found.append(error)
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    return found[0]


@pytest.mark.slow
def test_a_task_that_is_cancelled_at_200_random_moments_is_never_a_failure(handler, recorder, traces):
    randomly = random.Random(11)

    async def work() -> None:
        for _ in range(200):
            mode = randomly.choice((ainvoke, astream))
            task = asyncio.ensure_future(mode(CHAIN.built, {"callbacks": [handler]}))
            for _ in range(randomly.randint(0, 60)):
                await asyncio.sleep(0)
            task.cancel()
            with_result = await asyncio.gather(task, return_exceptions=True)
            assert with_result == ["fine"] or isinstance(with_result[0], asyncio.CancelledError)

    asyncio.run(work())
    gc.collect()

    statuses = Counter(span.status for trace in traces() for span in trace.spans)
    assert set(statuses) <= {"ok", "cancelled", "abandoned"}, statuses
    assert statuses["cancelled"] > 0
    assert recorder.open_spans == 0


@pytest.mark.parametrize("mode", MODES)
def test_the_same_chain_with_nothing_thrown_is_healthy(mode, handler, recorder, traces):
    assert run(mode, {"callbacks": [handler]}) == "fine"

    assert {span.status for span in traces()[0].spans} == {"ok"}
    assert recorder.open_spans == 0


def test_a_real_failure_at_the_same_points_is_one(handler, recorder, traces):
    for place in range(1, points_of(ainvoke) + 1):
        assert throw(ConnectionError("real"), place, ainvoke, {"callbacks": [handler]})[1]

    assert {trace.status for trace in traces()} == {"error"}
    assert {
        trace.root.error.origin in {span.id for span in trace.spans if not trace.children(span)} for trace in traces()
    } == {True}
    assert recorder.open_spans == 0
