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


def _in_spans(index: str, expression: str, where: str) -> str:
    """One of the trace's spans has a value that fits: of those the index knows, which are few, then a look for each trace."""
    following = f"SELECT {expression} FROM spans WHERE {where} AND {expression} > known.value ORDER BY 1 LIMIT 1"
    known = (
        "WITH RECURSIVE known(value) AS "
        f"(VALUES ('') UNION ALL SELECT ({following}) FROM known WHERE known.value IS NOT NULL)"
    )
    return (
        f"EXISTS (SELECT 1 FROM spans INDEXED BY {index} WHERE {where} AND trace_id = t.id AND {expression} IN "
        f"({known} SELECT known.value FROM known WHERE {{}}))"
    )


# The plus signs keep SQLite from fetching all that fit, and sorting them, where the newest will do.
_MODELS = _in_spans("spans_by_model", "json_extract(model, '$.name')", "kind = 'llm'")
_ERRORS = _in_spans("spans_by_error", "json_extract(error, '$.type')", "error IS NOT NULL")
_TAGS = (
    "+t.id IN (SELECT trace_id FROM spans INDEXED BY spans_by_tags WHERE id = trace_id AND tags IN (SELECT known.tags FROM "
    "(SELECT DISTINCT tags FROM spans INDEXED BY spans_by_tags WHERE id = trace_id AND tags IS NOT NULL) AS known, "
    "json_each(known.tags) AS tag WHERE {}))"
)
_SCORES = "+t.seq IN (SELECT seq FROM lowest_scores WHERE {})"
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
        Field("model", "text", "a model that was called", ("known.value",), example="gpt-4o*", within=_MODELS),
        Field("error", "text", "type of an error in any step", ("known.value",), example="*RateLimitError",
              within=_ERRORS),
        Field("tag", "text", "a tag of the call", ("tag.value",), example="prod", within=_TAGS),
        Field("feedback", "one of", "what people said of it", (_SAID,), ("up", "down", "corrected", "labelled"), "down",
              within="+t.id IN (SELECT trace_id FROM feedback WHERE {})"),
        Field("since", "time", "started then or later", ("t.start_ns",), example="2d"),
        Field("until", "time", "started before then", ("t.start_ns",), example="2026-01-31"),
        Field("id", "text", "id of the trace", ("t.id",), example="*2d882b93"),
    )
}  # fmt: skip
# The scorers that always run. Any other score that the store has can be asked for too: see `parse_query`.
DEFAULT_SCORES = ("relevance", "sufficiency", "groundedness", "answer_relevance")


def score_field(name: str) -> Field:
    """The field of a score: the lowest value of any step of the trace."""
    meaning = f"lowest {name} of any step, 0 to 1"
    return Field(name, "number", meaning, ("name = ? AND value",), example="<0.3", within=_SCORES)
