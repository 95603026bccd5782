"""What a store of traces can do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from pydantic import BaseModel, Field, JsonValue

from weaklink.model import Diagnosis, Score, SpanKind, SpanStatus, Trace, Usage
from weaklink.query import Query
from weaklink.settings import Settings
from weaklink.store.figures import Figures


class TraceSummary(BaseModel, frozen=True):
    """One line of a list of traces."""

    id: str
    name: str
    status: SpanStatus
    start_ns: int
    duration_ns: int | None
    spans: int
    usage: Usage | None
    question: str
    answer: str
    verdict: str | None = None
    """Of the stored diagnosis; None where the trace was not diagnosed yet."""
    culprit: str | None = None
    """Name of the weak link."""
    role: str | None = None
    """What it does in the pipeline; "" where it has no role of its own."""
    failure: str | None = None
    version: str | None = None
    """Of the rules and scorers that made the diagnosis; None without one, "" where the trace has changed since."""
    confidence: float | None = None
    scores: dict[str, float] = Field(default_factory=dict[str, float])
    """The lowest value of each score, of whole steps."""
    tags: tuple[str, ...] = ()
    models: dict[str, Usage] = Field(default_factory=dict[str, Usage])
    """Tokens by model, as they were counted with the diagnosis; empty before."""


class OutlineStep(NamedTuple):
    """A span without what went in and out: enough to draw the tree of a very large trace."""

    id: str
    parent_id: str | None
    name: str
    kind: SpanKind
    status: SpanStatus
    start_ns: int
    duration_ns: int | None
    plumbing: bool
    tokens: int | None


class Breakdown(NamedTuple):
    """Traces that are alike."""

    verdict: str | None
    step: str | None
    """Role of the weak link, else its name."""
    failure: str | None
    traces: int


class Page(NamedTuple):
    """A page of the list of traces that a query finds."""

    traces: list[TraceSummary]
    """The newest first."""
    older: str | None
    """Id of the trace to go on from; None where there are no more."""
    looked: int | None
    """The page is not full because time was over after so many traces; None where it was not."""
    counts: list[Breakdown]
    """Of the newest few thousand traces that the query finds, whatever the page."""
    counted_all: bool
    """There are no more than those."""


class Feedback(BaseModel, frozen=True):
    """What a person said of a trace or of one of its steps."""

    trace_id: str
    name: str
    """What it is about: "thumbs" ("up" or "down"), "corrected_answer" (a text, which a diagnosis compares with), "broken_step"
    (True), "document" ("relevant" or "irrelevant"), or a name of your own."""
    value: JsonValue = None
    span_id: str | None = None
    document: int | None = Field(default=None, ge=0)
    """The passage it is about: its index in the step's documents, from 0."""
    comment: str = ""
    made_ns: int = 0


class Retention(BaseModel, frozen=True):
    """How much a store keeps. Where several limits are set, each holds; None is no limit."""

    days: float | None = Field(default=None, ge=0)
    """Traces older than this are deleted."""
    traces: int | None = Field(default=None, ge=0)
    """At most so many stay."""
    bytes: int | None = Field(default=None, ge=0)
    """The store takes at most so many bytes."""
    longer: float = Field(default=4.0, ge=1)
    """Traces that are broken, have feedback, or belong to the sample age so many times more slowly: they stay so many times longer,
    and where room is short they are as good as traces that are so many times younger."""
    sample: float = Field(default=0.0, ge=0, le=1)
    """This share of all traces is the sample."""

    @property
    def is_limited(self) -> bool:
        """Whether anything is ever deleted."""
        return (self.days, self.traces, self.bytes) != (None, None, None)

    @classmethod
    def of(cls, settings: Settings) -> Retention:
        """What the settings say."""
        return cls(
            days=settings.keep_days, traces=settings.keep_traces, bytes=settings.keep_bytes, longer=settings.keep_longer,
            sample=settings.keep_sample,
        )  # fmt: skip


