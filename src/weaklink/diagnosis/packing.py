"""Rules on the way from the documents to the prompt: what was cut off, left out, or never filled in."""

import re
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from weaklink.diagnosis.finding import Finding, excerpt, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.diagnosis.ranking import dropped_all
from weaklink.model import ContextPassage, Document, Evidence, Scores, Span, TextRange, Trace, main_text, text_of
from weaklink.model.payload import documents_in
from weaklink.model.roles import roles
from weaklink.model.sighting import visible_part
from weaklink.scoring.question import frequencies, read_question
from weaklink.scoring.sufficiency import sufficiency

_NOTHING_PASSED = 0.95
_LEAST_QUESTION = 3
"""Words of a question from which on a prompt without any of them can be told from one in other words."""
_LITTLE_OF_QUESTION = 0.2
"""Share of the question, by weight, up to which a prompt does not hold it: a word of it may be the assistant's subject."""
_LATEST = 64
"""How many calls and documents, the latest, are looked at: a long run of an agent has thousands."""
_LONGEST_JUDGEMENT = 3
"""Words up to which what a model wrote of a passage may be a mark or a grade."""
_PLACEHOLDER = re.compile(
    r"\{\{?\s*(?:context|contexts|context_str|question|query|query_str|input|user_input|documents|docs|passages|summaries"
    r"|chat_history|history)\s*\}?\}"
)
_NOTHING = ("", "none", "null", "undefined", "nan", "[]", "{}", "n/a", "()")
_CONTEXT_NAMES = re.compile(r"context|document|passage|source|summar|docs|retriev", re.IGNORECASE)


