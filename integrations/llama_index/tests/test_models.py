"""Model calls: name, parameters, tokens and finish reason in the words of each provider."""

from types import SimpleNamespace

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, TextBlock, ToolCallBlock
from llama_index.llms.openai_like import OpenAILike

from weaklink_llama_index.convert import snapshotter
from weaklink_llama_index.models import complete_model_call, describe_call, model_of, tool_names


def completed(raw, **extra):
    model = {"name": ""}
    complete_model_call(model, CompletionResponse(text="x", raw=raw, additional_kwargs=extra))
    return model


@pytest.mark.parametrize(
    ("raw", "usage", "reason"),
    [
        ({"usage": {"prompt_tokens": 5, "completion_tokens": 2}, "choices": [{"finish_reason": "stop"}]}, (5, 2), "stop"),
        ({"usage": {"input_tokens": 5, "output_tokens": 2}, "stop_reason": "end_turn"}, (5, 2), "end_turn"),
        ({"usage_metadata": {"prompt_token_count": 5, "candidates_token_count": 2}}, (5, 2), None),
        ({"prompt_eval_count": 5, "eval_count": 2, "done_reason": "length"}, (5, 2), "length"),
        ({"usage": {"inputTokens": 5, "outputTokens": 2}, "stopReason": "max_tokens"}, (5, 2), "max_tokens"),
        (SimpleNamespace(usage=SimpleNamespace(prompt_tokens=5, completion_tokens=2), choices=[SimpleNamespace(finish_reason="stop")]),
         (5, 2), "stop"),
    ],
    ids=["openai", "anthropic", "gemini", "ollama", "bedrock", "objects"],
)  # fmt: skip
def test_tokens_and_finish_reason_of_each_provider(raw, usage, reason):
    model = completed(raw)
    assert (model["usage"]["input_tokens"], model["usage"]["output_tokens"]) == usage
    assert model.get("finish_reason") == reason


def test_cached_and_reasoning_tokens_are_parts():
    raw = {"usage": {"prompt_tokens": 5, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4},
                     "completion_tokens_details": {"reasoning_tokens": 7}}}  # fmt: skip
    assert completed(raw)["usage"] == {
        "input_tokens": 5,
        "output_tokens": 9,
        "cached_input_tokens": 4,
        "reasoning_tokens": 7,
    }


def test_tokens_that_llama_index_copied_aside_are_found():
    assert completed(None, prompt_tokens=5, completion_tokens=2)["usage"] == {"input_tokens": 5, "output_tokens": 2}


@pytest.mark.parametrize(
    "raw", [None, {}, {"usage": None}, {"usage": {"prompt_tokens": -1}}, {"choices": []}, "text", 3]
)
def test_nothing_known_is_nothing_said(raw):
    assert completed(raw) == {"name": ""}


def test_name_and_parameters_come_from_the_models_fields():
    model = OpenAILike(model="tiny", api_base="http://127.0.0.1:1", api_key="secret", temperature=0.5, max_tokens=7)
    found = model_of(model)
    assert found["name"] == "tiny"
    assert found["parameters"] == {"temperature": 0.5, "max_tokens": 7}
    assert "secret" not in str(found)


def test_the_arguments_of_one_call_come_on_top():
    model = {"name": "", "parameters": {"temperature": 0.5}}
    describe_call(model, {"model_name": "tiny"}, {"temperature": 0, "tools": [1], "stop": "x"})
    assert model == {"name": "tiny", "parameters": {"temperature": 0, "stop": "x"}}


def test_offered_tools_are_found_in_both_forms():
    assert tool_names({"tools": [{"function": {"name": "a"}}, {"name": "b"}, object()]}) == ["a", "b"]


def test_a_message_is_its_text_its_role_and_its_tool_calls():
    taker = snapshotter(1_000_000, redact=True)
    message = ChatMessage(role="chatbot", blocks=[TextBlock(text="one"), TextBlock(text="two"),
                                                  ToolCallBlock(tool_name="add", tool_kwargs={"a": 1}, tool_call_id="c1")])  # fmt: skip
    assert taker.take(ChatResponse(message=message))[0] == {
        "$type": "message", "role": "assistant", "content": "one\ntwo",
        "tool_calls": [{"name": "add", "args": {"a": 1}, "id": "c1"}],
    }  # fmt: skip


def test_a_tools_message_names_its_call():
    taker = snapshotter(1_000_000, redact=True)
    message = ChatMessage("3", role="tool", additional_kwargs={"tool_call_id": "c1"})
    assert taker.take(message)[0] == {"$type": "message", "role": "tool", "content": "3", "tool_call_id": "c1"}
