"""What a step made of the fields that a model wrote: another value behind a field's name, or another field than the one asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, isclose

from pydantic import JsonValue

from weaklink.diagnosis.values import numbers_of
from weaklink.model import TYPE_KEY, Span, Trace, main_text, text_of
from weaklink.model.forms import json_in
from weaklink.scoring.text.tokens import tokenise

_SEGMENTS = re.compile(r"[,;|\n]\s|[.!?]\s|\n")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SCALES = (1.0, 100.0, 1000.0, 60.0, 0.01, 0.001, 1 / 60)
"""A share may be written in percent, an amount in cents or thousands, a time in minutes."""
_LEAST_WORDS = 2
"""Words of a field's name from which on a question that has all of them asks for that field: "total due", not "price"."""


@dataclass(frozen=True, slots=True)
class Field:
    """A number or a text of a structure, with its name."""

    name: str
    words: frozenset[str]
    value: str | float


def taken_from_fields(trace: Trace) -> tuple[Span, list[Field], str] | None:
    """The step that made the text of the answer of the fields that a model wrote as JSON, with the fields and the text."""
    generator = trace.dataflow.generator
    structure = json_in(trace.dataflow.generator_text)
    output = trace.root.output
    said = text_of(output) if isinstance(output, str | int | float) else main_text(output)
    if generator is None or structure is None or not said.strip() or json_in(said) is not None:
        return None
    steps = [span for span in trace.spans if span.kind in ("chain", "parser", "tool") and span.status == "ok"]
    after = [span for span in steps if span.start_ns > generator.start_ns and not span.plumbing]
    around = [span for span in trace.ancestors(generator) if span in steps]
    made = [span for span in after if main_text(span.output).strip() == said.strip()]
    step = made[0] if made else next((span for span in around if main_text(span.output).strip() == said.strip()), None)
    return None if step is None else (step, list(_fields(structure)), said)


def other_value(fields: list[Field], said: str) -> tuple[Field, str] | None:
    """A field of numbers whose name stands in the text beside another number, and its own nowhere."""
    everything = numbers_of(said)
    others = [float(field.value) for field in fields if isinstance(field.value, int | float)]
    for field in fields:
        if isinstance(field.value, str) or not field.words or _is_among(field.value, everything):
            continue
        for segment in _SEGMENTS.split(said):
            numbers = numbers_of(segment)
            words = {token.value for token in tokenise(segment)}
            if len(numbers) == 1 and field.words <= words and not any(_is_among(other, numbers) for other in others):
                return field, segment.strip()
    return None


def other_field(fields: list[Field], said: str, question: str) -> tuple[Field, Field] | None:
    """The field that the question names in full, and the one that the text has in its place, of whose name the question has nothing."""
    asked = {token.value for token in tokenise(question)}
    numbers = numbers_of(said)

    def is_said(field: Field, text: str, among: list[float]) -> bool:
        return field.value.lower() in text.lower() if isinstance(field.value, str) else _is_among(field.value, among)

    taken = [field for field in fields if is_said(field, said, numbers)]
    given = numbers_of(question)
    wanted = [
        field
        for field in fields
        if len(field.words) >= _LEAST_WORDS and field.words <= asked and not is_said(field, question, given)
    ]
    if not taken or not wanted or any(field.words & asked for field in taken):
        return None
    return wanted[0], taken[0]


def _fields(value: JsonValue, name: str = "") -> Iterator[Field]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != TYPE_KEY:
                yield from _fields(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item)  # which of several is meant, its name does not say
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
        words = frozenset(token.value for token in tokenise(" ".join(_WORDS.findall(name))))
        yield Field(name, words, value)


def _is_among(value: float, numbers: list[float]) -> bool:
    """Whether one of the numbers is the value: as it is, rounded, cut off, or in another unit."""
    forms = [value * scale for scale in _SCALES] + [float(round(value)), float(floor(value))]
    forms += [round(value, digits) for digits in (1, 2)]
    return any(isclose(abs(form), abs(number), rel_tol=1e-6, abs_tol=1e-9) for form in forms for number in numbers)
