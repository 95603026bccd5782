"""What is written comes back whole; long texts are stored once; what is replaced is gone."""

from pathlib import Path

import apsw
import pytest

from weaklink.model import Diagnosis, Score, Step, Suspect, TextRange, Trace
from weaklink.store import Feedback
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import build, document
from weaklink.testing.tree import START_NS

LONG = "A long passage of a book about engines. " * 20


def rich(trace_id: int = 1) -> Trace:
    return build(
        "rag:chain > retriever, reranker, prompt, llm!", "Who?", "Ada.", trace_id=trace_id,
        retriever={"documents": [document(LONG, "a.md", score=0.5, id="d1"), document("short", distance=1.5)], "input": "Who?"},
        reranker={"candidates": [document(LONG, "a.md")], "documents": [document(LONG, "a.md", page=3)]},
        prompt={"input": {"context": LONG}, "output": [{"$type": "message", "role": "user", "content": LONG}]},
        llm={"input": LONG, "tokens": (10, 2), "error": ValueError("too long"), "tags": ("a", "b"), "notes": ("cut",),
             "attributes": {"attempt": 2}, "metadata": {"user": ["x", None, 1.5]}, "plumbing": True},
    )  # fmt: skip


def count(path: Path, table: str) -> int:
    return apsw.Connection(str(path)).execute(f"SELECT count(*) FROM {table}").get


def test_a_trace_comes_back_as_it_was(store: SQLiteStore):
    store.write([rich()])
    assert store.get(rich().id) == rich()


def test_a_long_text_is_stored_once(store: SQLiteStore, store_path: Path):
    store.write([rich(1), rich(2)])
    store.write([rich(3)])
    assert count(store_path, "texts") == 1
    assert store.get(rich(3).id) == rich(3)


def test_writing_a_trace_again_changes_nothing(store: SQLiteStore, store_path: Path):
    store.write([rich()])
    store.write([rich(), rich()])
    assert store.get(rich().id) == rich()
    assert (count(store_path, "traces"), count(store_path, "spans"), count(store_path, "documents")) == (1, 5, 4)


def test_writing_another_trace_under_the_same_id_replaces_it(store: SQLiteStore, store_path: Path):
    store.write([rich()])
    other = build("rag:chain > retriever", "Where?", "There.", retriever={"documents": [document("one")]})
    store.write([other])
    assert store.get(other.id) == other
    assert (count(store_path, "traces"), count(store_path, "spans"), count(store_path, "documents")) == (1, 2, 1)
    (summary,) = store.summaries()
    assert (summary.question, summary.spans, summary.usage) == ("Where?", 2, None)
    assert (store.summaries("Who"), len(store.summaries("Where"))) == ([], 1)


@pytest.mark.parametrize("empty", [[], {}, "", 0, False])
def test_an_empty_value_is_not_no_value(store: SQLiteStore, empty: object):
    trace = build("chain > retriever", retriever={"input": empty, "output": empty})
    store.write([trace])
    assert store.get(trace.id) == trace


def test_text_that_looks_like_a_reference_is_text(store: SQLiteStore):
    odd = build("chain", chain={"input": {"$weaklink.text": "7"}, "output": {"a": {"$weaklink.text": 7, "b": 1}}})
    store.write([odd])
    assert store.get(odd.id) == odd


def test_a_text_that_is_gone_is_shown_as_lost(store: SQLiteStore, store_path: Path):
    store.write([rich()])
    store.close()
    apsw.Connection(str(store_path)).execute("DELETE FROM texts")
    assert store.get(rich().id).get(rich().spans[4].id).input == {"$type": "lost text"}


def test_scores_come_back_and_replace_those_of_the_same_scorer(store: SQLiteStore):
    trace = rich()
    store.write([trace])
    span = trace.spans[1].id
    sentence = TextRange(span_id=span, field="output", start=3, end=9, text="Ada.")
    scores = [
        Score(span_id=span, name="relevance", value=0.5, scorer="a/1", detail=("Ada",)),
        Score(span_id=span, name="relevance", value=0.1, scorer="a/1", document=0, low=0.0, high=0.3),
        Score(
            span_id=span,
            name="groundedness",
            value=None,
            reason="no context",
            scorer="a/1",
            sentence=sentence,
            support=sentence,
        ),
        Score(span_id=span, name="relevance", value=0.9, scorer="b/1"),
    ]
    store.add_scores(trace.id, scores)
    changed = scores[0].model_copy(update={"value": 0.6})
    store.add_scores(trace.id, [changed])
    assert sorted(store.scores(trace.id), key=repr) == sorted([changed, *scores[1:]], key=repr)
    assert store.scores("other") == []


