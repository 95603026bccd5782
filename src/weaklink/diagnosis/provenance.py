"""Which step had a value first: where each number, name, date, id and quoted phrase of a text comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import isclose

from weaklink.diagnosis.sites import Site, Sites, pieces_of
from weaklink.diagnosis.values import Value, contents_of, is_float, values_in
from weaklink.model import Span, SpanKind, Step, TextRange, Trace, main_text, text_of
from weaklink.model.origin import Origin
from weaklink.model.roles import Role, roles

_MOST_OPERANDS = 30
_FOUND_BY: tuple[SpanKind, ...] = ("retriever", "reranker", "tool", "vector_store")


def origins(trace: Trace, span: Span | None = None) -> tuple[Origin, ...]:
    """Where each value of a step's output comes from, in the order they stand there; by default of the answer.

    The output is that of `span` (a string, a message or JSON), else that of the model call that wrote the answer. Empty
    for a trace without one.
    """
    lineage = trace.once(Lineage)
    looked_at = span or trace.dataflow.generator
    return () if looked_at is None else lineage.origins(looked_at, "output")


@dataclass(frozen=True, slots=True)
class _Operands:
    """The numbers that a model can have calculated with."""

    near: frozenset[float]
    """Those of the question, and of its own text where they were there before."""
    shown: frozenset[float]
    """Those of its context."""


class Lineage:
    """All texts of a trace in the order in which they arose, to find the first one that has a value."""

    def __init__(self, trace: Trace) -> None:
        """Look at `trace`, which is not changed."""
        self._trace = trace
        self._sites = trace.once(Sites)

    def origins(self, span: Span, field: str = "output") -> tuple[Origin, ...]:
        """Where each value of the step's output, or its input, comes from."""
        value = span.output if field == "output" else span.input
        text = main_text(value) if field == "output" else text_of(value)
        whole = text_of(value)
        offset = max(whole.find(text), 0)
        values = values_in(text)
        found = [(value, self.first(value, span)) for value in values]
        is_open = any(site is not None and site.source == "written" and value.kind == "number" for value, site in found)
        operands = self._operands(found) if is_open else _Operands(frozenset(), frozenset())
        return tuple(
            self._origin(value, site, TextRange(span_id=span.id, field=field, start=value.start + offset,
                                                end=value.end + offset, text=value.text), operands)
            for value, site in found
            if site is not None
        )  # fmt: skip

    def first(self, value: Value, span: Span) -> Site | None:
        """The earliest text that has the value; where a model wrote that, the first step before `span` that found it too."""
        having = self._sites.having(value)
        first = next(having, None)
        if first is None or first.source != "written":
            return first
        return next((site for site in having if self._found_by(site, value, span)), first)

    def _found_by(self, site: Site, value: Value, span: Span) -> bool:
        """Whether a retriever or a tool brought the value before `span`, and did not just give back what it was asked."""
        is_before = self._order[site.span.id] < self._order[span.id]
        if not is_before or site.field == "input" or site.span.kind not in _FOUND_BY:
            return False
        is_echo = site.span.kind == "tool" and any(contents_of(text).has(value) for text in pieces_of(site.span.input))
        return not is_echo

    def _origin(self, value: Value, site: Site, at: TextRange, operands: _Operands) -> Origin:
        span = site.span
        source = site.source
        if source == "written" and value.kind == "number" and _is_computed(value, operands):
            source = "computed"
        step = Step(span_id=span.id, name=span.name, kind=span.kind, role=self._roles.get(span.id, ""))
        return Origin(
            text=value.text, kind=value.kind, at=at, born=step, source=source, place=_place(site, value.text, at)
        )

    def _operands(self, found: list[tuple[Value, Site | None]]) -> _Operands:
        near = [value for value, site in found if site is not None and site.source != "written"]
        near += values_in(self._trace.question)
        return _Operands(_numbers(near), self._shown)

    @cached_property
    def _shown(self) -> frozenset[float]:
        return _numbers(value for passage in self._trace.dataflow.context for value in values_in(passage.text))

    @cached_property
    def _roles(self) -> dict[str, Role]:
        return roles(self._trace)

    @cached_property
    def _order(self) -> dict[str, int]:
        return {span.id: number for number, (_, span) in enumerate(self._trace.walk())}


def _place(site: Site, text: str, at: TextRange) -> TextRange | None:
    span = site.span
    if site.field.startswith("documents."):
        whole = span.documents[int(site.field.partition(".")[2])].content
    else:
        whole = text_of(span.input if site.field == "input" else span.output)
    start = whole.lower().find(text.lower())
    if start < 0 or (span.id, site.field) == (at.span_id, at.field):
        return None
    return TextRange(span_id=span.id, field=site.field, start=start, end=start + len(text), text=text)


def _is_computed(value: Value, operands: _Operands) -> bool:
    """Whether two of the operands give the number, one of them near it, or all near it their sum."""
    wanted = _numbers([value])
    if not wanted:
        return False
    near = operands.near - wanted
    results = [sum(near)] if len(near) > 1 else []
    for a, b in product(near, near | (operands.shown - wanted)):
        results += [a + b, a - b, b - a, a * b, *([a / b, b / a, 100 * a / b, 100 * b / a] if a and b else [])]
    return any(isclose(result, target, rel_tol=0.0005) for result in results for target in wanted)


def _numbers(values: Iterable[Value]) -> frozenset[float]:
    keys = [value.keys[0] for value in values if value.kind == "number"][:_MOST_OPERANDS]
    return frozenset(float(key) for key in keys if is_float(key))
