"""LlamaIndex's objects as recorded values: the only file that knows what its classes look like inside."""

from __future__ import annotations

from typing import Any

from weaklink.snapshot import LONG_TEXT, MARK, Budget, Encoder, Passage, Snapshotter, marked, type_name
from weaklink_llama_index.parts import blocks_of, content_of_event, nodes_in, text_of_node, tool_call_of
from weaklink_llama_index.shapes import as_dict, as_list, class_of, field, finite

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
            return marked(type_name(class_of(value)))
        if len(content) > LONG_TEXT:
            content = budget.shared(content)
        identity, metadata = fields.get("id_"), as_dict(fields.get("metadata"))
        if type(link := fields.get("index_id")) is str:  # an IndexNode leads to another retriever, or to a longer text
            metadata = {**metadata, "index_id": link}
        passage = Passage(
            content,
            identity if type(identity) is str else None,
            freeze(metadata, budget, depth + 1) if metadata else {},
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
        extra = as_dict(fields.get("additional_kwargs"))
        role = field(fields.get("role"), "_value_") or fields.get("role")
        texts, calls, others = blocks_of(fields.get("blocks"))
        out: dict[str, Any] = {MARK: "message", "role": _ROLES.get(role, role) if type(role) is str else ""}
        content = freeze("\n".join(texts) if len(texts) != 1 else texts[0], budget, depth + 1)
        out["content"] = content if not others else [content, *(marked(type_name(class_of(block))) for block in others)]
        if extra:
            calls = calls or [tool_call_of(call) for call in as_list(extra.get("tool_calls"))]
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
        texts, _, others = blocks_of(fields.get("blocks"))
        freeze(nodes_in(fields.get("raw_output")), budget, depth)  # for the documents in it
        text = freeze("\n".join(texts), budget, depth)
        return [text, *(marked(type_name(class_of(block))) for block in others)] if others else text

    def event(value: Any, budget: Budget, depth: int) -> Any:
        return freeze(content_of_event(value), budget, depth)

    def inner(name: str) -> Encoder:
        return lambda value, budget, depth: freeze(value.__dict__.get(name), budget, depth)

    def opaque(value: Any, budget: Budget, depth: int) -> Any:
        return marked(type_name(class_of(value)))

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
