"""The spans of one call, as a tree."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, model_validator

from weaklink.model.dataflow import Dataflow
from weaklink.model.document import content_hash
from weaklink.model.notebook import shown_in_notebook
from weaklink.model.roles import Role, find_roles
from weaklink.model.span import Span, SpanKind, SpanStatus, Usage

Made = TypeVar("Made")


class Trace(BaseModel, frozen=True):
    """Everything recorded for one call of a chain: its spans in the order they started, and how they hang together."""

    spans: tuple[Span, ...]
    """At least one; the first is the root."""

    @model_validator(mode="after")
    def _has_a_root(self) -> "Trace":
        if not self.spans:
            raise ValueError("a trace needs at least one span")
        return self

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Trace":
        """Build a trace from spans in any order: the root first, the others by start. Raises ValueError where there is none."""
        ordered = sorted(spans, key=lambda span: (span.id != span.trace_id, span.start_ns))
        return cls(spans=tuple(ordered))

    @property
    def id(self) -> str:
        """The id that all spans share: that of the root."""
        return self.root.trace_id

    @property
    def root(self) -> Span:
        """The span of the whole call."""
        return self.spans[0]

    @property
    def name(self) -> str:
        """The root's name."""
        return self.root.name

    @property
    def status(self) -> SpanStatus:
        """How the whole call ended."""
        return self.root.status

    @property
    def start_ns(self) -> int:
        """When the call started, in nanoseconds since 1970 (UTC)."""
        return self.root.start_ns

    @property
    def duration_ns(self) -> int | None:
        """How long the call took; None where it never ended."""
        return self.root.duration_ns

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return shown_in_notebook(self)

    @cached_property
    def content_hash(self) -> str:
        """Changes with anything that was recorded, 32 hex digits: what was made of a trace with another one is out of date."""
        spans = [span.model_dump() for span in sorted(self.spans, key=lambda span: span.id)]
        return content_hash(json.dumps(spans, sort_keys=True))

    @cached_property
    def _by_id(self) -> dict[str, Span]:
        return {span.id: span for span in self.spans}

    @cached_property
    def _children(self) -> dict[str, list[Span]]:
        children: dict[str, list[Span]] = {}
        for span in self.spans[1:]:
            # A parent that was lost in recording must not hide its children: they hang on the root.
            parent = span.parent_id if span.parent_id in self._by_id and span.parent_id != span.id else self.root.id
            children.setdefault(parent or self.root.id, []).append(span)
        return children

    def get(self, span_id: str) -> Span:
        """The span with this id; KeyError where the trace has none."""
        return self._by_id[span_id]

    def children(self, span: Span) -> list[Span]:
        """The spans right below `span`, in the order they started."""
        return self._children.get(span.id, [])

    def parent(self, span: Span) -> Span | None:
        """The span right above; None for the root."""
        if span.id == self.root.id:
            return None
        return self._by_id.get(span.parent_id or "", self.root)

    def ancestors(self, span: Span) -> Iterator[Span]:
        """The spans above `span`, the nearest first, the root last."""
        seen = {span.id}
        above = self.parent(span)
        while above is not None and above.id not in seen:
            seen.add(above.id)
            yield above
            above = self.parent(above)

    def descendants(self, span: Span) -> Iterator[Span]:
        """The spans below `span`, depth first, without `span` itself."""
        for _, below in self.walk(span):
            if below.id != span.id:
                yield below

    def walk(self, start: Span | None = None) -> Iterator[tuple[int, Span]]:
        """Each span with its depth (0 for `start`, by default the root), depth first, siblings in the order they started."""
        stack = [(0, start or self.root)]
        seen: set[str] = set()
        while stack:
            depth, span = stack.pop()
            if span.id in seen:
                continue
            seen.add(span.id)
            yield depth, span
            stack.extend((depth + 1, child) for child in reversed(self.children(span)))

    @cached_property
    def _by_kind(self) -> dict[SpanKind, list[Span]]:
        found: dict[SpanKind, list[Span]] = {}
        for span in self.spans:
            found.setdefault(span.kind, []).append(span)
        return found

    def of_kind(self, *kinds: SpanKind) -> list[Span]:
        """The spans of these kinds, in the order they started."""
        if len(kinds) == 1:  # rules ask for one kind, once for each step
            return [*self._by_kind.get(kinds[0], ())]
        return [span for span in self.spans if span.kind in kinds]

    def has_below(self, span: Span, kind: SpanKind) -> bool:
        """Whether a span of that kind lies below `span`, however deep."""
        if kind not in self._around:
            around = self._around[kind] = set[str]()
            for inner in self.of_kind(kind):
                for above in self.ancestors(inner):
                    if above.id in around:
                        break  # and all above it were marked with it
                    around.add(above.id)
        return span.id in self._around[kind]

    @cached_property
    def _around(self) -> dict[SpanKind, set[str]]:
        return {}

    def serves_a_step(self, call: Span) -> bool:
        """Whether a model call is part of a search, a ranking, a rewriting or a choice of where to go, and so writes no answer."""
        return any(
            above.kind in ("retriever", "reranker")
            or above.attributes.get("branch")
            or above.attributes.get("rewrites")
            for above in self.ancestors(call)
        )

    def once(self, make: Callable[["Trace"], Made]) -> Made:
        """What `make` makes of this trace, made at the first call and kept with it: several rules look at the same thing."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @cached_property
    def _made(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def roles(self) -> dict[str, Role]:
        """What each span does in the pipeline, by span id; spans without a role are left out."""
        return find_roles(self)

    @cached_property
    def steps(self) -> tuple[Span, ...]:
        """The spans that a person wrote: all but the framework's plumbing, in the order they started."""
        return tuple(span for span in self.spans if not span.plumbing or span.id == self.root.id)

    @cached_property
    def dataflow(self) -> Dataflow:
        """Which document or text went from where to where."""
        return Dataflow(self)

    @property
    def asks_nothing(self) -> bool:
        """An index is filled, or texts are embedded, and nobody asked anything: there is no question and no answer."""
        return self.root.kind in ("vector_store", "embedding") or bool(self.root.attributes.get("ingests"))

    @property
    def question(self) -> str:
        """What the user asked; "" where it could not be found."""
        return self.dataflow.question

    @property
    def answer(self) -> str:
        """What the user got; "" where there was nothing."""
        return self.dataflow.answer

    @cached_property
    def usage(self) -> Usage | None:
        """Tokens of the whole call, counted once: on the innermost llm spans; None where no provider reported any."""
        used = [
            span.model.usage for span in self.leaf_llms if span.model and span.model.usage and not span.model.cached
        ]
        return _sum(used) if used else None

    @cached_property
    def usage_by_model(self) -> dict[str, Usage]:
        """The same by the name of the model. Where one call of a model reported nothing, its sums are not known: None."""
        used: dict[str, list[Usage]] = {}
        for span in self.leaf_llms:
            if span.model is None or not span.model.cached:
                used.setdefault(span.model.name if span.model else "", []).append(
                    (span.model and span.model.usage) or Usage()
                )
        unknown = {name for name, usages in used.items() if any(usage.total_tokens is None for usage in usages)}
        return {name: Usage() if name in unknown else _sum(usages) for name, usages in used.items()}

    @cached_property
    def leaf_llms(self) -> tuple[Span, ...]:
        """The llm spans with no llm span below them: one per call of a model, even where a framework nests three."""
        return tuple(span for span in self.of_kind("llm") if not self.has_below(span, "llm"))


def _sum(used: Sequence[Usage]) -> Usage:
    def total(name: str) -> int | None:
        known = [value for usage in used if (value := getattr(usage, name)) is not None]
        return sum(known) if known else None

    return Usage(**{name: total(name) for name in Usage.model_fields})
