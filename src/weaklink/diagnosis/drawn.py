"""What an answer says beside the question, and how much of that its context has."""

from functools import lru_cache
from typing import NamedTuple

from weaklink.diagnosis.values import CITED
from weaklink.model import ContextPassage, Scores, Span, Trace, text_of
from weaklink.model.forms import json_in
from weaklink.scoring.text.tokens import tokenise


class Drawn(NamedTuple):
    """The words of an answer that the question has not."""

    new: frozenset[str]
    """All of them."""
    carried: frozenset[str]
    """Those that the context has too."""
    context: frozenset[str]
    """All words of the context."""

    @property
    def share(self) -> float:
        """How much of what is new the context has, 0..1; one word alone may be there by chance, and makes a half."""
        return len(self.carried) / (len(self.new) + 1)


def drawn_by(trace: Trace, scores: Scores) -> Drawn | None:
    """What the answer drew from its context; None where nothing was answered."""
    generator, text = trace.dataflow.generator, trace.dataflow.generator_text
    if generator is None or not text:
        return None
    context = _content("\n".join(_with_its_call(trace, passage) for passage in trace.dataflow.context))
    new = _content(_claims(scores, generator, text)) - _content(trace.dataflow.asked)
    return Drawn(new, new & context, context)


def _claims(scores: Scores, generator: Span, text: str) -> str:
    """The answer without its greetings, lead-ins and citations; of JSON the values, since their keys are the program's words."""
    if (structure := json_in(text)) is not None:
        return text_of(structure)
    sentences = scores.of_sentences(generator.id, "groundedness")
    claims = [
        text[score.sentence.start : score.sentence.end]
        for score in sentences
        if score.sentence is not None and score.label != "not_a_claim"
    ]
    return CITED.sub(" ", "\n".join(claims) or text)


def _with_its_call(trace: Trace, passage: ContextPassage) -> str:
    """What a tool returned says by itself hardly what it is about: the call does."""
    span = trace.get(passage.span_id)
    return f"{text_of(span.input)}\n{passage.text}" if span.kind == "tool" else passage.text


@lru_cache(maxsize=16)  # several rules ask for the same answer and its context
def _content(text: str) -> frozenset[str]:
    return frozenset(token.value for token in tokenise(text) if token.content)
