"""Rules on what the parser made of what the model wrote."""

from collections.abc import Iterator

from weaklink.diagnosis.fields import other_field, other_value, taken_from_fields
from weaklink.diagnosis.finding import Finding, place_of, quote
from weaklink.diagnosis.limits import Limits
from weaklink.diagnosis.values import numbers_of
from weaklink.model import Evidence, Scores, Span, Trace, main_text, strings_in, text_of
from weaklink.model.roles import roles


def lost_in_parsing(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The parsed result holds a number that the model did not write, or another field than the one asked for."""
    for span, text in _parsings(trace):
        written = numbers_of(text)
        lost = [number for number in _parsed_numbers(span) if number not in written]
        if lost and written:
            shown = ", ".join(f"{number:g}" for number in lost)
            says = f"{span.name} made {shown} of “{quote(text, 80)}”"
            advice = "parse numbers with their thousands separators and units, or ask the model for plain numbers"
            evidence = [Evidence(says=f"parsed: {quote(text_of(span.output))}", at=place_of(span, "output"))]
            yield Finding(span.id, 0.9, says, evidence, advice)
    yield from _changed_field(trace)


def _changed_field(trace: Trace) -> Iterator[Finding]:
    """A text that was put together from the fields that the model wrote."""
    made = taken_from_fields(trace)
    if made is None:
        return
    span, fields, said = made
    evidence = [Evidence(says=f"made of the fields: “{quote(said)}”", at=place_of(span, "output"))]
    if changed := other_value(fields, said):
        field, segment = changed
        says = f"{span.name} wrote “{quote(segment, 80)}”, and the model wrote {field.name}: {field.value}"
        advice = f"check what {span.name} does with {field.name}"
        yield Finding(span.id, 0.9, says, evidence, advice)
    elif swapped := other_field(fields, said, trace.question):
        wanted, taken = swapped
        says = f"{span.name} handed on {taken.name} ({taken.value}), and the question asks for {wanted.name} ({wanted.value})"
        advice = f"let {span.name} take {wanted.name}, or choose the field by what was asked"
        yield Finding(span.id, 0.9, says, evidence, advice)


def _parsings(trace: Trace) -> Iterator[tuple[Span, str]]:
    """Each step that made a structure of what a model wrote, with the text."""
    known = roles(trace)
    for span in trace.spans:
        if span.status != "ok" or span.output is None or isinstance(span.output, str):
            continue
        if span.kind == "parser" or known.get(span.id) == "parse":
            yield span, main_text(span.input)
    generator, text = trace.dataflow.generator, trace.dataflow.generator_text
    around = (
        [] if generator is None else [s for s in trace.ancestors(generator) if s.kind == "chain" and s.status == "ok"]
    )
    # A function that asks the model and parses by itself: its output no longer holds the text, and nothing else did that.
    if around and text and isinstance(around[0].output, dict) and text not in text_of(around[0].output):
        own = {key: value for key, value in around[0].output.items() if not _was_given(around[0], key)}
        if own and not any(known.get(span.id) == "parse" for span in trace.spans):
            yield around[0].model_copy(update={"output": own}), text


def _was_given(span: Span, key: str) -> bool:
    return isinstance(span.input, dict) and key in span.input


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
    found.extend(number for _, text in strings_in(span.output) for number in numbers_of(text))
    return found
