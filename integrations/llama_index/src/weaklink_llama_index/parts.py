"""What LlamaIndex's objects hold: nodes, messages, events of workflows, templates."""

from __future__ import annotations

from typing import Any

from llama_index.core.workflow import Context, Event

from weaklink_llama_index.shapes import as_dict, as_list, class_of, field, private

_ARGUMENTS = ("arguments", "input", "tool_kwargs", "args")
_NOT_SHOWN = ("thinking", "cache")


def text_of_node(fields: dict[str, Any]) -> str | None:
    """The text of a node without its metadata; None where it holds none, such as an image."""
    text = fields.get("text")
    if text is None:
        text = field(fields.get("text_resource"), "text")
    return text if type(text) is str else None


def nodes_in(value: Any) -> list[Any]:
    """The nodes with scores that a response or a retrieval holds."""
    if type(value) is not list:
        return as_list(field(value, "source_nodes"))
    found = as_list(value)
    return found if found and field(found[0], "node") is not None else []


def named_choice(choice: Any) -> dict[str, Any]:
    """What a selector is offered, a tool's metadata or a text, as name and description."""
    return {
        "name": field(choice, "name") or "",
        "description": choice if type(choice) is str else field(choice, "description") or "",
    }


def is_event(value: Any) -> bool:
    """Whether `value` is an event of a workflow."""
    return issubclass(class_of(value), Event)


def is_context(value: Any) -> bool:
    """Whether `value` is the context of a workflow."""
    return issubclass(class_of(value), Context)


def content_of_event(event: Any) -> Any:
    """What a workflow's event carries: its result, its message, or its fields by name; those that are None are left out."""
    fields = as_dict(event.__dict__)
    if "response" in fields and "current_agent_name" in fields:  # AgentOutput
        return fields["response"]
    if (result := private(event, "_result")) is not None:  # StopEvent
        return result
    found = {**fields, **as_dict(private(event, "_data"))}
    return {name: value for name, value in found.items() if value is not None}


def question_of_agent(content: Any) -> Any:
    """The start of an agent's run, with the user's message where a question is looked for."""
    fields = as_dict(content)
    said = fields.get("user_msg")
    if said is None:
        return content
    texts = [said] if type(said) is str else blocks_of(field(said, "blocks"))[0]
    rest = {name: value for name, value in fields.items() if name != "user_msg" and not _is_empty(value)}
    return {"input": "\n".join(texts), **rest}


def _is_empty(value: Any) -> bool:
    return type(value) is list and not as_list(value)


def template_of(template: Any) -> str:
    """The text of a prompt template, without its variables filled in; "" where it has none."""
    for name in ("template", "template_str"):
        if type(text := field(template, name)) is str:
            return text
    messages = as_list(field(template, "message_templates"))
    if messages:
        return "\n".join(text for message in messages for text in blocks_of(field(message, "blocks"))[0])
    inner = field(template, "default_template")
    return "" if inner is None else template_of(inner)


def prompt_type_of(template: Any) -> str:
    """What LlamaIndex calls a prompt: "text_qa", "refine", "summary", ...; "" for one that a person wrote."""
    kind = field(field(template, "metadata"), "prompt_type")
    name = field(kind, "_value_") or kind
    return name if type(name) is str and name != "custom" else ""


def blocks_of(blocks: Any) -> tuple[list[str], list[dict[str, Any]], list[Any]]:
    """The texts, the tool calls and the rest of a message's blocks."""
    texts: list[str] = []
    calls: list[dict[str, Any]] = []
    others: list[Any] = []
    for block in as_list(blocks):
        fields = as_dict(block.__dict__)
        kind = fields.get("block_type")
        if kind == "text":
            texts.append(fields.get("text") or "")
        elif kind == "tool_call":
            name, arguments = fields.get("tool_name"), fields.get("tool_kwargs")
            calls.append({"name": name, "args": arguments, "id": fields.get("tool_call_id")})
        elif kind not in _NOT_SHOWN:
            others.append(block)
    return texts, calls, others


def tool_call_of(call: Any) -> dict[str, Any]:
    """A tool call in the form of a provider (OpenAI's objects or dicts, or a plain name and arguments)."""
    function = field(call, "function") or call
    given = [found for name in _ARGUMENTS if (found := field(function, name)) is not None]
    name = field(function, "name") or field(function, "tool_name")
    return {"name": name, "args": given[0] if given else None, "id": field(call, "id")}
