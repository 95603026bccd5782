"""What a recorded input or output says: a question, an answer, the turns of a conversation, documents."""

from __future__ import annotations

from pydantic import JsonValue

from weaklink.model.forms import ANSWER_KEYS
from weaklink.model.value import messages_in, text_of, type_of

_QUESTION_KEYS = ("question", "query", "input", "user_input", "user_query", "prompt", "text", "search_query")
OF_USER = ("user", "human")
_OF_MODEL = ("assistant", "ai")


def documents_in(value: JsonValue) -> list[str]:
    """The texts of the documents inside a recorded value, in order."""
    if isinstance(value, dict):
        if type_of(value) == "document":
            return [text_of(value.get("content"))]
        return [text for item in value.values() for text in documents_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in documents_in(item)]
    return []


def without_documents(value: JsonValue) -> JsonValue:
    """The same value with None in the place of each document."""
    if isinstance(value, dict):
        if type_of(value) == "document":
            return None
        return {key: without_documents(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_documents(item) for item in value]
    return value


def question_in(value: JsonValue) -> str:
    """What the user asks in the input of a call; "" where nothing does."""
    messages = [m for m in messages_in(value) if m.get("role") in OF_USER]
    if isinstance(value, dict) and not type_of(value):
        for key in _QUESTION_KEYS:
            if isinstance(found := value.get(key), str) and found.strip():
                return found
        if not messages:
            if isinstance(chat := value.get("messages"), list) and chat:
                return question_in(chat)
            strings = [item for item in value.values() if isinstance(item, str) and item.strip()]
            return strings[0] if strings else ""
    if messages:
        return text_of(messages[-1].get("content"))
    if isinstance(value, list) and value and _is_pair(value[-1]):  # ("user", "text") as LangChain accepts it
        return text_of(value[-1][1])  # type: ignore[index]
    return text_of(value)


def _is_pair(value: JsonValue) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)


def answer_in(value: JsonValue) -> str:
    """The answer in the output of a call; "" where no text of it is known to be one."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and not type_of(value):
        for key in ANSWER_KEYS:
            if isinstance(found := value.get(key), str) and found.strip():
                return found
    answers = [m for m in messages_in(value) if m.get("role") in ("assistant", "ai")]
    return text_of(answers[-1].get("content")) if answers else ""


def turns_in(value: JsonValue) -> list[tuple[str, str]]:
    """The turns of user and assistant among the messages in a value, in order."""
    found = [("assistant" if m.get("role") in _OF_MODEL else "user", text_of(m.get("content")).strip())
             for m in messages_in(value) if m.get("role") in (*OF_USER, *_OF_MODEL)]  # fmt: skip
    return [turn for turn in found if turn[1]]