def test_a_diagnosis_comes_back_to_the_rules_that_made_it(store: SQLiteStore):
    trace = rich()
    store.write([trace])
    culprit = Step(span_id=trace.spans[4].id, name="llm", kind="llm", role="generate")
    suspect = Suspect(step=culprit, failure="raised", probability=0.9, summary="It raised.")
    diagnosis = Diagnosis(trace_id=trace.id, verdict="broken", culprit=culprit, failure="raised", confidence=0.9, summary="It raised.",
                          suspects=(suspect,), question="Who?")  # fmt: skip
    store.add_diagnosis(diagnosis, version="1")
    assert (store.diagnosis(trace.id, "1"), store.diagnosis(trace.id, "2")) == (diagnosis, None)
    (summary,) = store.summaries()
    assert (summary.verdict, summary.culprit, summary.failure) == ("broken", "llm", "raised")
    better = diagnosis.model_copy(update={"verdict": "unknown"})
    store.add_diagnosis(better, version="2")
    assert (store.diagnosis(trace.id, "1"), store.diagnosis(trace.id, "2")) == (None, better)


def test_feedback_is_kept_in_order(store: SQLiteStore):
    trace = rich()
    store.write([trace])
    said = [
        Feedback(trace_id=trace.id, name="thumbs", value=False, made_ns=1),
        Feedback(
            trace_id=trace.id, name="step", value={"step": "llm"}, span_id=trace.spans[4].id, comment="here", made_ns=2
        ),
    ]
    for one in said:
        store.add_feedback(one)
    assert store.feedback(trace.id) == said
    store.add_feedback(Feedback(trace_id=trace.id, name="later"))
    assert store.feedback(trace.id)[2].made_ns > START_NS / 2


def at(number: int) -> Trace:
    passages = {"documents": [document(f"{number} {LONG}")]}
    trace = build("chain > retriever", f"question {number}", trace_id=number + 1, retriever=passages)
    return Trace.of(span.model_copy(update={"start_ns": span.start_ns + number * 10**9}) for span in trace.spans)


def test_pruning_keeps_the_newest_and_leaves_nothing_of_the_others(store: SQLiteStore, store_path: Path):
    store.write(at(number) for number in range(10))
    for number in range(10):
        store.add_scores(at(number).id, [Score(span_id="a", name="n", value=1)])
        store.add_feedback(Feedback(trace_id=at(number).id, name="thumbs"))
        store.add_diagnosis(Diagnosis(trace_id=at(number).id, verdict="ok", confidence=1, summary="fine"), "1")
    assert store.prune(keep=3) == 7
    assert [trace.question for trace in store.traces()] == ["question 9", "question 8", "question 7"]
    assert list(store.traces()) == [at(9), at(8), at(7)]
    tables = ("traces", "spans", "documents", "scores", "feedback", "diagnoses", "texts")
    assert {table: count(store_path, table) for table in tables} == dict.fromkeys(tables, 3) | {"spans": 6}
    assert (store.summaries("0"), len(store.summaries("question"))) == ([], 3)
    assert store.prune(keep=3) == 0
    store.write([at(1)])
    assert store.get(at(1).id) == at(1)


def test_a_writer_does_not_refer_to_texts_that_another_one_has_pruned(store: SQLiteStore, store_path: Path):
    store.write([at(1)])
    other = SQLiteStore(store_path)
    assert other.prune(keep=0) == 1
    other.close()
    store.write([at(1)])
    assert store.get(at(1).id) == at(1)


@pytest.mark.parametrize("keep", [0, 1, 100])
def test_pruning_keeps_as_many_as_it_was_told(store: SQLiteStore, keep: int):
    store.write(at(number) for number in range(3))
    assert store.prune(keep=keep) == max(0, 3 - keep)
    assert len(list(store.traces())) == min(keep, 3)