def context_not_passed(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """Passages were found, and none of their text reached the model, or the question did not."""
    yield from _question_not_passed(trace, scores, limits)
    if not _nothing_passed(trace) or _unfilled(trace) or any(dropped_all(trace)):
        return
    span = where_lost(trace)
    packed = trace.dataflow.packed
    says = f"{len(packed)} passages were found, and the prompt holds no text of any"
    advice = "check the variable and field names between the retriever and the prompt"
    yield Finding(span.id, _NOTHING_PASSED, says, _not_passed(trace), advice)


def _question_not_passed(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The search was given the question, and the model no word of it: its prompt has another variable in that place."""
    generator, question = trace.dataflow.generator, trace.question
    asked = read_question(question)
    if generator is None or len(asked.weights) < _LEAST_QUESTION or _unfilled(trace) or _spoke_before(trace, generator):
        return
    if not any(question in text_of(span.input) for span in trace.of_kind("retriever")):
        return
    prompt = trace.dataflow.prompt_text
    for passage in trace.dataflow.context:
        prompt = prompt.replace(passage.text, " ")
    words = set(frequencies(prompt))
    before = read_question(trace.dataflow.asked)  # a follow-up may stand in the prompt by what it follows up
    if not prompt.strip() or max(asked.coverage(words), before.coverage(words)) > _LITTLE_OF_QUESTION:
        return
    step = next((s for s in reversed(trace.of_kind("prompt")) if s.start_ns <= generator.start_ns), generator)
    fits = scores.value(generator.id, "answer_relevance")
    beside = 0.0 if fits is None else ramp(fits, limits.beside_the_question)
    says = f"the search was given the question “{quote(question, 80)}”, and the prompt has no word of it"
    evidence = [Evidence(says=f"the prompt beside its passages: “{quote(prompt)}”", at=place_of(generator, "input"))]
    advice = "check which variable the prompt's template has in the place of the question"
    strength = 0.9 * max(trouble(trace, scores, limits), beside)
    yield Finding(step.id, strength, says, evidence, advice)


def _spoke_before(trace: Trace, generator: Span) -> bool:
    """A model wrote something that the prompt has: the question in other words, or another language."""
    before = [span for span in trace.leaf_llms if span.start_ns < generator.start_ns]
    return any((text := main_text(span.output).strip()) and text in trace.dataflow.prompt_text for span in before)


def empty_variable(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A variable of the prompt was empty, or its placeholder was never filled in."""
    if any(dropped_all(trace)):
        return  # there was nothing to fill it with
    for span, says, place in _unfilled(trace):
        strength = _NOTHING_PASSED if _nothing_passed(trace) else 0.85 * trouble(trace, scores, limits)
        advice = "check that the step before returns the text under the name that the prompt's template uses"
        evidence = [Evidence(says=says, at=place), *_not_passed(trace)[:1]]
        yield Finding(span.id, strength, says, evidence, advice)
        return


def context_truncated(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """Text that the answer needs was cut off before it reached the model."""
    generator, packed = trace.dataflow.generator, trace.dataflow.packed
    cut = [passage for passage in packed if passage.share < limits.whole_passage]
    if generator is None or not cut or all(passage.share == 0 for passage in packed) or _seen_by_another_model(trace):
        return
    shown_texts = [passage.text for passage in packed if passage.text]
    whole_texts = [document.content for document in _documents_to_pack(trace)]
    before, after = (sufficiency(trace.dataflow.asked, texts).value for texts in (whole_texts, shown_texts))
    shown = sum(passage.share for passage in packed) / len(packed)
    of_best = _shown_of_best(packed)
    bad = max(ramp(after, limits.insufficient), trouble(trace, scores, limits))
    harm = max(ramp(before - after, limits.sufficiency_lost), ramp(of_best, limits.little_shown))
    says = f"{len(cut)} of {len(packed)} passages reached the model cut or not at all ({shown:.0%} of their text did)"
    size = sum(len(text) for text in whole_texts)
    advice = (
        f"raise the budget of the packing step from about {sum(map(len, shown_texts)):,} to {size:,} characters "
        f"(some {size // 4:,} tokens), put the best passage first, or retrieve fewer and shorter passages"
    )
    signals = {"lost": max(0.0, before - after), "hidden": 1.0 - of_best}
    yield Finding(where_lost(trace).id, harm * bad, says, _not_passed(trace), advice, signals=signals)


def _shown_of_best(packed: Sequence[ContextPassage]) -> float:
    """Share of the passages in the prompt, 0..1, of which each counts half as much as the one before it."""
    weights = [0.5**place for place in range(len(packed))]
    return sum(passage.share * weight for passage, weight in zip(packed, weights, strict=True)) / sum(weights)


def where_lost(trace: Trace) -> Span:
    """The first step whose output no longer has what it found or was given, else the last that packed, else the model call."""
    known = roles(trace)
    documents = _documents_to_pack(trace)
    start = max((span.start_ns for span in trace.dataflow.last_stage), default=0)
    packing = [span for span in trace.spans if known.get(span.id) == "pack" and span.start_ns >= start]
    for span in trace.of_kind("chain"):  # a function that searched and handed on a part of what was found
        kept = set(documents_in(span.output))
        found = {document.content for below in trace.descendants(span) for document in below.documents}
        if kept and kept < found and not span.plumbing and span.id != trace.root.id:
            return span
    for span in packing:
        text, given = text_of(span.output), set(documents_in(span.input))
        # A step that was given documents answers for those alone.
        mine = [document for document in documents if not given or document.content in given]
        if any(visible_part(document.content, text)[0] < 1.0 for document in mine):
            return span
    tools = [span for span in trace.of_kind("tool") if any(below.documents for below in trace.descendants(span))]
    for span in tools:
        text = text_of(span.output)
        if any(visible_part(document.content, text)[0] < 1.0 for document in documents):
            return span
    return packing[-1] if packing else trace.dataflow.generator or trace.root


def _nothing_passed(trace: Trace) -> bool:
    generator, packed = trace.dataflow.generator, trace.dataflow.packed
    if generator is None or not packed or any(passage.share > 0 for passage in packed):
        return False
    if not any(document.content.strip() for document in _documents_to_pack(trace)):
        return False
    return bool(trace.dataflow.prompt_text) and not _seen_by_another_model(trace)


def _unfilled(trace: Trace) -> list[tuple[Span, str, TextRange]]:
    """Prompt variables without a value, and placeholders that the model was shown as they are."""
    found: list[tuple[Span, str, TextRange]] = []
    generator = trace.dataflow.generator
    if generator is None:
        return found
    for span in trace.of_kind("prompt"):
        if span.start_ns > generator.start_ns:
            continue
        for name, value in _variables(span):
            if _CONTEXT_NAMES.search(name) and text_of(value).strip().lower() in _NOTHING:
                says = f"the prompt's variable {name!r} was empty: “{quote(text_of(value))}”"
                found.append((_maker(trace, span), says, place_of(span, "input")))
    prompt = trace.dataflow.prompt_text
    match = _PLACEHOLDER.search(prompt)
    # Whoever wrote the question or a passage may write braces too; a template's own placeholder is in neither.
    theirs = [trace.question, *(document.content for document in _documents_to_pack(trace))]
    if match and not any(match[0] in text for text in theirs):
        says = f"the model was shown the placeholder {match[0]!r} instead of a text"
        step = next((s for s in reversed(trace.of_kind("prompt")) if s.start_ns <= generator.start_ns), generator)
        found.append((step, says, excerpt(generator, "input", match[0])))
    return found


def _variables(span: Span) -> list[tuple[str, JsonValue]]:
    return list(span.input.items()) if isinstance(span.input, dict) else []


def _maker(trace: Trace, prompt: Span) -> Span:
    """The packing step that gave a prompt its empty text, where one was recorded; else the prompt."""
    known = roles(trace)
    before = [
        s for s in trace.spans if known.get(s.id) == "pack" and s.kind != "prompt" and s.start_ns <= prompt.start_ns
    ]
    empty = [span for span in before if text_of(span.output).strip().lower() in _NOTHING]
    return empty[-1] if empty else prompt


def _documents_to_pack(trace: Trace) -> list[Document]:
    return [document for span in trace.dataflow.last_stage for document in span.documents]


def _seen_by_another_model(trace: Trace) -> bool:
    """A map step reads the passages one by one: what it wrote of them is in the last prompt, their own text is not."""
    generator = trace.dataflow.generator
    others = [span for span in trace.leaf_llms if generator is None or span.id != generator.id]
    given = [text_of(span.input) for span in others[-_LATEST:] if not _only_judged(trace, span)]
    documents = _documents_to_pack(trace)[-_LATEST:]
    return any(visible_part(document.content, text)[0] > 0 for document in documents for text in given)


def _only_judged(trace: Trace, span: Span) -> bool:
    """A model that said "yes" or "no" to a passage wrote nothing that could stand for it, nor is it in the prompt."""
    text = main_text(span.output).strip()
    words = 1 if any(char.isdigit() for char in text) else _LONGEST_JUDGEMENT  # "8" is a grade, "36 months" was read
    return len(text.split()) <= words and text not in trace.dataflow.prompt_text


def _not_passed(trace: Trace) -> list[Evidence]:
    found: list[Evidence] = []
    for passage in trace.dataflow.packed:
        if passage.share < 1 and passage.document is not None:
            content = trace.get(passage.span_id).documents[passage.document].content
            lost = content[len(passage.text) :] if content.startswith(passage.text) else content
            lost = lost.lstrip(" .,;:\n")
            start = len(content) - len(lost)
            place = TextRange(
                span_id=passage.span_id,
                field=f"documents.{passage.document}",
                start=start,
                end=len(content),
                text=quote(lost),
            )
            found.append(Evidence(says=f"not in the prompt: “{quote(lost)}”", at=place))
    return found[:3]
