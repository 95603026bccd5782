"""What speaks for an answer that no rule has a quarrel with: whether it says something, from its context, of the kind that was asked for.

An answer can be wrong with every sentence grounded: it repeats the question, or says something true beside it.
"""

from weaklink.diagnosis.small_talk import is_small_talk
from weaklink.diagnosis.values import CITED
from weaklink.model import ContextPassage, Scores, Span, Trace, text_of
from weaklink.model.forms import json_in
from weaklink.scoring.answer import expected_type, has_type
from weaklink.scoring.logistic import log_odds
from weaklink.scoring.question import read_question
from weaklink.scoring.text.tokens import tokenise

_TELLING = 4
"""New words from which on an answer says something beside the question."""


def soundness(trace: Trace, scores: Scores, unsuspected: float) -> dict[str, float]:
    """What the probability that all is well is read from; `unsuspected` is what the suspicions leave of it.

    Log odds of "unsuspected", "grounded" and "sufficient"; 0..1: "telling" (words that the question has not, or a number, date
    or name that it asks for), "carried" (share of these that the context has), "covered" (share of the question, by weight,
    that the context has); 0 or 1: "mistyped" (a number, a name or a date is asked for and not given), "asking" (the answer is a
    question). All neutral without an answer, and where nothing was asked.
    """
    known = {"unsuspected": log_odds(unsuspected), "telling": 1.0, "carried": 1.0, "covered": 1.0}
    generator, text = trace.dataflow.generator, trace.dataflow.generator_text
    if generator is None or not text or is_small_talk(trace.question):
        return known
    context = _content("\n".join(_with_its_call(trace, passage) for passage in trace.dataflow.context))
    new = _content(_claims(scores, generator, text)) - _content(trace.dataflow.asked)
    kind = expected_type(trace.question)
    fits = bool(kind) and has_type(kind, text, trace.question)
    is_typed = fits and kind in ("number", "time", "name", "yes or no")  # "28 days" says all that was asked for
    known |= {
        "telling": 1.0 if is_typed else min(1.0, len(new) / _TELLING),
        "carried": len(new & context) / len(new) if new else float(is_typed),
        "covered": read_question(trace.dataflow.asked).coverage(context),
        "mistyped": float(bool(kind) and not fits),
        "asking": float(text.endswith("?")),
    }
    for name, score in (("grounded", "groundedness"), ("sufficient", "sufficiency")):
        value = scores.value(generator.id, score)
        known[name] = 0.0 if value is None else log_odds(value)
    return known


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


def _content(text: str) -> set[str]:
    return {token.value for token in tokenise(text) if token.content}
