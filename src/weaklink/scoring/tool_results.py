"""What a tool returned says little of what it is about: the question does, and what the tool was called with."""

from weaklink.model import ContextPassage, Trace, strings_in, text_of
from weaklink.scoring.text.tokens import tokenise

_BARE = 3
"""Words of content up to which what a tool returned is a bare value."""


def with_its_call(trace: Trace, passage: ContextPassage) -> str:
    """A bare result ("[(160.5,)]") with the question; any other with those arguments of its call that the question gave.

    What a model made up for a call is no evidence. A passage that is no tool's result stays as it is.
    """
    span = trace.get(passage.span_id)
    if passage.document is not None or span.kind != "tool":
        return passage.text
    if sum(token.content and token.kind == "word" for token in tokenise(passage.text)) <= _BARE:
        return f"{passage.text} = {trace.question}"
    asked = _content(trace.question)
    arguments = [text for _, text in strings_in(span.input)] if isinstance(span.input, dict) else [text_of(span.input)]
    given = [text for text in arguments if (words := _content(text)) and words <= asked]
    return f"{passage.text} ({', '.join(given)})" if given else passage.text


def _content(text: str) -> set[str]:
    return {token.value for token in tokenise(text) if token.content}
