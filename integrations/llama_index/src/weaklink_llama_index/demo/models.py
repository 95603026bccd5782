"""The models of the demo: the real one on this machine, a scripted one, and the agent's rule-based planner."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms import LLM, CustomLLM, callbacks
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.tools import BaseTool
from llama_index.llms.openai_like import OpenAILike  # pyright: ignore[reportMissingTypeStubs]
from openai import DefaultHttpxClient

from weaklink.demo.llm_server import CONTEXT_TOKENS, LocalModel
from weaklink_llama_index.demo.company import EMPLOYEES, ROOMS

Method = TypeVar("Method", bound=Callable[..., Any])

MAX_TOKENS = 48
SEED = 7


_untyped: Any = callbacks


def on_chat(method: Method) -> Method:
    """What every chat model of LlamaIndex carries: its calls are reported."""
    return _untyped.llm_chat_callback()(method)


def on_completion(method: Method) -> Method:
    """The same for completions."""
    return _untyped.llm_completion_callback()(method)


def real_model(local: LocalModel) -> LLM:
    """The model that runs on this machine, asked so that it says the same every time."""
    # The model is on this machine: a proxy of the environment must not be asked for it.
    direct: dict[str, Any] = {"http_client": DefaultHttpxClient(trust_env=False)}
    return OpenAILike(
        api_base=local.base_url,
        api_key=local.api_key,
        model=local.name,
        is_chat_model=True,
        context_window=CONTEXT_TOKENS,
        temperature=0,
        max_tokens=MAX_TOKENS,
        additional_kwargs={"seed": SEED},
        timeout=120,
        max_retries=0,
        **direct,
    )


class ScriptedLLM(CustomLLM):
    """Gives one answer to everything: what the real model said, for machines that cannot run it."""

    answer: str

    @property
    def metadata(self) -> LLMMetadata:
        """A chat model."""
        return LLMMetadata(model_name="scripted", is_chat_model=True)

    @on_completion
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """The answer."""
        return CompletionResponse(text=self.answer, raw={"choices": [{"finish_reason": "stop"}]})

    @on_completion
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """The answer, word by word."""

        def words() -> CompletionResponseGen:
            text = ""
            for word in self.answer.split(" "):
                delta = f" {word}" if text else word
                text += delta
                yield CompletionResponse(text=text, delta=delta)

        return words()


class RuleBasedPlanner(FunctionCallingLLM):
    """Chooses the agent's tool by rules: a model of 135 million parameters cannot be trusted to write a tool call.

    It stands where a larger model would, and speaks its language: a function-calling model that is offered tools and
    answers with proper tool calls. The sentence for the user is written by the real model, from what the tool returned.
    """

    @property
    def metadata(self) -> LLMMetadata:
        """A function-calling model."""
        return LLMMetadata(model_name="weaklink-demo-planner", is_chat_model=True, is_function_calling_model=True)

    @on_chat
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """A message that asks for a tool."""
        offered = [tool["name"] for tool in kwargs.get("tools", [])]
        calls = [
            {"name": name, "arguments": arguments, "id": f"call_{uuid4().hex[:12]}"}
            for name, arguments in _wanted(messages[-1].content or "")
            if name in offered
        ]
        message = ChatMessage("", role=MessageRole.ASSISTANT, additional_kwargs={"tool_calls": calls})
        return ChatResponse(message=message, raw={"choices": [{"finish_reason": "tool_calls"}]})

    @on_chat
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """The same."""
        return self.chat(messages, **kwargs)

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """The tools that a message asks for."""
        return [
            ToolSelection(tool_id=call["id"], tool_name=call["name"], tool_kwargs=call["arguments"])
            for call in response.message.additional_kwargs["tool_calls"]
        ]

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        asked = ChatMessage(user_msg, role=MessageRole.USER) if isinstance(user_msg, str) else user_msg
        messages = [*(chat_history or []), *([asked] if asked else [])]
        return {"messages": messages, "tools": [{"name": tool.metadata.get_name()} for tool in tools]}

    def complete(self, *args: Any, **kwargs: Any) -> CompletionResponse:
        """Not needed: the planner only plans."""
        raise NotImplementedError

    stream_complete = complete  # type: ignore[assignment]
    acomplete = complete  # type: ignore[assignment]
    astream_complete = complete  # type: ignore[assignment]
    stream_chat = complete  # type: ignore[assignment]
    astream_chat = complete  # type: ignore[assignment]


def _wanted(question: str) -> list[tuple[str, dict[str, str]]]:
    employees = [("vacation_balance", {"employee": name}) for name in EMPLOYEES if name in question]
    rooms = [("room_status", {"room": name}) for name in ROOMS if name in question]
    return (employees + rooms)[:1]
