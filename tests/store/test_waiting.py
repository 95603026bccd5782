"""Which traces wait for a diagnosis, and when a stored one counts no more."""

from pathlib import Path

import pytest

from weaklink import open_store
from weaklink.model import Diagnosis, Trace
from weaklink.store import Feedback
from weaklink.testing import build


def chain(number: int, **fields) -> Trace:
    trace = build("chain > retriever, llm", f"Question {number}?", "An answer.", trace_id=number, **fields)
    spans = [span.model_copy(update={"start_ns": span.start_ns + number * 1_000_000_000}) for span in trace.spans]
    return Trace.of(spans)


def fine(trace: Trace) -> Diagnosis:
    return Diagnosis(trace_id=trace.id, verdict="ok", confidence=1, summary="fine")


@pytest.fixture
def store(store_path: Path):
    opened = open_store(store_path)
    yield opened
    opened.close()


def test_finished_traces_wait_the_newest_first_until_they_are_diagnosed(store):
    first, second = chain(1), chain(2)
    store.write([first, second])
    assert store.waiting("1") == [second.id, first.id]
    store.add_diagnosis(fine(second), "1", second)
    assert store.waiting("1") == [first.id]
    assert store.waiting("1", limit=1) == [first.id]


def test_a_trace_that_is_still_running_does_not_wait(store):
    running = build("chain[incomplete] > retriever", "Who?")
    store.write([running])
    assert store.waiting("1") == []


@pytest.mark.parametrize("version", ["2", "0"])
def test_other_rules_make_it_wait_again(store, version):
    trace = chain(1)
    store.write([trace])
    store.add_diagnosis(fine(trace), version, trace)
    assert store.waiting("1") == [trace.id]


def test_a_step_that_comes_later_makes_the_diagnosis_stale(store):
    trace = chain(1)
    store.write([trace])
    store.add_diagnosis(fine(trace), "1", trace)
    late = trace.spans[1].model_copy(update={"id": "f" * 32, "name": "late"})
    store.append(lambda batch: _span_row(batch, late))
    assert store.diagnosis(trace.id, "1") is None
    assert store.waiting("1") == [trace.id]
    assert store.summaries()[0].version == ""


def test_a_fate_that_is_learnt_later_makes_the_diagnosis_stale(store):
    trace = chain(1)
    store.write([trace])
    store.add_diagnosis(fine(trace), "1", trace)
    store.append(lambda batch: batch.statuses.append(("abandoned", trace.id, trace.spans[2].id)))
    assert store.diagnosis(trace.id, "1") is None


def test_the_same_rows_once_more_leave_the_diagnosis_current(store):
    trace = chain(1)
    store.write([trace])
    store.add_diagnosis(fine(trace), "1", trace)
    store.append(lambda batch: batch.statuses.append(("ok", trace.id, trace.spans[2].id)))
    store.append(lambda batch: _span_row(batch, trace.spans[2]))
    assert store.diagnosis(trace.id, "1") == fine(trace)
    assert store.waiting("1") == []


def test_a_trace_that_changed_while_it_was_diagnosed_is_stale_at_once(store):
    trace = chain(1)
    store.write([trace])
    seen = Trace.of(trace.spans[:2])
    store.add_diagnosis(fine(trace), "1", seen)
    assert store.diagnosis(trace.id, "1") is None
    assert store.waiting("1") == [trace.id]


def test_a_corrected_answer_makes_the_diagnosis_stale_and_a_thumb_does_not(store):
    trace = chain(1)
    store.write([trace])
    store.add_diagnosis(fine(trace), "1", trace)
    store.add_feedback(Feedback(trace_id=trace.id, name="thumbs", value="up"))
    assert store.diagnosis(trace.id, "1") == fine(trace)
    store.add_feedback(Feedback(trace_id=trace.id, name="corrected_answer", value="28 days"))
    assert store.diagnosis(trace.id, "1") is None


def test_a_sample_is_a_share_of_the_traces_and_always_the_same_ones(store):
    store.write([chain(number) for number in range(1, 201)])
    tenth, half = store.waiting("1", sample=0.1), store.waiting("1", sample=0.5)
    assert 10 <= len(tenth) <= 30
    assert 80 <= len(half) <= 120
    assert set(tenth) < set(half)
    assert store.waiting("1", sample=0.1) == tenth


def test_what_waits_is_found_without_looking_at_what_does_not(store):
    """A worker asks once a second: 300 diagnosed traces cost no step of the query."""
    traces = [chain(number) for number in range(1, 301)]
    store.write(traces)
    for trace in traces:
        store.add_diagnosis(fine(trace), "1")
    plan = store._select(
        "EXPLAIN QUERY PLAN SELECT id FROM traces INDEXED BY traces_by_diagnosed "
        "WHERE (diagnosed IS NULL OR diagnosed < '1' OR diagnosed > '1') AND duration_ns IS NOT NULL ORDER BY start_ns DESC"
    )
    assert not any(str(row[3]).startswith("SCAN") for row in plan)
    assert store.waiting("1") == []


def _span_row(batch, span) -> None:
    batch.spans.append(
        (span.trace_id, span.id, span.parent_id, span.name, span.kind, span.status, span.start_ns, span.duration_ns,
         span.plumbing, None, None, None, None, None, None, None, None)
    )  # fmt: skip
