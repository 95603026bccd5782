"""A span while it is open: what the hot path touches, so slotted and mutable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from weaklink.model.span import SpanKind, SpanStatus

# What a record weighs in the queue besides its text: the object, its small values and its containers.
_BASE_SIZE = 600
# A run of these kinds that ends without a word was cancelled: frameworks report every other end of theirs.
_SILENT_WHEN_CANCELLED = ("retriever", "llm", "tool", "embedding", "reranker")


class Watch(ref[Any]):
    """A weak reference to what lives as long as a run does; knows the run's key when it is gone."""

    __slots__ = ("key",)
    key: int


class TraceState:
    """What is known of a trace while its spans come in."""

    __slots__ = ("done", "input_tokens", "key", "output_tokens", "spans", "when_done")

    def __init__(self, key: int) -> None:
        """`key` is that of the root."""
        self.key = key
        self.done = False
        self.when_done: Callable[[TraceState], None] | None = None
        """For the integration: called once the root has ended, on any thread."""
        # The writer thread alone counts these.
        self.spans = 0
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None


class OpenSpan:
    """A step that has begun. Integrations fill it; the recorder ends it and hands it to the writer."""

    # What most spans never have stands on the class: an instance costs the caller only what differs.
    status: SpanStatus = "incomplete"
    duration_ns: int | None = None
    input: Any = None
    output: Any = None
    documents: list[Any] | None = None
    candidates: list[Any] | None = None
    model: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    notes: list[str] | None = None
    plumbing = False
    provisional = False
    """Shown while it was open."""
    has_retrieval = False
    """A retriever or reranker ran below, so documents here are not of this step's own making."""
    error_id = 0
    """What tells the exception from others, valid only while it travels up."""
    error_origin = 0
    """Key of the step that raised it."""
    failed: list[OpenSpan] | None = None
    """Steps below that failed, and that an ancestor may yet make good."""
    swept_by: OpenSpan | None = None
    """The ancestor whose end closed this span."""
    watch: Watch | None = None
    is_interrupted = False
    """For the integration: a step below waits for a person."""
    steps_below = 0
    """For the integration: how many numbered steps have begun below."""
    counted = False
    """Stands in the trace's number of spans."""
    usage_counted = False
    """Its tokens stand in the trace's sums."""
    scratch: Any = None
    """For the integration: what it wants to remember between start and end."""
    size = _BASE_SIZE
    """About how many bytes the record weighs in the queue."""

    def __init__(self, key: int, parent: OpenSpan | None, name: str, kind: SpanKind, start_ns: int, began: int) -> None:
        """`start_ns` is the time since 1970, `began` the same moment on the performance counter."""
        self.key = key
        self.parent = parent
        self.name = name
        self.kind: SpanKind = kind
        self.start_ns = start_ns
        self.began = began
        self.children: set[OpenSpan] = set()
        if parent is None:
            self.trace = TraceState(key)
        else:
            self.trace = parent.trace
            parent.children.add(self)

    @property
    def is_root(self) -> bool:
        """No span of this trace is above."""
        return self.parent is None

    def note(self, text: str) -> None:
        """Say what was lost in recording; saying it twice says it once."""
        if self.notes is None:
            self.notes = [text]
        elif text not in self.notes:
            self.notes.append(text)

    def is_gone(self) -> bool:
        """What lived as long as the run is no more: nothing will ever report its end."""
        return self.watch is not None and self.watch() is None

    def status_when_gone(self) -> SpanStatus:
        """How a run ended that nobody reported."""
        return "cancelled" if self.kind in _SILENT_WHEN_CANCELLED else "abandoned"

    def release(self) -> None:
        """Let go of the payload, which is stored now."""
        self.input = self.output = self.documents = self.candidates = self.metadata = self.scratch = None
        if self.swept_by is None:  # else its own end may still come, and add to these
            self.attributes = self.model = None
