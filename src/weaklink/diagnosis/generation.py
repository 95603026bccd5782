"""Rules on what the model made of its context, and on what the parser made of that."""

from collections.abc import Iterator

from weaklink.diagnosis.finding import Finding, abstained, listed, quote
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.model import Evidence, Score, Scores, Span, TextRange, Trace, main_text, strings_in, text_of
from weaklink.scoring.text.tokens import tokenise


def contradicted(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer says something else than the passage it was given."""
    yield from _bad_sentences(trace, scores, "contradicted", "the answer contradicts its context")


def unsupported(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer states something that nothing the model was shown supports."""
    yield from _bad_sentences(trace, scores, "unsupported", "nothing that the model was shown supports this")


def answered_without_evidence(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model answered a question although it was shown nothing that answers it."""
    generator = trace.dataflow.generator
    if generator is None or abstained(generator, scores) or not trace.dataflow.generator_text:
        return
    shown = scores.value(generator.id, "sufficiency")
    retrieved = bool(trace.of_kind("retriever"))
    if trace.dataflow.context:
        if shown is None:
            return
        lacking = ramp(shown, limits.insufficient)
        grounded = scores.value(generator.id, "groundedness")
        strength = 0.5 * lacking * (1.0 - (grounded if grounded is not None else 0.5))
    elif retrieved:
        strength = 0.6
    else:
        return  # a chain without retrieval answers from what the model knows; nothing says that it should not
    says = f"the model answered “{quote(trace.dataflow.generator_text, 80)}” and was shown nothing that says so"
    yield Finding(
        generator.id, strength, says, advice="tell the model to say when its context does not hold the answer"
    )


def false_abstention(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model said that it does not know, although its context holds the answer."""
    generator = trace.dataflow.generator
    if generator is None or not abstained(generator, scores):
        return
    sufficiency = scores.get(generator.id, "sufficiency")
    if sufficiency is None or sufficiency.value is None:
        return
    says = f"the model abstained, and its context seems to hold the answer (sufficiency {sufficiency.value:.2f})"
    support = sufficiency.support
    evidence = [Evidence(says=f"it was shown: “{quote(support.text)}”", at=support)] if support else []
    strength = 0.9 * ramp(sufficiency.value, limits.abstention)
    yield Finding(generator.id, strength, says, evidence, "soften the instruction to abstain, or use a stronger model")


def lost_in_parsing(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The parsed result holds a number that the model did not write."""
    for span in trace.of_kind("parser"):
        if span.status != "ok" or span.output is None or isinstance(span.output, str):
            continue
        written = _numbers_in(main_text(span.input))
        lost = [number for number in _parsed_numbers(span) if number not in written]
        if lost and written:
            shown = ", ".join(f"{number:g}" for number in lost)
            says = f"{span.name} made {shown} of “{quote(main_text(span.input), 80)}”"
            text = text_of(span.output)
            place = TextRange(span_id=span.id, field="output", end=len(text), text=quote(text))
            advice = "parse numbers with their thousands separators and units, or ask the model for plain numbers"
            yield Finding(span.id, 0.9, says, [Evidence(says=f"parsed: {quote(text)}", at=place)], advice)


def _bad_sentences(trace: Trace, scores: Scores, label: str, what: str) -> Iterator[Finding]:
    generator = trace.dataflow.generator
    if generator is None:
        return
    bad = [s for s in scores.of_sentences(generator.id, "groundedness") if s.label == label and s.value is not None]
    if not bad:
        return
    worst = min(bad, key=lambda score: score.value or 0.0)
    whole = scores.value(generator.id, "groundedness")
    strength = 1.0 - max(worst.value or 0.0, whole if whole is not None and len(bad) == 1 else 0.0)
    says = f"{what}: “{quote(worst.sentence.text if worst.sentence else '', 100)}”"
    if worst.detail:
        says += f" ({quote(', '.join(worst.detail), 100)})"
    advice = (
        "use a stronger model, lower the temperature, or ask it to quote the passage it answers from"
        if label == "contradicted"
        else "ask the model to answer only from its context, and to say when the context does not hold the answer"
    )
    yield Finding(
        generator.id, strength, says, [item for score in bad[:3] for item in _sentence_evidence(score)], advice
    )


def _sentence_evidence(score: Score) -> Iterator[Evidence]:
    if score.sentence is not None:
        words = f" ({listed(score.detail)})" if score.detail and score.label == "unsupported" else ""
        yield Evidence(says=f"{score.label}: “{quote(score.sentence.text)}”{words}", at=score.sentence)
    if score.support is not None:
        yield Evidence(says=f"nearest in the context: “{quote(score.support.text)}”", at=score.support)


def _parsed_numbers(span: Span) -> list[float]:
    found: list[float] = []
    stack = [span.output]
    while stack:
        value = stack.pop()
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            found.append(float(value))
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    found.extend(number for _, text in strings_in(span.output) for number in _numbers_in(text))
    return found


def _numbers_in(text: str) -> set[float]:
    """The numbers of a text, each read as a person reads it: "1,200" and "1.2k" are 1200."""
    return {float(token.value) for token in tokenise(text) if token.kind == "number" and _is_float(token.value)}


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
