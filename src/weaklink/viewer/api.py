"""The JSON API; its description is at /api/openapi.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, JsonValue

from weaklink.errors import UnknownTrace
from weaklink.labels import record_feedback
from weaklink.model import Diagnosis, Score, Span
from weaklink.report.json import comparison_data, dump_json, report_data
from weaklink.store import Breakdown, Feedback, TraceSummary
from weaklink.viewer.library import Library

QueryText = Annotated[str, Query(max_length=2_000, examples=['verdict:broken relevance:<0.3 "refund policy"'])]


class TracePage(BaseModel):
    """A page of the list, the newest first."""

    traces: list[TraceSummary]
    next: str | None
    """What `before` has to be for the next page; null on the last one."""


class Said(BaseModel, extra="forbid"):
    """One piece of feedback. What was said before under the same name of the same thing is replaced."""

    name: str = Field(min_length=1, max_length=100, examples=["thumbs", "corrected_answer", "broken_step", "document"])
    value: JsonValue = None
    span_id: str | None = Field(default=None, max_length=200)
    document: int | None = Field(default=None, ge=0, description="index in the step's documents, from 0")
    comment: str = Field(default="", max_length=20_000)


class Problem(BaseModel):
    """What every error answers."""

    error: str


def api_routes(library: Library) -> APIRouter:
    """All routes under /api."""
    errors: dict[int | str, dict[str, Any]] = {status: {"model": Problem} for status in (400, 401, 403, 404)}
    api = APIRouter(prefix="/api", responses=errors)

    @api.get("/traces", summary="Traces that a query finds")
    def traces(
        q: QueryText = "", limit: Annotated[int, Query(ge=1, le=500)] = 50, before: str | None = None
    ) -> TracePage:
        found = library.store.summaries(q, limit=limit + 1, before=before)
        return TracePage(traces=found[:limit], next=found[limit - 1].id if len(found) > limit else None)

    @api.get("/breakdown", summary="How many traces have which verdict, weak link and failure")
    def breakdown(q: QueryText = "") -> list[Breakdown]:
        return library.store.breakdown(q)

    @api.get("/traces/{trace_id}", summary="The report on a trace, as `weaklink show --json` prints it")
    def trace(trace_id: str) -> Response:
        return _json(report_data(library.whole_report(trace_id)))

    @api.get("/traces/{trace_id}/spans", summary="The steps of a trace, with all that went in and out")
    def spans(trace_id: str) -> list[Span]:
        return list(library.store.get(trace_id).spans)

    @api.get("/traces/{trace_id}/spans/{span_id:path}", summary="One step")
    def span(trace_id: str, span_id: str) -> Span:
        trace = library.store.part(library.store.full_id(trace_id), [span_id])
        found = next((span for span in trace.spans if span.id == span_id), None)
        if found is None:
            raise UnknownTrace(f"the trace {trace_id!r} has no step {span_id!r}")
        return found

    @api.get("/traces/{trace_id}/scores", summary="The stored scores of a trace")
    def scores(trace_id: str) -> list[Score]:
        return library.store.scores(library.store.full_id(trace_id))

    @api.get("/traces/{trace_id}/diagnosis", summary="Which step broke, why, and how sure that is")
    def diagnosis(trace_id: str) -> Diagnosis | None:
        return library.report(library.summary(trace_id)).diagnosis

    @api.get("/diff", summary="Two traces, step by step")
    def diff(a: str, b: str, everything: bool = False) -> Response:
        return _json(comparison_data(library.comparison(a, b, everything=everything)))

    @api.get("/traces/{trace_id}/feedback", summary="What people said of a trace, the oldest first")
    def feedback(trace_id: str) -> list[Feedback]:
        return library.store.feedback(library.store.full_id(trace_id))

    @api.post("/traces/{trace_id}/feedback", status_code=201, summary="Say something of a trace")
    def say(trace_id: str, said: Said) -> Feedback:
        return record_feedback(library.store, Feedback(trace_id=trace_id, **said.model_dump()))

    return api


def _json(data: Any) -> Response:
    return Response(dump_json(data), media_type="application/json")
