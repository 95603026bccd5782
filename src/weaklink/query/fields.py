"""The fields of the grammar: what each is called, what it means and takes, and where the store has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from weaklink.model import KINDS, ROLES, STATUSES, VERDICTS

Takes = Literal["one of", "text", "number", "duration", "time"]
NONE = "none"
"""As a value: the trace has nothing there."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the grammar."""

    name: str
    takes: Takes
    meaning: str
    """For people, in a few words."""
    columns: tuple[str, ...]
    """SQL expressions over the row `t` of `traces`; one of them has to fit."""
    values: tuple[str, ...] = ()
    """All values, or those worth proposing."""
    example: str = ""
    within: str = "{}"
    """The condition around the test, for what lies in another table."""

    @property
    def is_exact(self) -> bool:
        """Its values are compared as they are, so that an index serves."""
        return self.takes == "one of" or self.name == "id"

    @property
    def is_diagnosed(self) -> bool:
        """The value comes from scores or diagnosis."""
        return self.name in ("verdict", "step", "failure", "confidence") or self.name not in FIELDS


_SPANS = "t.id IN (SELECT trace_id FROM spans WHERE {where} AND {{}})"
_TAGS = (
    "t.id IN (SELECT spans.trace_id FROM spans, json_each(spans.tags) AS tag "
    "WHERE spans.id = spans.trace_id AND spans.tags IS NOT NULL AND {})"
)
_SAID = (
    "CASE name WHEN 'thumbs' THEN json_extract(value, '$') WHEN 'corrected_answer' THEN 'corrected' ELSE 'labelled' END"
)
_TOKENS = "coalesce(t.input_tokens + t.output_tokens, t.input_tokens, t.output_tokens)"
_WORDS = tuple(dict.fromkeys([*filter(None, ROLES), *KINDS]))

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        Field("verdict", "one of", "what the diagnosis says", ("t.verdict",), VERDICTS, "broken"),
        Field("step", "text", "role, kind or name of the weak link", ("t.role", "t.kind", "t.culprit"), _WORDS, "retriever"),
        Field("failure", "text", "how the weak link failed", ("t.failure",), example="context_truncated"),
        Field("confidence", "number", "probability of the verdict, 0 to 1", ("t.confidence",), example="<0.6"),
        Field("status", "one of", "how the call ended", ("t.status",), STATUSES, "error"),
        Field("latency", "duration", "how long the call took", ("t.duration_ns",), example=">2s"),
        Field("tokens", "number", "tokens in and out", (_TOKENS,), example=">4000"),
        Field("steps", "number", "number of steps", ("t.spans",), example=">50"),
        Field("name", "text", "name of the chain", ("t.name",), example="support*"),
        Field("model", "text", "a model that was called", ("json_extract(model, '$.name')",), example="gpt-4o*",
              within=_SPANS.format(where="kind = 'llm'")),
        Field("error", "text", "type of an error in any step", ("json_extract(error, '$.type')",), example="*RateLimitError",
              within=_SPANS.format(where="error IS NOT NULL")),
        Field("tag", "text", "a tag of the call", ("tag.value",), example="prod", within=_TAGS),
        Field("feedback", "one of", "what people said of it", (_SAID,), ("up", "down", "corrected", "labelled"), "down",
              within="t.id IN (SELECT trace_id FROM feedback WHERE {})"),
        Field("since", "time", "started then or later", ("t.start_ns",), example="2d"),
        Field("until", "time", "started before then", ("t.start_ns",), example="2026-01-31"),
        Field("id", "text", "id of the trace", ("t.id",), example="*2d882b93"),
    )
}  # fmt: skip
# The scorers that always run. Any other score that the store has can be asked for too: see `parse_query`.
DEFAULT_SCORES = ("relevance", "sufficiency", "groundedness", "answer_relevance")


def score_field(name: str) -> Field:
    """The field of a score: the lowest value of any step of the trace."""
    return Field(name, "number", f"lowest {name} of any step, 0 to 1", ("json_extract(t.scores, ?)",), example="<0.3")
