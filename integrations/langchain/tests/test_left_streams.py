"""Streams that their reader leaves, drops, holds or never reads."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel

from weaklink.testing import outline

PROMPT = ChatPromptTemplate.from_template("{q}")
TOKENS = [f"t{number} " for number in range(10)]


class Fluent(FakeListChatModel):
    """Ten tokens; an error after so many, where asked for."""

    responses: list[str] = [""]
    fails_after: int = 10

    def _stream(self, *args: Any, run_manager: Any = None, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for number, token in enumerate(TOKENS):
            if number == self.fails_after:
                raise ConnectionError("gone")
            chunk = ChatGenerationChunk(message=AIMessageChunk(token))
            if run_manager:
                run_manager.on_llm_new_token(token, chunk=chunk)
            yield chunk

    async def _astream(self, *args: Any, run_manager: Any = None, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        for number, token in enumerate(TOKENS):
            await asyncio.sleep(0.001)
            if number == self.fails_after:
                raise ConnectionError("gone")
            chunk = ChatGenerationChunk(message=AIMessageChunk(token))
            if run_manager:
                await run_manager.on_llm_new_token(token, chunk=chunk)
            yield chunk


SHORT = PROMPT | Fluent()
LONG = PROMPT | Fluent() | StrOutputParser()
CHAINS = {
    "short": (SHORT, "RunnableSequence:chain{}* > (ChatPromptTemplate:prompt, Fluent:llm{})"),
    "long": (LONG, "RunnableSequence:chain{}* > (ChatPromptTemplate:prompt, Fluent:llm{}, StrOutputParser:parser{})"),
    "parallel": (
        RunnableParallel(a=LONG),
        "RunnableParallel<a>:chain{}* > (ChatPromptTemplate:prompt, Fluent:llm{}, StrOutputParser:parser{})",
    ),
    "inside a function": (
        RunnableLambda(lambda _: LONG),
        "RunnableLambda:chain{} > (ChatPromptTemplate:prompt, Fluent:llm{}, StrOutputParser:parser{})",
    ),
}


@pytest.fixture(params=CHAINS)
def left(request):
    chain, line = CHAINS[request.param]
    # A parser, a branch or a function above a model reads on to the end when its own reader leaves (core 1.7).
    is_drained = request.param != "short"
    return chain, line.format("", "", ""), line.format(*["[abandoned]"] * 3), is_drained


def read(chain: Any, handler: Any) -> Iterator[Any]:
    return chain.stream({"q": "x"}, {"callbacks": [handler]})


def aread(chain: Any, handler: Any) -> Any:
    return chain.astream({"q": "x"}, {"callbacks": [handler]})


def check_left_sync(trace: Any, line: str, is_drained: bool) -> None:
    model = trace.of_kind("llm")[0]
    assert trace.status == "abandoned"
    assert model.status == ("ok" if is_drained else "abandoned")
    assert "error" not in {span.status for span in trace.spans}
    assert model.input == [{"$type": "message", "role": "user", "content": "x"}]
    assert (model.model.name, model.model.provider) == ("", "fluent")
    assert model.model.time_to_first_token_ns > 0


def test_a_stream_that_is_read_to_the_end_is_fine(left, handler, recorder, traces):
    chain, fine, _, _ = left

    list(read(chain, handler))

    assert [outline(trace) for trace in traces()] == [fine]
    assert recorder.open_spans == 0


def test_a_stream_that_is_closed_early_is_abandoned(left, handler, recorder, traces):
    chain, _, abandoned, is_drained = left
    stream = read(chain, handler)
    next(stream)

    stream.close()

    check_left_sync(traces()[0], abandoned, is_drained)
    assert recorder.open_spans == 0
    assert not recorder._late


def test_a_stream_that_is_dropped_is_abandoned(left, handler, recorder, traces):
    chain, _, abandoned, is_drained = left
    for _ in read(chain, handler):
        break
    gc.collect()

    check_left_sync(traces()[0], abandoned, is_drained)
    assert recorder.open_spans == 0
    assert not recorder._late


async def test_an_async_stream_that_is_closed_early_is_abandoned(left, handler, recorder, traces):
    chain, _, abandoned, _ = left
    stream = aread(chain, handler)
    await anext(stream)

    await stream.aclose()
    await asyncio.sleep(0.1)
    gc.collect()
    await asyncio.sleep(0.1)

    assert [outline(trace) for trace in traces()] == [abandoned]
    assert recorder.open_spans == 0


async def test_an_async_stream_that_is_dropped_is_abandoned(left, handler, recorder, traces):
    chain, _, abandoned, _ = left
    async for _ in aread(chain, handler):
        break
    gc.collect()
    await asyncio.sleep(0.2)
    gc.collect()
    await asyncio.sleep(0.1)

    assert [outline(trace) for trace in traces()] == [abandoned]
    assert recorder.open_spans == 0


async def test_an_async_stream_that_is_read_to_the_end_is_fine(left, handler, recorder, traces):
    chain, fine, _, _ = left

    _ = [chunk async for chunk in aread(chain, handler)]

    assert [outline(trace) for trace in traces()] == [fine]
    assert recorder.open_spans == 0


async def test_events_that_nobody_reads_on_are_no_failure(left, handler, recorder, traces):
    chain, _, _, _ = left
    async for event in chain.astream_events({"q": "x"}, {"callbacks": [handler]}, version="v2"):
        if event["event"] == "on_chat_model_stream":
            break
    await asyncio.sleep(0.1)
    gc.collect()

    trace = traces()[0]
    assert trace.status in ("cancelled", "abandoned")  # LangChain cancels the task that reads
    assert {span.status for span in trace.spans} <= {"ok", "cancelled", "abandoned"}
    assert recorder.open_spans == 0


def test_a_stream_that_was_never_read_never_ran(handler, recorder, traces, store):
    stream = read(LONG, handler)
    del stream
    gc.collect()
    handler.flush()

    assert recorder.open_spans == 0
    assert not store.exists()


def test_a_stream_that_is_held_is_shown_as_incomplete_until_it_is_read_on(handler, recorder, traces):
    stream = read(LONG, handler)
    next(stream)
    try:
        deadline = 50
        while not (shown := held(traces)) and deadline:
            deadline -= 1
        assert [span.status for span in shown[0].spans if span.kind != "prompt"] == ["incomplete"] * 3
    finally:
        list(stream)

    assert outline(traces()[0]) == CHAINS["long"][1].format("", "", "")


def held(traces: Any) -> Any:
    import time

    time.sleep(0.1)
    try:
        found = traces()
    except Exception:
        return None
    return found if found and len(found[0].spans) == 4 else None


def test_a_stream_that_breaks_keeps_what_the_model_had_written(handler, recorder, traces):
    chain = PROMPT | Fluent(fails_after=3) | StrOutputParser()

    with pytest.raises(ConnectionError):
        list(read(chain, handler))

    trace = traces()[0]
    assert (
        outline(trace) == "RunnableSequence:chain!* > (ChatPromptTemplate:prompt, Fluent:llm!, StrOutputParser:parser!)"
    )
    model = trace.of_kind("llm")[0]
    assert model.output == {"$type": "message", "role": "assistant", "content": "t0 t1 t2 "}
    assert {span.error.origin for span in trace.spans if span.error} == {model.id}
    assert recorder.open_spans == 0


async def test_an_async_stream_that_breaks_keeps_what_the_model_had_written(handler, recorder, traces):
    chain = PROMPT | Fluent(fails_after=3) | StrOutputParser()

    with pytest.raises(ConnectionError):
        _ = [chunk async for chunk in aread(chain, handler)]

    trace = traces()[0]
    assert (
        outline(trace) == "RunnableSequence:chain!* > (ChatPromptTemplate:prompt, Fluent:llm!, StrOutputParser:parser!)"
    )
    model = trace.of_kind("llm")[0]
    assert model.output == {"$type": "message", "role": "assistant", "content": "t0 t1 t2 "}
    assert {span.error.origin for span in trace.spans if span.error} == {model.id}
    assert recorder.open_spans == 0


def test_a_thousand_left_streams_leave_nothing_open(handler, recorder):
    for number in range(1_000):
        stream = read(SHORT if number % 2 else LONG, handler)
        next(stream)
        if number % 3:
            stream.close()
    del stream
    gc.collect()
    handler.flush()

    assert recorder.open_spans == 0
    assert not recorder._late
