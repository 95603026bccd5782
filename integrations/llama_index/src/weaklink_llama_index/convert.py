"""LlamaIndex's objects as recorded values: the only file that knows what its classes look like inside."""

from __future__ import annotations

from typing import Any

from weaklink.snapshot import LONG_TEXT, MARK, Budget, Encoder, Passage, Snapshotter, marked, type_name

_ROLES = {"chatbot": "assistant", "model": "assistant", "function": "tool"}


def snapshotter(max_bytes: int, *, redact: bool) -> Snapshotter:
    """A snapshotter that knows LlamaIndex's nodes, messages, queries, responses, events, and what to leave alone."""
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.base.llms.base import BaseLLM
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse
    from llama_index.core.base.response.schema import (
        AsyncStreamingResponse,
        PydanticResponse,
        Response,
        StreamingResponse,
    )
    from llama_index.core.chat_engine.types import AgentChatResponse, StreamingAgentChatResponse
    from llama_index.core.memory import BaseMemory
    from llama_index.core.prompts import BasePromptTemplate
    from llama_index.core.prompts.mixin import PromptMixin
    from llama_index.core.schema import BaseNode, NodeWithScore, QueryBundle
    from llama_index.core.tools.types import BaseTool, ToolOutput
    from llama_index.core.workflow import Context, Event, Workflow

    taker = Snapshotter(max_bytes=max_bytes, redact=redact)
    freeze = taker.freeze

    def node(value: Any, budget: Budget, depth: int) -> Any:
        fields = value.__dict__
        content = text_of_node(fields)
        if content is None:
            return marked(type_name(type(value)))
        if len(content) > LONG_TEXT:
            content = budget.shared(content)
        identity, metadata = fields.get("id_"), fields.get("metadata")
        passage = Passage(
            content, identity if type(identity) is str else None, freeze(metadata, budget, depth + 1) if metadata else {}
        )
        if budget.passages is None:
            budget.passages = [passage]
        else:
            budget.passages.append(passage)
        return passage

    def scored_node(value: Any, budget: Budget, depth: int) -> Any:
        fields = value.__dict__
        passage = freeze(fields.get("node"), budget, depth)
        if type(passage) is Passage:
            passage.score = finite(fields.get("score"))
        return passage

    def message(value: Any, budget: Budget, depth: int) -> Any:
        fields = value.__dict__
        extra = fields.get("additional_kwargs")
        role = field(fields.get("role"), "_value_") or fields.get("role")
        texts, calls, others = _blocks(fields.get("blocks"))
        out: dict[str, Any] = {MARK: "message", "role": _ROLES.get(role, role) if type(role) is str else ""}
        content = freeze("\n".join(texts) if len(texts) != 1 else texts[0], budget, depth + 1)
        out["content"] = content if not others else [content, *(marked(type_name(type(block))) for block in others)]
        if type(extra) is dict and extra:
            calls = calls or [_tool_call(call) for call in extra.get("tool_calls") or ()]
            if type(tool_call_id := extra.get("tool_call_id")) is str:
                out["tool_call_id"] = tool_call_id
        if calls:
            out["tool_calls"] = freeze(calls, budget, depth + 1)
        return out

    def query(value: Any, budget: Budget, depth: int) -> Any:
        fields = value.__dict__
        instead = fields.get("custom_embedding_strs")
        asked = freeze(fields.get("query_str"), budget, depth)
        if not instead or instead == [fields.get("query_str")]:
            return asked
        return {"query": asked, "embedded": freeze(instead, budget, depth + 1)}

    def tool_output(value: Any, budget: Budget, depth: int) -> Any:
        fields = value.__dict__
        texts, _, others = _blocks(fields.get("blocks"))
        freeze(nodes_in(fields.get("raw_output")), budget, depth)  # for the documents in it
        text = freeze("\n".join(texts), budget, depth)
        return [text, *(marked(type_name(type(block))) for block in others)] if others else text

    def event(value: Any, budget: Budget, depth: int) -> Any:
        return freeze(content_of_event(value), budget, depth)

    def inner(name: str) -> Encoder:
        return lambda value, budget, depth: freeze(value.__dict__.get(name), budget, depth)

    def opaque(value: Any, budget: Budget, depth: int) -> Any:
        return marked(type_name(type(value)))

    encoders: dict[type, Encoder] = {
        BaseNode: node,
        NodeWithScore: scored_node,
        ChatMessage: message,
        ChatResponse: inner("message"),
        CompletionResponse: inner("text"),
        QueryBundle: query,
        Response: inner("response"),
        PydanticResponse: inner("response"),
        AgentChatResponse: inner("response"),
        StreamingResponse: inner("response_txt"),
        AsyncStreamingResponse: inner("response_txt"),
        StreamingAgentChatResponse: inner("response"),
        ToolOutput: tool_output,
        Event: event,
        # What carries clients, keys and memories, not data.
        **dict.fromkeys(
            (BaseLLM, BaseEmbedding, BaseTool, BaseMemory, BasePromptTemplate, PromptMixin, Context, Workflow), opaque
        ),
    }
    taker.learn(encoders)
    return taker


