"""A span while it is open: what the hot path touches, so slotted and mutable."""

from __future__ import annotations

from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from weaklink.model.span import SpanKind, SpanStatus

# What a record weighs in the queue besides its text: the object, its small values and its containers.
_BASE_SIZE = 600
# A run of these kinds that ends without a word was cancelled: frameworks report every other end of theirs.
_SILENT_WHEN_CANCELLED = ("retriever", "llm", "tool", "embedding", "reranker")


class Watch(ref[Any]):
    """A weak reference to what lives as long as a run does; knows the run's key, and when it was gone."""

    __slots__ = ("gone_at", "key")
    key: int
    gone_at: int
    """On the performance counter; 0 until then."""


class Watcher(Protocol):
    """Wants to know of the end of a trace."""

    def is_done(self, trace: TraceState, place: Any) -> None:
        """The root of `trace`, which began in `place`, has ended."""
        ...


class TraceState:
    """What is known of a trace while its spans come in."""

    __slots__ = ("done", "epoch_ns", "id", "input_tokens", "key", "output_tokens", "spans", "watchers")

    def __init__(self, key: int, id: str) -> None:
        """`key` and `id` are those of the root."""
        self.key = key
        self.id = id
        self.epoch_ns = time_ns() - perf_counter_ns()
        """What to add to the performance counter to get nanoseconds since 1970: one clock for all steps of a trace."""
        self.done = False
        self.watchers: list[tuple[Watcher, Any]] | None = None
        """Who is told once the root has ended, on any thread, and where the trace began."""
        # The writer thread alone counts these.
        self.spans = 0
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None


class OpenSpan:
    """A step that has begun. Integrations fill it; the recorder ends it and hands it to the writer."""

    # Slots, all filled at once: reading a default that stands on the class takes 35 ns (Python 3.11), filling a slot 4 ns.
    __slots__ = (
        "attributes", "began", "candidates", "children", "counted", "documents", "duration_ns", "error", "error_id", "error_origin",
        "failed", "has_retrieval", "id", "input", "is_graph", "is_interrupted", "key", "kind", "metadata", "model", "name", "notes",
        "output", "parent", "plumbing", "provisional", "scored", "scratch", "size", "status", "steps_below", "swept_by", "tags",
        "trace", "usage_counted", "watch",
    )  # fmt: skip

    def __init__(self, key: int, parent: OpenSpan | None, name: str, kind: SpanKind, began: int) -> None:
        """The step began at `began` on the performance counter."""
        self.key = key
        self.id = "%032x" % key  # noqa: UP031 - takes half as long as an f-string (Python 3.11)
        self.parent = parent
        self.name = name
        self.kind: SpanKind = kind
        self.began = began
        self.status: SpanStatus = "incomplete"
        self.duration_ns: int | None = None
        self.input: Any = None
        self.output: Any = None
        self.documents: list[Any] | None = None
        self.candidates: list[Any] | None = None
        self.model: dict[str, Any] | None = None
        self.error: dict[str, Any] | None = None
        self.tags: list[str] | None = None
        self.metadata: dict[str, Any] | None = None
        self.attributes: dict[str, Any] | None = None
        self.notes: list[str] | None = None
        self.plumbing = False
        self.provisional = False  # shown while it was open
        self.has_retrieval = False  # a retriever ran below: documents here are not of its own making
        self.error_id = 0  # tells the exception from others, valid only while it travels up
        self.error_origin = 0  # key of the step that raised it
        self.failed: list[OpenSpan] | None = None  # steps below that failed, and that an ancestor may yet make good
        self.swept_by: OpenSpan | None = None  # the ancestor whose end closed this span
        self.watch: Watch | None = None
        self.is_interrupted = False  # for the integration: a step below waits for a person
        self.is_graph = False  # for the integration: its steps are nodes, which do the work
        self.steps_below = 0  # for the integration: how many numbered steps have begun below
        self.scratch: Any = None  # for the integration: what it wants to remember between start and end
        self.scored: list[Any] | None = None  # for the integration: what a store scored, until the documents are known
        self.counted = False  # stands in the trace's number of spans
        self.usage_counted = False  # its tokens stand in the trace's sums
        self.size = _BASE_SIZE  # about how many bytes the record weighs in the queue
        self.children: set[OpenSpan] | None = None  # those still open; None until there is one
        if parent is None:
            self.trace = TraceState(key, self.id)
        else:
            self.trace = parent.trace
            children = parent.children
            if children is None:
                made: set[OpenSpan] = set()  # may set off a garbage collection, and that may switch threads
                children = parent.children
                if children is None:
                    children = parent.children = made
            children.add(self)

    @property
    def start_ns(self) -> int:
        """The start, in nanoseconds since 1970."""
        return self.trace.epoch_ns + self.began

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

    def is_gone(self, when: int) -> bool:
        """What lived as long as the run was no more by `when`: nothing has reported its end, nor ever will."""
        return self.watch is not None and 0 < self.watch.gone_at <= when

    def status_when_gone(self) -> SpanStatus:
        """How a run ended that nobody reported."""
        return "cancelled" if self.kind in _SILENT_WHEN_CANCELLED else "abandoned"

    def release(self) -> None:
        """Let go of the payload, which is stored now."""
        self.input = self.output = self.documents = self.candidates = self.metadata = self.scratch = self.scored = None
        if self.swept_by is None:  # else its own end may still come, and add to these
            self.attributes = self.model = None
