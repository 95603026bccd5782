"""Documents, scores and diagnoses in few words."""

from typing import Any

from pydantic import JsonValue

from weaklink.model import Diagnosis, Document, Score, Span, Step, StripCell, Suspect, TextRange, Trace, Verdict
from weaklink.model.roles import roles


def document(
    text: str,
    source: str = "",
    *,
    score: float | None = None,
    distance: float | None = None,
    id: str | None = None,
    **metadata: JsonValue,
) -> Document:
    """A passage; `score` is a similarity (higher is better), `distance` the opposite. Its rank is set where it is used."""
    given = {"source": source, **metadata} if source else dict(metadata)
    if distance is not None:
        return Document(
            content=text, id=id, score=distance, higher_is_better=False, score_kind="distance", metadata=given
        )
    kind = "" if score is None else "similarity"
    return Document(
        content=text,
        id=id,
        score=score,
        score_kind=kind,
        metadata=given,
        higher_is_better=None if score is None else True,
    )


def scored(
    trace: Trace,
    step: str,
    name: str,
    value: float | None,
    reason: str = "",
    *,
    document: int | None = None,
    sentence: str | None = None,
    support: tuple[str, int, str] | None = None,
    **fields: Any,
) -> Score:
    """A score of the step with this name; of one document by its index, or of one sentence of the step's output by its text.

    `support` is (name of a step, index of a document, text in it). Further fields are those of Score.
    """
    span = _named(trace, step)
    place = None
    if sentence is not None:
        start = trace.dataflow.generator_text.find(sentence)
        place = TextRange(span_id=span.id, field="output", start=start, end=start + len(sentence), text=sentence)
    behind = None
    if support is not None:
        source, index, text = support
        holder = _named(trace, source)
        start = holder.documents[index].content.find(text)
        behind = TextRange(span_id=holder.id, field=f"documents.{index}", start=start, end=start + len(text), text=text)
    return Score(
        span_id=span.id, name=name, value=value, reason=reason, scorer="test/1", document=document, sentence=place,
        support=behind, **fields,
    )  # fmt: skip


def blame(
    trace: Trace,
    verdict: Verdict = "ok",
    step: str | None = None,
    failure: str | None = None,
    summary: str = "",
    *,
    confidence: float = 0.9,
    cells: dict[str, float | None] | None = None,
    **fields: Any,
) -> Diagnosis:
    """A diagnosis that names `step`; `cells` are the scores in the strip, by name of the step. Further fields are Diagnosis's."""
    role_of = roles(trace)
    culprit = None
    if step is not None:
        span = _named(trace, step)
        culprit = Step(span_id=span.id, name=span.name, kind=span.kind, role=role_of.get(span.id, ""))
    strip = tuple(
        StripCell(
            span_id=span.id, role=role_of[span.id], name=span.name, score=(cells or {}).get(span.name),
            mark="!" if culprit and span.id == culprit.span_id else "",
        )
        for span in trace.spans
        if span.id in role_of
    )  # fmt: skip
    suspects: tuple[Suspect, ...] = ()
    if culprit and failure:
        suspects = (Suspect(step=culprit, failure=failure, probability=confidence, summary=summary),)
    values: dict[str, Any] = {
        "trace_id": trace.id, "verdict": verdict, "culprit": culprit, "failure": failure, "confidence": confidence,
        "summary": summary or verdict, "suspects": suspects, "strip": strip, "question": trace.question,
        "answer": trace.answer,
    }  # fmt: skip
    return Diagnosis.model_validate(values | fields)


def _named(trace: Trace, name: str) -> Span:
    return next(span for span in trace.spans if span.name == name)