def field(value: Any, name: str) -> Any:
    """What `value` stores under `name`, be it a dict or an object; None without one. Runs no code of the value's class."""
    if type(value) is dict:
        return value.get(name)
    try:
        stored = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return stored.get(name) if type(stored) is dict else None


def finite(value: Any) -> float | None:
    """A finite number as a float; None for anything else."""
    kind = type(value)
    if kind is not float and kind is not int and not kind.__module__.startswith("numpy"):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number - number == 0.0 else None


def text_of_node(fields: dict[str, Any]) -> str | None:
    """The text of a node without its metadata; None where it holds none, such as an image."""
    text = fields.get("text")
    if text is None:
        text = field(fields.get("text_resource"), "text")
    return text if type(text) is str else None


def nodes_in(value: Any) -> Any:
    """The nodes that a response or a retrieval holds, as a list; None where there are none."""
    if type(value) is list:
        return value if value and type(field(value[0], "node")) is not type(None) else None
    return field(value, "source_nodes")


def is_event(value: Any) -> bool:
    """Whether `value` is an event of a workflow."""
    from llama_index.core.workflow import Event

    return issubclass(type(value), Event)


def content_of_event(event: Any) -> Any:
    """What a workflow's event carries: its result, its message, or its fields by name; those that are None are left out."""
    fields = event.__dict__
    if "response" in fields and "current_agent_name" in fields:  # AgentOutput
        return fields["response"]
    private = object.__getattribute__(event, "__pydantic_private__") or {}
    if (result := private.get("_result")) is not None:  # StopEvent
        return result
    dynamic = private.get("_data")
    found = {**fields, **dynamic} if type(dynamic) is dict and dynamic else fields
    return {name: value for name, value in found.items() if value is not None}


def question_of_agent(content: Any) -> Any:
    """The start of an agent's run, with the user's message where a question is looked for."""
    if type(content) is not dict or content.get("user_msg") is None:
        return content
    said = content["user_msg"]
    texts = [said] if type(said) is str else _blocks(field(said, "blocks"))[0]
    rest = {name: value for name, value in content.items() if name != "user_msg" and value != []}
    return {"input": "\n".join(texts), **rest}


def template_of(template: Any) -> str:
    """The text of a prompt template, without its variables filled in; "" where it has none."""
    for name in ("template", "template_str"):
        if type(text := field(template, name)) is str:
            return text
    messages = field(template, "message_templates")
    if type(messages) is list:
        return "\n".join(text for message in messages for text in _blocks(field(message, "blocks"))[0])
    inner = field(template, "default_template")
    return "" if inner is None else template_of(inner)


def prompt_type_of(template: Any) -> str:
    """What LlamaIndex calls a prompt: "text_qa", "refine", "summary", ...; "" for one that a person wrote."""
    kind = field(field(template, "metadata"), "prompt_type")
    name = field(kind, "_value_") or kind
    return name if type(name) is str and name != "custom" else ""


def _blocks(blocks: Any) -> tuple[list[str], list[dict[str, Any]], list[Any]]:
    """The texts, the tool calls and the rest of a message's blocks."""
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    others: list[Any] = []
    for block in blocks if type(blocks) is list else ():
        fields = block.__dict__
        kind = fields.get("block_type")
        if kind == "text":
            texts.append(fields.get("text") or "")
        elif kind == "tool_call":
            calls.append({"name": fields.get("tool_name"), "args": fields.get("tool_kwargs"), "id": fields.get("tool_call_id")})
        elif kind not in ("thinking", "cache"):
            others.append(block)
    return texts, calls, others


def _tool_call(call: Any) -> dict[str, Any]:
    """A tool call in the form of a provider (OpenAI's objects or dicts, or a plain name and arguments)."""
    function = field(call, "function") or call
    arguments = next((found for name in ("arguments", "input", "tool_kwargs", "args") if (found := field(function, name)) is not None), None)
    return {"name": field(function, "name") or field(function, "tool_name"), "args": arguments, "id": field(call, "id")}
