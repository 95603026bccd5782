"""LangChain's objects as recorded values: the only file that knows what its classes look like inside."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any

from weaklink.snapshot import LONG_TEXT, Budget, Encoder, Passage, Snapshotter, marked, type_name
from weaklink_langchain.messages import Messages

if TYPE_CHECKING:
    from langchain_core.outputs import LLMResult

_MODEL_NAMES = frozenset(("model", "model_name", "model_id", "deployment_name", "azure_deployment"))
_COUNTED = ("input_tokens", "output_tokens")
_TOKEN_DETAILS = (
    ("input_token_details", "cache_read", "cached_input_tokens"),
    ("output_token_details", "reasoning", "reasoning_tokens"),
)
_NOT_PARAMETERS = frozenset(
    (*_MODEL_NAMES, "_type", "tools", "functions", "messages", "prompt", "stream", "stream_options")
)
# What LangChain and LangGraph put into the metadata of each run and nobody here reads: lists and dicts, which take as long to copy
# as all the rest.
_UNREAD_METADATA = frozenset(("langgraph_triggers", "langgraph_path", "lc_versions"))
_PROMPT_VALUE = "langchain_core.prompt_values.ChatPromptValue"
_FINISH_REASONS = ("finish_reason", "stop_reason", "done_reason")


def snapshotter(max_bytes: int, *, redact: bool) -> Snapshotter:
    """A snapshotter that knows LangChain's documents, messages, prompt values and runnables."""
    from langchain_core.documents import Document
    from langchain_core.messages import BaseMessage
    from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
    from langchain_core.runnables import Runnable

    def document(value: Any, budget: Budget, depth: int) -> Any:
        fields = value.__dict__
        content, identity, metadata = fields.get("page_content"), fields.get("id"), fields.get("metadata")
        if type(content) is not str:
            return marked(type_name(type(value)))
        if (size := len(content)) > LONG_TEXT:
            if size <= budget.bytes:  # as `budget.shared` does, without a call for each document
                budget.bytes -= size
                budget.size += size
            else:
                content = budget.shared(content)
        if type(metadata) is dict:
            metadata = freeze_dict(metadata, budget, depth + 1)
        elif metadata is not None:
            metadata = freeze(metadata, budget, depth + 1)
        passage = Passage(
            content, identity if type(identity) is str else None, metadata if type(metadata) is dict else {}
        )
        if budget.passages is None:
            budget.passages = [passage]
        else:
            budget.passages.append(passage)
        return passage

    def messages(value: Any, budget: Budget, depth: int) -> Any:
        # One level up, where messages are not remembered: a prompt is made anew for each call.
        return freeze(value.__dict__.get("messages"), budget, depth - 1)

    def text(value: Any, budget: Budget, depth: int) -> Any:
        return freeze(value.__dict__.get("text"), budget, depth)

    def opaque(value: Any, budget: Budget, depth: int) -> Any:
        return marked(type_name(type(value)))

    taker = Snapshotter(max_bytes=max_bytes, redact=redact)
    freeze, freeze_dict = taker.freeze, taker.freeze_dict
    encoders: dict[type, Encoder] = {
        Document: document,
        BaseMessage: Messages(freeze).freeze,
        ChatPromptValue: messages,
        StringPromptValue: text,
        Runnable: opaque,  # models, retrievers and chains carry clients and keys, not data
    }
    taker.learn(encoders)
    return taker


def name_of(name: Any, serialized: dict[str, Any] | None, otherwise: str) -> str:
    """The name of a run: as the user gave it, else that of its class, else `otherwise`."""
    if issubclass(type(name), str) and (exact := str.__str__(name)):
        return exact
    return _serialized_name(serialized) or otherwise


def _serialized_name(serialized: dict[str, Any] | None) -> str:
    """The class name in what LangChain calls `serialized`; "" where it has none."""
    if not serialized:
        return ""
    name = serialized.get("name")
    if type(name) is str and name:
        return name
    path = serialized.get("id")
    return str(path[-1]) if type(path) is list and path else ""


def is_prompt_of(value: Any, messages: Any) -> bool:
    """Whether a chat model is given just the messages of the prompt value that the step before it made."""
    if type_name(type(value)) != _PROMPT_VALUE or type(messages) is not list:
        return False
    made = value.__dict__.get("messages")
    return type(made) is list and len(made) == len(messages) and all(map(is_, made, messages))