class Store(Protocol):
    """Where traces, scores, diagnoses and feedback live. Every method may be called from any thread."""

    def get(self, trace_id: str) -> Trace:
        """The trace with this id, or the only one whose id ends so.

        Raises UnknownTrace where there is none, AmbiguousTrace where there are several.
        """
        ...

    def full_id(self, trace_id: str) -> str:
        """The whole id of the trace that `trace_id` names or ends; raises UnknownTrace or AmbiguousTrace."""
        ...

    def latest(self) -> Trace:
        """The trace that started last; raises UnknownTrace where the store is empty."""
        ...

    def traces(self, query: str | None = None, *, limit: int = 50, before: int | str | None = None) -> Iterator[Trace]:
        """Whole traces, the newest first; `query` says which (see weaklink.query), `before` is a start_ns or the id of a
        trace to page on from. Raises BadQuery.
        """
        ...

    def summaries(
        self, query: str | None = None, *, limit: int = 50, before: int | str | None = None
    ) -> list[TraceSummary]:
        """The same in short."""
        ...

    def page(self, query: str = "", *, limit: int = 50, before: str | None = None) -> Page:
        """A page of the traces that `query` finds, from the trace with the id `before` on, in the time that somebody waits for it.

        Raises BadQuery.
        """
        ...

    def parse(self, query: str) -> Query:
        """What `query` says, with the names of this store's scores as fields. Raises BadQuery."""
        ...

    def outline(self, trace_id: str, *, most: int | None = None) -> list[OutlineStep]:
        """The first `most` steps of the trace with this full id, or all, in the order they started; empty where it has none.

        The root comes first.
        """
        ...

    def part(self, trace_id: str, span_ids: Collection[str]) -> Trace:
        """The root and these steps of the trace with this full id; raises UnknownTrace where it has no root."""
        ...

    def beside(self, trace_id: str, query: str | None = None) -> tuple[str | None, str | None]:
        """Ids of the next newer and the next older trace that `query` finds; None where there is none."""
        ...

    def breakdown(self, query: str | None = None) -> list[Breakdown]:
        """How many of the traces that `query` finds have which verdict, weak link and failure, the most first."""
        ...

    def figures(self, query: str = "", *, since_ns: int | None, until_ns: int, pieces: int) -> Figures:
        """Figures over the traces that `query` finds and that started in this time; without `since_ns` from the first on."""
        ...

    def version(self) -> int:
        """A number that changes when another connection, of this process or another, has changed the store."""
        ...

    def write(self, traces: Iterable[Trace]) -> None:
        """Store whole traces; what is there under the same ids is replaced."""
        ...

    def add_scores(self, trace_id: str, scores: Sequence[Score], *, instead_of: Iterable[str] = ()) -> None:
        """Store scores; one with the same span, name, part and scorer is replaced, and so are all of a name in `instead_of`.

        The trace's diagnosis is stale then: it was made without them.
        """
        ...

    def scores(self, trace_id: str) -> list[Score]:
        """The stored scores of a trace."""
        ...

    def add_diagnosis(self, diagnosis: Diagnosis, version: str, seen: Trace | None = None) -> None:
        """Store a diagnosis; the one before is replaced. `version` is that of the rules and scorers that made it.

        `seen` is the trace as it was diagnosed: where a step has come or changed meanwhile, the diagnosis is stale at once.
        """
        ...

    def diagnosis(self, trace_id: str, version: str) -> Diagnosis | None:
        """The stored diagnosis of a trace by rules of this version; None where there is none."""
        ...

    def waiting(self, version: str, *, limit: int = 1_000, sample: float = 1.0) -> list[str]:
        """Ids of the finished traces, the newest first, that have no diagnosis by rules of this version.

        A diagnosis counts no more once a step of the trace is added or changed, scores come, or somebody corrects the answer.
        `sample` is the share of all traces to look at, 0..1; a trace is always in the sample or never.
        """
        ...

    def add_feedback(self, feedback: Feedback) -> None:
        """Store one piece of feedback; what was said before under the same name of the same thing is replaced."""
        ...

    def feedback(self, trace_id: str) -> list[Feedback]:
        """The feedback on a trace, the oldest first."""
        ...

    def prune(self, *, keep: int | Retention) -> int:
        """Delete all but what is to be kept, or all but the newest `keep` traces; returns how many were deleted.

        Other writers wait for less than a tenth of a second meanwhile.
        """
        ...

    def close(self) -> None:
        """Close the store; calling it again does nothing."""
        ...
