"""What a tool returned says little of what it is about: the question does, and what the tool was called with."""

from pydantic import JsonValue

from weaklink.model import ContextPassage, Trace, text_of
from weaklink.model.forms import json_in
from weaklink.scoring.text.tokens import tokenise

_BARE = 3
"""Words of content up to which what a tool returned is a bare value."""


def with_its_call(trace: Trace, passage: ContextPassage) -> str:
    """A bare result ("[(160.5,)]") with the question; any other with how many it lists, and the arguments of its call.

    An argument that the model made up is another matter: the rule `invented_argument` looks after it. A passage that is no tool's
    result stays as it is.
    """
    span = trace.get(passage.span_id)
    if passage.document is not None or span.kind != "tool":
        return passage.text
    if sum(token.content and token.kind == "word" for token in tokenise(passage.text)) <= _BARE:
        return f"{passage.text} = {trace.question}"
    told = [*_how_many(passage.text), *_arguments(span.input)]
    return f"{passage.text} ({'; '.join(told)})" if told else passage.text


def _how_many(text: str) -> list[str]:
    listed = json_in(text)
    return [str(len(listed))] if isinstance(listed, list) and len(listed) > 1 else []


def _arguments(given: JsonValue) -> list[str]:
    values = given.values() if isinstance(given, dict) else [given]
    return [text for value in values if (text := text_of(value).strip())]