def metadata_of(metadata: dict[str, Any], taker: Snapshotter) -> dict[str, Any]:
    """A frozen copy of a run's metadata."""
    return taker.take(
        {key: value for key, value in metadata.items() if type(key) is not str or key not in _UNREAD_METADATA}
    )[0]


def invocation_of(invocation: dict[str, Any], taker: Snapshotter) -> dict[str, Any]:
    """What the invocation parameters tell of a model call: its "name", "parameters" and the names of "tools" it was offered."""
    found: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    for key, value in invocation.items():
        if value is None or type(key) is not str:
            continue
        if key in _MODEL_NAMES:
            if type(value) is str and value:
                found.setdefault("name", value)
        elif key not in _NOT_PARAMETERS:
            parameters[key] = value
    if parameters:
        found["parameters"] = taker.take(parameters)[0]
    if offered := tool_names(invocation):
        found["tools"] = offered
    return found


def model_call(invocation: dict[str, Any], metadata: dict[str, Any] | None) -> dict[str, Any]:
    """The start of a ModelCall, from what `invocation_of` found and LangSmith's metadata."""
    found: dict[str, Any] = {"name": invocation.get("name", "")}
    if metadata:
        if type(name := metadata.get("ls_model_name")) is str and name:
            found["name"] = name
        if type(provider := metadata.get("ls_provider")) is str:
            found["provider"] = provider
    if parameters := invocation.get("parameters"):
        found["parameters"] = parameters
    return found


def tool_names(invocation: dict[str, Any]) -> list[str]:
    """The names of the tools that a model was offered."""
    tools = invocation.get("tools")
    if type(tools) is not list:
        tools = invocation.get("functions")
    found: list[str] = []
    for tool in tools if type(tools) is list else ():
        described = tool.get("function", tool) if type(tool) is dict else {}
        name = described.get("name") if type(described) is dict else None
        if type(name) is str:
            found.append(name)
    return found


def answer_of(response: LLMResult) -> dict[str, Any]:
    """What the result of a call tells of it: usage, finish reason and the model's own name ("" where it tells none)."""
    model: dict[str, Any] = {"name": ""}
    output = response.llm_output
    generations = response.generations
    generation = generations[0][0] if generations and generations[0] else None
    message = getattr(generation, "message", None)
    usage = getattr(message, "usage_metadata", None)
    # Exact classes only, here and below: a provider's own objects may answer with a network call, or not at all.
    if type(usage) is dict and usage:
        model["usage"] = _usage(usage)
        cost = usage.get("total_cost")
        if type(cost) in (int, float) and cost == 0:  # core >= 0.3.70 marks an answer from its cache so
            model["cached"] = True
    elif type(output) is dict:
        counted = _usage_of_provider(output.get("token_usage")) or _usage_of_provider(output.get("usage"))
        if counted:
            model["usage"] = counted
    for details in (getattr(message, "response_metadata", None), getattr(generation, "generation_info", None)):
        if type(details) is not dict or not details:
            continue
        for name in _FINISH_REASONS:
            if type(reason := details.get(name)) is str:
                model.setdefault("finish_reason", reason)
        _complete_name(model, details)
    if type(output) is dict and output:
        _complete_name(model, output)
    return model


def with_answer(model: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """A model call with what `answer_of` found."""
    return {**model, **answer, "name": model["name"] or answer["name"]}


def _complete_name(model: dict[str, Any], details: dict[str, Any]) -> None:
    for key in ("model_name", "model"):
        if not model["name"] and type(name := details.get(key)) is str:
            model["name"] = name


def output_of(response: LLMResult) -> Any:
    """What the model wrote: a message or a text, a list where several were asked for."""
    found: list[Any] = []
    for items in response.generations:
        for item in items:
            found.append(getattr(item, "message", None) or item.text)
    return found[0] if len(found) == 1 else found or None


def _usage(usage: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in _COUNTED:
        if type(count := usage.get(name)) is int and count >= 0:
            found[name] = count
    for details_of, key, name in _TOKEN_DETAILS:
        if type(details := usage.get(details_of)) is dict and type(count := details.get(key)) is int and count >= 0:
            found[name] = count
    return found


def _usage_of_provider(usage: Any) -> dict[str, int]:
    if type(usage) is not dict:
        return {}
    found = {
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens")),
    }
    return {name: value for name, value in found.items() if type(value) is int and value >= 0}
