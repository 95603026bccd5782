"""Chat and completion models: tokens, caches, tools, what was written before an error."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import FakeListChatModel, FakeListLLM, GenericFakeChatModel
from langchain_core.language_models.llms import BaseLLM
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.output_parsers import PydanticOutputParser
from langchain_core.outputs import (
    ChatGeneration,
    ChatGenerationChunk,
    ChatResult,
    Generation,
    GenerationChunk,
    LLMResult,
)
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, SecretStr

from weaklink.model import Usage
from weaklink.testing import outline

USAGE = {
    "input_tokens": 50, "output_tokens": 7, "total_tokens": 57,
    "input_token_details": {"cache_read": 40}, "output_token_details": {"reasoning": 2},
}  # fmt: skip


class Chat(FakeListChatModel):
    responses: list[str] = [""]
    message: Any = None
    result: Any = None

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return self.result or ChatResult(generations=[ChatGeneration(message=self.message)])


class Completion(BaseLLM):
    result: Any = None
    api_key: SecretStr = SecretStr("sk-0123456789abcdef0123456789abcdef")

    @property
    def _llm_type(self) -> str:
        return "completion"

    def _generate(self, prompts: list[str], *args: Any, **kwargs: Any) -> LLMResult:
        return self.result or LLMResult(generations=[[Generation(text=f"about {prompt}")] for prompt in prompts])


@pytest.fixture
def cache() -> Iterator[None]:
    set_llm_cache(InMemoryCache())
    yield
    set_llm_cache(None)


@tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


def test_a_chat_model_reports_its_tokens(handler, traces):
    Chat(message=AIMessage("fine", usage_metadata=USAGE)).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert trace.root.model.usage == Usage(input_tokens=50, output_tokens=7, cached_input_tokens=40, reasoning_tokens=2)
    assert trace.usage == trace.root.model.usage


def test_tokens_that_only_the_provider_s_own_report_has_are_found(handler, traces):
    result = ChatResult(
        generations=[ChatGeneration(message=AIMessage("fine"), generation_info={"finish_reason": "length"})],
        llm_output={"token_usage": {"prompt_tokens": 5, "completion_tokens": 3}, "model_name": "provider-1"},
    )
    Chat(result=result).invoke("x", {"callbacks": [handler]})

    call = traces()[0].root.model
    assert (call.usage, call.name, call.finish_reason) == (
        Usage(input_tokens=5, output_tokens=3),
        "provider-1",
        "length",
    )


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_a_completion_model_has_prompt_text_and_tokens(is_async, handler, traces):
    result = LLMResult(
        generations=[[Generation(text="fine", generation_info={"finish_reason": "stop"})]],
        llm_output={
            "token_usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
            "model_name": "old-1",
        },
    )
    model = Completion(result=result)
    config: Any = {"callbacks": [handler]}
    assert (await model.ainvoke("x", config) if is_async else model.invoke("x", config)) == "fine"

    (span,) = traces()[0].spans
    assert (span.kind, span.input, span.output) == ("llm", "x", "fine")
    assert span.model.usage == Usage(input_tokens=5, output_tokens=3)
    assert (span.model.name, span.model.finish_reason) == ("old-1", "stop")


def test_a_completion_model_that_streams_tells_the_time_to_its_first_token(handler, traces):
    class Streaming(Completion):
        def _stream(self, prompt: str, *args: Any, run_manager: Any = None, **kwargs: Any) -> Iterator[GenerationChunk]:
            for text in ("fi", "ne"):
                chunk = GenerationChunk(text=text)
                if run_manager:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk

    assert "".join(Streaming().stream("x", {"callbacks": [handler]})) == "fine"

    (span,) = traces()[0].spans
    assert (span.input, span.output) == ("x", "fine")
    assert 0 < span.model.time_to_first_token_ns <= span.duration_ns


def test_several_prompts_at_once_are_several_calls(handler, traces):
    Completion().batch(["a", "b"], {"callbacks": [handler]})

    assert sorted((trace.root.input, trace.root.output) for trace in traces()) == [("a", "about a"), ("b", "about b")]


def test_several_answers_to_one_question_are_all_kept(handler, traces):
    messages = [AIMessage("one", usage_metadata=USAGE), AIMessage("two")]
    result = ChatResult(generations=[ChatGeneration(message=message) for message in messages])
    Chat(result=result).invoke("x", {"callbacks": [handler]})

    assert [answer["content"] for answer in traces()[0].root.output] == ["one", "two"]


def test_parameters_are_kept_and_keys_are_not(handler, store, traces):
    class Configured(Chat):
        @property
        def _identifying_params(self) -> dict[str, Any]:
            return {
                "temperature": 0.5,
                "model_name": "m-2",
                "api_key": "sk-0123456789abcdef0123456789abcdef",
                "seed": None,
            }

    Configured(message=AIMessage("fine")).invoke("x", {"callbacks": [handler]}, stop=["END"])
    Completion().invoke("x", {"callbacks": [handler]})

    call = traces()[0].root.model
    assert call.name == "m-2"
    assert call.parameters == {"temperature": 0.5, "api_key": "[redacted]", "stop": ["END"]}
    assert b"0123456789abcdef" not in store.read_bytes()


@pytest.mark.parametrize("usage", [USAGE, None], ids=["with usage", "without"])
def test_an_answer_from_the_cache_of_langchain_costs_no_tokens(usage, cache, handler, traces):
    model = Chat(message=AIMessage("fine", usage_metadata=usage))
    for _ in range(2):
        model.invoke("x", {"callbacks": [handler]})

    asked, cached = traces()
    assert (asked.root.output, cached.root.output) == (asked.root.output, asked.root.output)
    assert asked.root.model.cached is False
    if usage:  # core 1.7 marks only messages that have usage
        assert cached.root.model.cached is True
    assert cached.usage is None
    assert (asked.usage is None) == (usage is None)


def test_a_completion_from_the_cache_is_no_call(cache, handler, traces):
    model = Completion()
    for _ in range(2):
        assert model.invoke("x", {"callbacks": [handler]}) == "about x"

    # LangChain tells no handler of a completion that comes from its cache (core 1.7).
    assert [(outline(trace), trace.root.output) for trace in traces()] == [("Completion:llm", "about x")]


def test_tool_calls_are_kept_with_their_arguments(handler, traces):
    called = AIMessage("", tool_calls=[{"name": "add", "args": {"a": 1, "b": 2}, "id": "call_1"}])
    Chat(message=called).invoke("1 + 2?", {"callbacks": [handler]})

    assert traces()[0].root.output == {
        "$type": "message", "role": "assistant", "content": "",
        "tool_calls": [{"name": "add", "args": {"a": 1, "b": 2}, "id": "call_1", "type": "tool_call"}],
    }  # fmt: skip


def test_the_tools_that_were_offered_are_named(handler, traces):
    model = Chat(message=AIMessage("3"))
    model.bind(tools=[convert_to_openai_tool(add), {"name": "anthropic_style"}]).invoke("x", {"callbacks": [handler]})
    model.bind(functions=[{"name": "old_style"}]).invoke("x", {"callbacks": [handler]})
    model.invoke("x", {"callbacks": [handler]})

    assert [trace.root.attributes for trace in traces()] == [
        {"tools": ["add", "anthropic_style"]}, {"tools": ["old_style"]}, {},
    ]  # fmt: skip


def test_structured_output_shows_the_model_and_the_parser(handler, traces):
    class Answer(BaseModel):
        value: int

    chain = Chat(message=AIMessage('{"value": 3}')) | PydanticOutputParser(pydantic_object=Answer)
    assert chain.invoke("x", {"callbacks": [handler]}) == Answer(value=3)

    trace = traces()[0]
    assert outline(trace) == "RunnableSequence:chain* > (Chat:llm, PydanticOutputParser:parser)"
    assert trace.root.output["value"] == 3


def test_every_role_and_part_of_a_message_is_kept(handler, traces):
    picture = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    ]
    Chat(message=AIMessage("a cat")).invoke(
        [SystemMessage("be short"), HumanMessage(picture)], {"callbacks": [handler]}
    )

    assert traces()[0].root.input == [
        {"$type": "message", "role": "system", "content": "be short"},
        {"$type": "message", "role": "user", "content": picture},
    ]


def test_what_was_written_before_an_error_is_kept(handler, traces):
    class Breaking(FakeListChatModel):
        def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
            yield ChatGenerationChunk(message=AIMessageChunk("half an "))
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        list(Breaking(responses=[""]).stream("x", {"callbacks": [handler]}))

    (span,) = traces()[0].spans
    assert (span.status, span.output["content"], span.error.message) == ("error", "half an ", "gone")


def test_an_error_before_anything_was_written_has_no_output(handler, traces):
    class Breaking(FakeListChatModel):
        def _call(self, *args: Any, **kwargs: Any) -> str:
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        Breaking(responses=[""]).invoke("x", {"callbacks": [handler]})

    assert (traces()[0].status, traces()[0].root.output) == ("error", None)


async def test_events_of_a_model_give_the_same_as_a_stream(handler, traces):
    model = GenericFakeChatModel(messages=iter([AIMessage("Ada did it")]))

    _ = [event async for event in model.astream_events("x", {"callbacks": [handler]}, version="v2")]

    (span,) = traces()[0].spans
    assert (span.kind, span.status, span.output["content"]) == ("llm", "ok", "Ada did it")
    assert span.model.time_to_first_token_ns > 0


def test_a_fake_list_model_is_as_good_as_any(handler, traces):
    assert FakeListLLM(responses=["fine"]).invoke("x", {"callbacks": [handler]}) == "fine"

    assert (outline(traces()[0]), traces()[0].root.model.usage) == ("FakeListLLM:llm", None)
