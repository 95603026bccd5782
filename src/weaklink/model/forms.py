"""Answers that a model gives as a form: the arguments of a call which is no tool's, or JSON that was read into an object.

So do LangChain's `with_structured_output` by function calling and `ToolStrategy` of its agents, and LlamaIndex's `output_cls`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from weaklink.model.value import TYPE_KEY, is_message, main_text, messages_in, text_of

if TYPE_CHECKING:
    from weaklink.model.span import Span
    from weaklink.model.trace import Trace

ANSWER_KEYS: Final = ("answer", "output", "result", "response", "final_answer", "text", "content")
"""Where answers stand in results of chains, and in forms."""
# Fields that say nothing of the matter: where an answer is from, and how sure the model is.
_ASIDE: Final = frozenset(
    ("citation", "citations", "source", "sources", "reference", "references", "id", "ids", "confidence", "score")
)
_FENCE: Final = re.compile(r"^```\w*\s*|\s*```$")

_WORD: Final = re.compile(r"\w+")


def json_in(text: str) -> JsonValue:
    """The object or list that a text is, with or without a fence around it; None for prose."""
    inside = _FENCE.sub("", text.strip())
    if not inside.startswith(("{", "[")):
        return None
    try:
        return json.loads(inside)
    except ValueError:
        return None


def filled_in(trace: Trace) -> Span | None:
    """The last model call, where it filled in a form: what it wrote into it was returned, outside of any message."""
    last = trace.leaf_llms[-1] if trace.leaf_llms else None
    if last is None or last.status != "ok" or trace.root.status != "ok":
        return None
    forms = _forms(last)
    if not forms or any(
        (tool.name in forms or tool.start_ns > last.start_ns) and not _is_form_again(tool, forms)
        for tool in trace.of_kind("tool")
    ):
        return None
    written = {text for form in forms.values() for text in _texts(form)}
    output = trace.root.output
    # What a call filled in may be handed on as JSON; JSON that the model wrote and nobody read is its text.
    returned = set(_texts(output if "" in forms else _object_in(output)))
    return last if written and 2 * len(written & returned) >= len(written) else None


def form_text(call: Span) -> str:
    """The answer in the form that the call filled in, else all of it as a person would write it: "seats: 24", a line for each field."""
    forms = _forms(call).values()
    for form in forms:
        for key in ANSWER_KEYS:
            if isinstance(form, dict) and isinstance(answer := form.get(key), str) and answer.strip():
                return answer.strip()
    return "\n".join(line for form in forms for line in _lines(form))


def _forms(call: Span) -> dict[str, JsonValue]:
    """The arguments of the calls that a model asked for, by name; the object that it wrote as JSON has none."""
    if text := main_text(call.output).strip():
        written = json_in(text)
        return {"": written} if isinstance(written, dict) else {}
    found: dict[str, JsonValue] = {}
    for message in messages_in(call.output):
        calls = message.get("tool_calls")
        for asked in calls if isinstance(calls, list) else []:
            if isinstance(asked, dict) and isinstance(name := asked.get("name"), str):
                found[name] = asked.get("args")
    return found


def _is_form_again(tool: Span, forms: dict[str, JsonValue]) -> bool:
    """LlamaIndex's programs run the form as a tool, which gives it back as an object and says nothing else."""
    form = forms.get(tool.name)
    words = set(_WORD.findall(f"{tool.name} {json.dumps(form, ensure_ascii=False)}"))
    said = _WORD.findall(text_of(tool.output))
    return isinstance(form, dict) and bool(said) and words.issuperset(said)


def _object_in(value: JsonValue) -> JsonValue:
    """The object that a text is in JSON, as a program may hand it on; else the value."""
    written = json_in(value) if isinstance(value, str) else None
    return value if written is None else written


def _texts(value: JsonValue) -> Iterator[str]:
    """The texts and numbers inside a value, as text, but for those of its messages."""
    if isinstance(value, dict):
        if not is_message(value):
            for key, item in value.items():
                if key != TYPE_KEY:
                    yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif not isinstance(value, bool) and value not in (None, ""):
        yield text_of(value)


def _lines(value: JsonValue, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key.lower() not in _ASIDE:
                yield from _lines(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _lines(item, name)
    elif value not in (None, ""):
        yield f"{name.replace('_', ' ')}: {text_of(value)}" if name else text_of(value)
