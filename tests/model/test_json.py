"""What is written as JSON comes back as it was."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from weaklink.model import (
    KINDS,
    ROLES,
    STATUSES,
    VERDICTS,
    Diagnosis,
    Document,
    Evidence,
    Score,
    Span,
    Step,
    StripCell,
    Suspect,
    TextRange,
    Trace,
)  # fmt: skip

# Lone surrogates never get this far: the recorder writes them as \udXXX.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ids = st.text("0123456789abcdef", min_size=32, max_size=32)
numbers = st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
documents = st.builds(
    Document, content=texts, id=st.none() | texts, score=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    higher_is_better=st.none() | st.booleans(), score_kind=texts, rank=st.integers(1, 999),
    metadata=st.dictionaries(texts, values, max_size=3),
)  # fmt: skip
spans = st.builds(
    Span, id=ids, trace_id=ids, parent_id=st.none() | ids, kind=st.sampled_from(KINDS), status=st.sampled_from(STATUSES), name=texts,
    start_ns=st.integers(0, 1 << 62), duration_ns=st.none() | st.integers(0, 1 << 62), input=values, output=values,
    documents=st.lists(documents, max_size=2).map(tuple), candidates=st.lists(documents, max_size=2).map(tuple),
    tags=st.lists(texts, max_size=2).map(tuple), metadata=st.dictionaries(texts, values, max_size=2),
    attributes=st.dictionaries(texts, values, max_size=2), notes=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
shares = st.floats(0, 1)
places = st.builds(TextRange, span_id=ids, field=texts, start=st.integers(0, 999), end=st.integers(0, 999), text=texts)
scores = st.builds(
    Score, span_id=ids, name=texts, value=st.none() | shares, reason=texts, low=st.none() | shares, high=st.none() | shares, scorer=texts,
    document=st.none() | st.integers(0, 99), sentence=st.none() | places, support=st.none() | places, label=texts,
    detail=st.lists(texts, max_size=3).map(tuple),
)  # fmt: skip
steps = st.builds(Step, span_id=ids, name=texts, kind=st.sampled_from(KINDS), role=st.sampled_from(ROLES))
evidence = st.lists(st.builds(Evidence, says=texts, at=st.none() | places), max_size=2).map(tuple)
suspects = st.builds(
    Suspect, step=steps, failure=texts, probability=shares, summary=texts, evidence=evidence, advice=texts
)
cells = st.builds(
    StripCell,
    span_id=ids,
    role=st.sampled_from(ROLES),
    name=texts,
    score=st.none() | shares,
    mark=st.sampled_from(["", "!", "~", "?"]),
)
diagnoses = st.builds(
    Diagnosis, trace_id=ids, verdict=st.sampled_from(VERDICTS), culprit=st.none() | steps, failure=st.none() | texts, confidence=shares,
    summary=texts, suspects=st.lists(suspects, max_size=2).map(tuple), evidence=evidence, advice=texts,
    capture=st.lists(texts, max_size=2).map(tuple), strip=st.lists(cells, max_size=3).map(tuple), question=texts, answer=texts,
    unscored=st.lists(texts, max_size=2).map(tuple),
)  # fmt: skip
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def same_after_json(model: BaseModel) -> None:
    assert type(model).model_validate_json(model.model_dump_json()) == model
    assert type(model).model_validate(model.model_dump(mode="json")) == model


@quick
@given(spans)
def test_a_span_survives_json(span: Span):
    same_after_json(span)


@quick
@given(st.lists(spans, min_size=1, max_size=4))
def test_a_trace_survives_json(found: list[Span]):
    same_after_json(Trace.of(found))


@quick
@given(scores)
def test_a_score_survives_json(score: Score):
    same_after_json(score)


@quick
@given(diagnoses)
def test_a_diagnosis_survives_json(diagnosis: Diagnosis):
    same_after_json(diagnosis)
