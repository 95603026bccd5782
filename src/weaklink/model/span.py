"""One step of a chain."""

from typing import Literal, get_args

from pydantic import BaseModel, Field, JsonValue

from weaklink.model.document import Document

SpanKind = Literal[
    "chain",
    "agent",
    "retriever",
    "reranker",
    "embedding",
    "llm",
    "tool",
    "prompt",
    "parser",
    "vector_store",
    "guardrail",
]
SpanStatus = Literal["ok", "error", "cancelled", "interrupted", "abandoned", "recovered", "incomplete"]
KINDS: tuple[SpanKind, ...] = get_args(SpanKind)
STATUSES: tuple[SpanStatus, ...] = get_args(SpanStatus)


class Usage(BaseModel, frozen=True):
    """Tokens of one model call, as the provider reported them; None where it did not."""

    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    cached_input_tokens: int | None = Field(default=None, ge=0)
    """Part of `input_tokens` that came from the provider's prompt cache."""
    reasoning_tokens: int | None = Field(default=None, ge=0)
    """Part of `output_tokens` that was spent on hidden reasoning."""

    @property
    def total_tokens(self) -> int | None:
        """Input plus output; None where neither is known."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)


class ModelCall(BaseModel, frozen=True):
    """What is known of the model behind an llm or embedding span."""

    name: str = ""
    provider: str = ""
    parameters: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """Temperature, maximum tokens, stop words and the like, as the framework named them."""
    usage: Usage | None = None
    time_to_first_token_ns: int | None = Field(default=None, ge=0)
    """Nanoseconds from the start of the span to the first streamed token; None where nothing was streamed."""
    finish_reason: str = ""
    """As the provider names it: "stop", "length", "tool_calls", ..."""
    cached: bool = False
    """The answer came from the framework's cache: no tokens were spent."""


class SpanError(BaseModel, frozen=True):
    """Why a span did not end well."""

    type: str
    """Qualified class name of the exception, such as "openai.RateLimitError"."""
    message: str = ""
    origin: str = ""
    """Names the exception object: equal on every ancestor that passed the same exception, or one raised from it, upwards."""
    causes: tuple[str, ...] = ()
    """The chain of `__cause__` and `__context__`, outermost first, each as "Type: message"."""
    stack: tuple[str, ...] = ()
    """The innermost frames, each as "file.py:12 in function", innermost last."""


class Span(BaseModel, frozen=True):
    """One step of a chain: what went in, what came out, how it ended and how long it took."""

    id: str
    """32 hex digits."""
    trace_id: str
    """The id of the root span."""
    parent_id: str | None = None
    name: str
    kind: SpanKind
    status: SpanStatus
    start_ns: int
    """Start, in nanoseconds since 1970 (UTC)."""
    duration_ns: int | None = Field(default=None, ge=0)
    """Nanoseconds; None for a span that never ended."""
    input: JsonValue = None
    output: JsonValue = None
    documents: tuple[Document, ...] = ()
    """Retriever: what was found. Reranker: what was kept, in the new order."""
    candidates: tuple[Document, ...] = ()
    """Reranker: what went in, in the old order."""
    model: ModelCall | None = None
    error: SpanError | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """What the user or the framework attached to the step."""
    attributes: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """What Weaklink's integration knows about the step: "template", "variables", "store", "search_type", "attempt", ..."""
    plumbing: bool = False
    """A step that the framework put in, not a person; folded in the default view."""
    notes: tuple[str, ...] = ()
    """What was lost in recording, such as "input cut at 1,048,576 characters"."""

    @property
    def failed(self) -> bool:
        """The step raised or returned an error, whether or not something made good for it."""
        return self.status in ("error", "recovered")

    @property
    def end_ns(self) -> int | None:
        """End, in nanoseconds since 1970 (UTC); None for a span that never ended."""
        return None if self.duration_ns is None else self.start_ns + self.duration_ns
