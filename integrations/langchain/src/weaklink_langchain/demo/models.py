"""The chat models of the demo: the real one on this machine, a scripted one, and the agent's rule-based planner."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_openai import ChatOpenAI
from openai import DefaultHttpxClient
from pydantic import SecretStr

from weaklink.demo.llm_server import LocalModel
from weaklink_langchain.demo.company import EMPLOYEES, ROOMS

MAX_TOKENS = 48
SEED = 7


def real_model(local: LocalModel) -> BaseChatModel:
    """The model that runs on this machine, asked so that it says the same every time."""
    return ChatOpenAI(
        base_url=local.base_url,
        api_key=SecretStr(local.api_key),
        model=local.name,
        temperature=0,
        seed=SEED,
        max_completion_tokens=MAX_TOKENS,
        timeout=120,
        max_retries=0,
        # The model is on this machine: a proxy of the environment must not be asked for it.
        http_client=DefaultHttpxClient(trust_env=False),
    )


class ScriptedChatModel(BaseChatModel):
    """Gives one answer to everything: what the real model said, for machines that cannot run it."""

    answer: str

    @property
    def _llm_type(self) -> str:
        return "weaklink-demo-scripted"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _result(AIMessage(self.answer, response_metadata={"finish_reason": "stop", "model_name": "scripted"}))


class RuleBasedPlanner(BaseChatModel):
    """Chooses the agent's tool by rules: a model of 135 million parameters cannot be trusted to write a tool call.

    It stands where a larger model would, and speaks its language: a chat model that is bound to tools and answers with
    proper tool calls. The sentence for the user is written by the real model, from what the tool returned.
    """

    tool_names: tuple[str, ...] = ()

    @property
    def _llm_type(self) -> str:
        return "weaklink-demo-planner"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        """The planner, limited to `tools`."""
        return self.model_copy(update={"tool_names": tuple(t.name for t in tools if isinstance(t, BaseTool))})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        calls = [
            {"name": name, "args": arguments, "id": f"call_{uuid4().hex[:12]}", "type": "tool_call"}
            for name, arguments in _wanted(str(messages[-1].content))
            if name in self.tool_names
        ]
        return _result(AIMessage("", tool_calls=calls, response_metadata={"finish_reason": "tool_calls"}))


def _wanted(question: str) -> list[tuple[str, dict[str, str]]]:
    employees = [("vacation_balance", {"employee": name}) for name in EMPLOYEES if name in question]
    rooms = [("room_status", {"room": name}) for name in ROOMS if name in question]
    return (employees + rooms)[:1]


def _result(message: AIMessage) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=message)])
