"""Whether the answer is about what was asked, as far as its own sentences and the passages show."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from weaklink.diagnosis.finding import Finding, abstained, excerpt, place_of, quote, was_cut_short
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.diagnosis.subject import other_subject, says_nothing_new
from weaklink.model import Evidence, Scores, Span, Trace
from weaklink.scoring.answer import expected_type, has_type
from weaklink.scoring.question import frequencies, read_question

_BARE = 6
_ANNOUNCED = re.compile(r"^\W*(?:i will|i'll|let me)\b", re.IGNORECASE)


def off_question(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer is about something else than the question, or says nothing beside it."""
    generator = trace.dataflow.generator
    if generator is None or was_cut_short(generator) or abstained(generator, scores):
        return
    if not trace.dataflow.generator_text:
        return
    if trace.dataflow.context and says_nothing_new(trace.question, trace.dataflow.generator_text, trace.dataflow.asked):
        yield _empty_words(trace, scores, limits, generator)
        return
    fits = scores.get(generator.id, "answer_relevance")
    if fits is None or fits.value is None:
        return
    text = trace.dataflow.generator_text
    if not trace.dataflow.context or _ANNOUNCED.match(text):
        return
    rests_on, others = _passages(trace, scores, generator)
    gap, better = _better_passage(rests_on, others)
    other = other_subject(trace.dataflow.asked, text, [p.text for p in rests_on], [p.text for p in others])
    shared = read_question(trace.dataflow.asked).coverage(set(frequencies(text).keys()))
    kind = expected_type(trace.question)
    fitting = bool(kind) and has_type(kind, text, trace.question)
    beside = ramp(fits.value, limits.beside_the_question)
    unlike = 0.0 if fitting or len(text.split()) <= _BARE else 1.0 - shared
    strength = max(0.5 * beside * unlike, max(beside, unlike) * ramp(gap, limits.other_passage))
    says = f"the answer “{quote(text, 80)}” is not about the question “{quote(trace.question, 80)}” ({fits.reason})"
    if other is not None:
        strength = 0.9
        says = f"the question is about “{other[0]}”, and the answer speaks of “{other[1]}”"
    if strength <= 0.0:
        return
    evidence = [Evidence(says=f"the answer: “{quote(text)}”", at=excerpt(generator, "output", text)), *better]
    advice = "repeat the question at the end of the prompt, after the passages, and give fewer passages"
    signals = {
        "gap": max(0.0, gap),
        "shared": 1.0 - shared,
        "type": float(bool(kind) and not fitting),
    }
    yield Finding(generator.id, strength, says, evidence, advice, signals=signals)


def _empty_words(trace: Trace, scores: Scores, limits: Limits, generator: Span) -> Finding:
    text = trace.dataflow.generator_text
    enough = scores.value(generator.id, "sufficiency")
    strength = 0.9 * (1.0 - (0.5 if enough is None else ramp(enough, limits.insufficient)))
    says = f"the answer “{quote(text, 80)}” repeats the question and adds nothing to it"
    evidence = [Evidence(says=f"the answer: “{quote(text)}”", at=excerpt(generator, "output", text))]
    advice = "use a stronger model, or show it an example of an answer in the prompt"
    return Finding(generator.id, strength, says, evidence, advice, signals={"gap": 1.0})


class _Passage(NamedTuple):
    relevance: float
    text: str
    span: Span
    rank: int


def _passages(trace: Trace, scores: Scores, generator: Span) -> tuple[list[_Passage], list[_Passage]]:
    """The rated passages that the sentences of the answer rest on, and the other ones; none where no sentence is supported."""
    sentences = scores.of_sentences(generator.id, "groundedness")
    used = {(s.support.span_id, s.support.field) for s in sentences if s.support is not None and s.label == "supported"}
    if not used:
        return [], []
    rated = [
        _Passage(score.value, span.documents[index].content, span, index) for span in trace.dataflow.last_stage
        for index, score in scores.of_documents(span.id, "relevance").items() if score.value is not None
    ]  # fmt: skip
    rests_on = [passage for passage in rated if (passage.span.id, f"documents.{passage.rank}") in used]
    return rests_on, [passage for passage in rated if passage not in rests_on]


def _better_passage(rests_on: Sequence[_Passage], others: Sequence[_Passage]) -> tuple[float, list[Evidence]]:
    """By how much a passage that the answer does not rest on is more relevant than those it does, and that passage."""
    if not rests_on:
        return 0.0, []
    best = max([*rests_on, *others], key=lambda passage: passage.relevance)
    place = place_of(best.span, f"documents.{best.rank}", best.text)
    evidence = Evidence(says=f"nearer to the question: “{quote(best.text)}”", at=place)
    return best.relevance - max(passage.relevance for passage in rests_on), [evidence]
