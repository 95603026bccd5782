"""Streams: the whole tree stays open until the stream is read, closed or forgotten."""

import asyncio
import gc
import time

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.base.response.schema import StreamingResponse
from llama_index.core.chat_engine import SimpleChatEngine

WHOLE = """RetrieverQueryEngine chain{0}
  VectorIndexRetriever retriever
  CompactAndRefine chain{0}
    text_qa_prompt prompt
    Say llm{0}"""


@pytest.fixture
def engine(lab):
    return lab.index.as_query_engine(llm=lab.Say(script=["a b c d"]), streaming=True)


def wait_for(handler, condition):
    """The writer ends what is gone at its next tick."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if condition(handler):
            return True
        time.sleep(0.02)
    return False


def test_a_stream_that_is_read_is_one_tree(lab, listening, engine):
    response = engine.query("What?")
    assert listening._recorder.open_spans > 0
    assert isinstance(response, StreamingResponse)
    assert "".join(response.response_gen) == "a b c d "
    trace = listening.last_trace()
    assert lab.tree(trace) == WHOLE.format("")
    assert trace.answer == "a b c d"
    assert listening._recorder.open_spans == 0


def test_str_of_a_response_reads_it(lab, listening, engine):
    assert str(engine.query("What?")) == "a b c d "
    assert lab.tree(listening.last_trace()) == WHOLE.format("")


def test_tokens_finish_reason_and_time_to_first_token_are_known(listening, engine):
    str(engine.query("What?"))
    (model,) = listening.last_trace().leaf_llms
    assert (model.model.name, model.model.finish_reason) == ("say-1", "stop")
    assert (model.model.usage.input_tokens, model.model.usage.output_tokens) == (10, 3)
    assert 0 < model.model.time_to_first_token_ns <= model.duration_ns


def test_the_query_lasts_as_long_as_its_stream(listening, engine):
    response = engine.query("What?")
    time.sleep(0.1)
    str(response)
    assert listening.last_trace().duration_ns > 100_000_000


def test_a_stream_closed_early_is_abandoned_with_what_was_written(lab, listening, engine):
    stream = engine.query("What?").response_gen
    assert next(stream) == "a "
    stream.close()
    trace = listening.last_trace()
    assert lab.tree(trace) == WHOLE.format(" abandoned")
    assert trace.leaf_llms[0].output.strip() == "a"
    assert all(span.error is None for span in trace.spans)


def test_a_stream_that_is_never_read_is_abandoned(lab, listening, engine):
    engine.query("What?")
    gc.collect()
    assert wait_for(listening, lambda h: h._recorder.open_spans == 0)
    trace = listening.last_trace()
    assert (trace.status, [span.kind for span in trace.steps]) == ("abandoned", ["chain", "retriever", "chain"])


def test_a_stream_that_is_forgotten_half_way_is_abandoned(lab, listening, engine):
    response = engine.query("What?")
    next(response.response_gen)
    del response
    gc.collect()
    assert wait_for(listening, lambda h: h._recorder.open_spans == 0)
    assert lab.tree(listening.last_trace()) == WHOLE.format(" abandoned")


async def test_an_asynchronous_stream_is_one_tree(lab, listening, engine):
    response = await engine.aquery("What?")
    assert "".join([piece async for piece in response.async_response_gen()]) == "a b c d "
    trace = listening.last_trace()
    assert lab.tree(trace) == WHOLE.format("")
    assert len(trace.leaf_llms) == len(trace.of_kind("llm")) == 1


async def test_an_asynchronous_stream_closed_early_is_abandoned(lab, listening, engine):
    stream = (await engine.aquery("What?")).response_gen
    await stream.__anext__()
    await stream.aclose()
    trace = listening.last_trace()
    assert lab.tree(trace) == WHOLE.format(" abandoned")
    assert trace.leaf_llms[0].output.strip() == "a"


async def test_an_asynchronous_stream_that_is_never_read_is_abandoned(listening, engine):
    await engine.aquery("What?")
    gc.collect()
    assert await asyncio.to_thread(wait_for, listening, lambda h: h._recorder.open_spans == 0)
    assert listening.last_trace().status == "abandoned"


async def test_many_streams_at_once_do_not_mix(lab, listening, traces):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["a b c d"]), streaming=True)

    async def ask(number):
        response = await engine.aquery(f"What is {number}?")
        pieces = []
        async for piece in response.async_response_gen():
            pieces.append(piece)
            await asyncio.sleep(0.001)
        return pieces

    await asyncio.gather(*(ask(number) for number in range(20)))
    found = traces()
    assert len(found) == 20
    assert {lab.tree(trace) for trace in found} == {WHOLE.format("")}
    assert {trace.question for trace in found} == {f"What is {number}?" for number in range(20)}


def test_two_streams_read_in_turns_keep_their_own_model_calls(lab, listening, traces, engine):
    first, second = engine.query("First?").response_gen, engine.query("Second?").response_gen
    for _ in zip(first, second, strict=True):
        pass
    assert [(trace.question, lab.tree(trace)) for trace in traces()] == [
        ("First?", WHOLE.format("")), ("Second?", WHOLE.format("")),
    ]  # fmt: skip


def test_a_refining_stream_keeps_all_its_calls_below(lab, listening):
    engine = lab.index.as_query_engine(llm=lab.Say(script=["One.", "Two."]), response_mode="refine", streaming=True)
    assert str(engine.query("What?")) == "Two. "
    trace = listening.last_trace()
    assert [span.output for span in trace.leaf_llms] == ["One. ", "Two. "]
    assert trace.answer == "Two."


@pytest.mark.parametrize("chat", [False, True])
def test_a_model_that_is_asked_alone_is_a_trace_of_its_own(lab, listening, chat):
    model = lab.Say(script=["a b"])
    stream = model.stream_chat([ChatMessage("Hi")]) if chat else model.stream_complete("Hi")
    assert len(list(stream)) == 2
    trace = listening.last_trace()
    assert (len(trace.spans), trace.status, trace.answer) == (1, "ok", "a b")
    assert trace.usage.output_tokens == 3


def test_a_models_stream_that_is_never_read_is_closed(lab, listening):
    lab.Say(script=["a b"]).stream_complete("Hi")
    gc.collect()
    assert wait_for(listening, lambda h: h._recorder.open_spans == 0)
    assert listening.last_trace().status in ("cancelled", "abandoned")


def test_a_chat_stream_lasts_until_its_thread_has_written_the_answer(lab, listening):
    chat = lab.index.as_chat_engine(chat_mode="context", llm=lab.Say(script=["a b c"]))
    assert "".join(chat.stream_chat("What?").response_gen) == "a b c "
    assert wait_for(listening, lambda h: h._recorder.open_spans == 0)
    trace = listening.last_trace()
    assert (trace.name, trace.status, trace.question, trace.answer) == ("ContextChatEngine", "ok", "What?", "a b c")
    assert [span.kind for span in trace.steps] == ["chain", "retriever", "chain", "prompt", "llm"]


async def test_an_asynchronous_chat_stream_is_one_tree(lab, listening):
    chat = lab.index.as_chat_engine(chat_mode="condense_plus_context", llm=lab.Say(script=["a b c"]))
    response = await chat.astream_chat("What?")
    assert "".join([piece async for piece in response.async_response_gen()]) == "a b c "
    trace = listening.last_trace()
    assert (trace.status, trace.answer) == ("ok", "a b c")
    assert [span.kind for span in trace.steps] == ["chain", "retriever", "chain", "prompt", "llm"]


def test_a_simple_chat_stream_has_its_model_below(lab, listening):
    chat = SimpleChatEngine.from_defaults(llm=lab.Call(script=["Hello."]))
    assert "".join(chat.stream_chat("Hi").response_gen) == "Hello."
    assert wait_for(listening, lambda h: h._recorder.open_spans == 0)
    trace = listening.last_trace()
    assert lab.tree(trace) == "SimpleChatEngine chain\n  Call llm"
    assert (trace.question, trace.answer) == ("Hi", "Hello.")


def test_the_stream_handed_out_is_still_a_generator(engine, listening):
    from collections.abc import Generator

    stream = engine.query("What?").response_gen
    assert isinstance(stream, Generator)
    assert iter(stream) is stream
    stream.close()
    with pytest.raises(StopIteration):
        next(stream)


def test_nothing_is_wrapped_when_nobody_listens(engine):
    assert type(engine.query("What?").response_gen).__name__ == "generator"
