"""The report as data: stable keys, for programs."""

from __future__ import annotations

from typing import Any, Final

import orjson

from weaklink.model import Document
from weaklink.report.clean import clean_json
from weaklink.report.comparison import Comparison, StepChange
from weaklink.report.passages import PassageRow, RetrievalTable
from weaklink.report.view import Report, StepRow

_INDENTED: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def render_json(report: Report) -> str:
    """The report as indented JSON text with a new line at its end."""
    return dump_json(report_data(report))


def dump_json(data: Any) -> str:
    """Indented JSON text with a new line at its end; what JSON cannot say (lone surrogates) is written out."""
    try:
        text = orjson.dumps(data, option=_INDENTED)
    except TypeError:
        from weaklink.store.codec import plain_dumps

        text = orjson.dumps(orjson.loads(plain_dumps(data)), option=_INDENTED)
    return clean_json(text.decode())


def report_data(report: Report) -> dict[str, Any]:
    """The report as plain JSON values: trace, diagnosis, scores, steps, retrievals and sentences."""
    trace = report.trace
    return {
        "trace": {
            "id": trace.id,
            "name": trace.name,
            "status": trace.status,
            "start_ns": trace.start_ns,
            "duration_ns": trace.duration_ns,
            "question": trace.question,
            "answer": trace.answer,
            "usage": trace.usage.model_dump() if trace.usage else None,
            "steps": len(trace.spans),
        },
        "diagnosis": report.diagnosis.model_dump(mode="json") if report.diagnosis else None,
        "strip": [cell.model_dump(mode="json") for cell in report.strip],
        "steps": [_step(row) for row in report.steps(everything=True)],
        "retrievals": [_retrieval(table) for table in report.tables()],
        "sentences": [
            {
                "text": sentence.text, "label": sentence.label, "value": sentence.value, "detail": list(sentence.detail),
                "passage": sentence.passage, "source": sentence.source,
            }
            for sentence in report.sentences()
        ],
        "scores": [score.model_dump(mode="json", exclude={"content"}) for score in report.scores],
    }  # fmt: skip


def _step(row: StepRow) -> dict[str, Any]:
    span = row.span
    return {
        "span_id": span.id, "parent_id": span.parent_id, "name": span.name, "kind": span.kind, "role": row.role,
        "status": span.status, "plumbing": span.plumbing, "start_ns": span.start_ns, "duration_ns": span.duration_ns,
        "tokens": row.tokens, "score": row.score, "mark": row.mark,
        "error": span.error.model_dump(mode="json") if span.error else None,
        "notes": list(span.notes),
    }  # fmt: skip


def _retrieval(table: RetrievalTable) -> dict[str, Any]:
    return {
        "steps": [{"span_id": span.id, "name": span.name, "kind": span.kind} for span in table.steps],
        "query": table.query, "found": table.found, "kept": table.kept, "passages": [_passage(row) for row in table.rows],
    }  # fmt: skip


def _passage(row: PassageRow) -> dict[str, Any]:
    document: Document = row.document
    return {
        "rank": row.rank, "before": row.before, "id": document.id, "source": document.source, "text": document.content,
        "store_score": row.store_score, "store_score_kind": row.store_score_kind, "higher_is_better": row.higher_is_better,
        "rerank_score": row.rerank_score, "relevance": row.relevance, "share_in_prompt": row.share, "used": row.used,
        "metadata": document.metadata,
    }  # fmt: skip


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """Two traces and what is different between them, as plain JSON values."""
    return {
        "before": _top(comparison.first),
        "after": _top(comparison.second),
        "changes": [_change(change) for change in comparison.changes],
        "unchanged": len(comparison.steps) - len(comparison.changes),
    }


def _top(report: Report) -> dict[str, Any]:
    diagnosis = report.diagnosis
    return {
        "id": report.trace.id,
        "question": report.trace.question,
        "answer": report.trace.answer,
        "verdict": diagnosis.verdict if diagnosis else None,
        "culprit": diagnosis.culprit.model_dump(mode="json") if diagnosis and diagnosis.culprit else None,
        "failure": diagnosis.failure if diagnosis else None,
    }


def _change(change: StepChange) -> dict[str, Any]:
    return {
        "name": change.row.span.name,
        "does": change.row.word,
        "before": change.first.span.id if change.first else None,
        "after": change.second.span.id if change.second else None,
        "status": list(change.statuses),
        "passages": [
            {
                "id": passage.document.id,
                "source": passage.document.source,
                "before": passage.before,
                "after": passage.after,
            }
            for passage in change.passages
        ],
        "scores": [{"name": name, "before": old, "after": new} for name, old, new in change.scores],
        "template": list(change.template),
        "prompt": list(change.prompt),
        "model": list(change.model) if change.model else None,
        "output": list(change.output) if change.output else None,
    }
