"""Recorded values: JSON, with marked objects for what JSON cannot say."""

from collections.abc import Iterator

from pydantic import JsonValue

# A recorded value is plain JSON. What JSON cannot say is an object with this key: {"$type": "datetime", "value": "..."},
# {"$type": "message", "role": "user", "content": "..."}, {"$type": "document", "content": "...", "metadata": {}}.
TYPE_KEY = "$type"

_TEXT_KEYS = ("answer", "output", "result", "response", "text", "content", "page_content", "value")

# A message as the chat APIs write it, {"role": "user", "content": "..."}: LangChain, LangGraph and clients accept it as it is.
_ROLES = ("user", "human", "assistant", "ai", "system", "developer", "tool", "function")

# Blocks of a message's content, as the providers name them: what they say, and what is nothing to read.
_TEXT_BLOCKS = ("text", "input_text", "output_text")
_SILENT_BLOCKS = (
    "image", "image_url", "input_image", "audio", "input_audio", "video", "file", "thinking", "redacted_thinking", "reasoning",
)  # fmt: skip


def type_of(value: JsonValue) -> str:
    """The mark of a marked object ("message", "document", "datetime", ...), or "" for plain JSON."""
    if isinstance(value, dict):
        mark = value.get(TYPE_KEY)
        return mark if isinstance(mark, str) else ""
    return ""


def is_message(value: JsonValue) -> bool:
    """A chat message: a marked object, or a plain one with the role and the content of one."""
    if not isinstance(value, dict):
        return False
    mark = value.get(TYPE_KEY)
    return mark == "message" or (mark is None and "content" in value and value.get("role") in _ROLES)


def strings_in(value: JsonValue, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each string inside `value` with its path, in order; the marks themselves and keys are left out."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in (TYPE_KEY, "role", "id"):
                yield from strings_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings_in(item, (*path, index))


def text_of(value: JsonValue) -> str:
    """All text inside `value`, one string per line; numbers and booleans as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, list):
        return "\n".join(filter(None, map(text_of, value)))
    if isinstance(value, dict):
        if type_of(value) == "document" or is_message(value):
            parts = [text_of(value.get("content"))]
            parts += [text_of(call) for call in _as_list(value.get("tool_calls"))]
            return "\n".join(filter(None, parts))
        if (block := value.get("type")) in _SILENT_BLOCKS:
            return ""
        if block in _TEXT_BLOCKS and isinstance(text := value.get("text"), str):
            return text
        return "\n".join(filter(None, (text_of(item) for key, item in value.items() if key != TYPE_KEY)))
    return ""


def messages_in(value: JsonValue) -> list[dict[str, JsonValue]]:
    """The chat messages inside `value`, in order, however deep they lie."""
    if isinstance(value, dict):
        if is_message(value):
            return [value]
        return [message for item in value.values() for message in messages_in(item)]
    if isinstance(value, list):
        return [message for item in value for message in messages_in(item)]
    return []


def main_text(value: JsonValue) -> str:
    """What a person would read as *the* text of a result: the string itself, the last message, or the usual answer key."""
    if isinstance(value, str):
        return value
    messages = messages_in(value)
    if messages:
        return text_of(messages[-1].get("content"))
    if isinstance(value, dict):
        for key in _TEXT_KEYS:
            if isinstance(found := value.get(key), str):
                return found
    return text_of(value)


def _as_list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
