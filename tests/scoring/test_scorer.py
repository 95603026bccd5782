import subprocess
import sys
import time

import pytest

from weaklink.errors import UnknownScorer
from weaklink.model import Document, Score, Span, Trace
from weaklink.scoring import (
    AnswerRelevance,
    Groundedness,
    Relevance,
    Scorer,
    Sufficiency,
    embedding,
    score_trace,
    scorer_named,
)

QUESTION = "How many vacation days do employees get?"
VACATION = "Employees receive 25 days of paid vacation per year. Unused days expire on March 31."
LUNCH = "The canteen serves lunch from noon to 2 PM."


def trace_of(answer: str, documents: list[str], question: str = QUESTION, *, prompt: bool = True) -> Trace:
    context = "\n\n".join(documents) if prompt else ""
    common = {"trace_id": "root", "status": "ok", "duration_ns": 1}
    return Trace.of(
        [
            Span(id="root", name="chain", kind="chain", start_ns=0, input=question, output=answer, **common),
            Span(
                id="find",
                parent_id="root",
                name="search",
                kind="retriever",
                start_ns=1,
                input=question,
                documents=tuple(Document(content=text, rank=rank) for rank, text in enumerate(documents, start=1)),
                **common,
            ),
            Span(
                id="write",
                parent_id="root",
                name="model",
                kind="llm",
                start_ns=2,
                input=f"Answer from the context.\n{context}\nQuestion: {question}",
                output=answer,
                **common,
            ),
        ]
    )


def the(scores: list[Score], span: str, name: str) -> Score:
    (found,) = [score for score in scores if score.span_id == span and score.name == name and score.is_whole]
    return found


def test_a_good_trace_scores_high_everywhere():
    scores = score_trace(trace_of("You get 25 days of paid vacation.", [LUNCH, VACATION]))
    whole = {(score.span_id, score.name): score.value for score in scores if score.is_whole}
    assert set(whole) == {
        ("find", "relevance"),
        ("find", "sufficiency"),
        ("write", "sufficiency"),
        ("write", "groundedness"),
        ("write", "answer_relevance"),
    }
    assert all(value is not None and value > 0.5 for value in whole.values())


def test_relevance_scores_each_document_and_the_span_by_its_best():
    scores = Relevance().score(trace_of("25 days", [LUNCH, VACATION]))
    single = {score.document: score.value for score in scores if score.document is not None}
    assert set(single) == {0, 1}
    assert single[0] < 0.5 < single[1]
    assert the(scores, "find", "relevance").value == single[1]


def test_a_sentence_points_to_its_place_and_to_its_support():
    trace = trace_of("Thanks for asking. You get 30 days of paid vacation.", [LUNCH, VACATION])
    scores = Groundedness().score(trace)
    *_, wrong = scores
    assert wrong.label == "contradicted"
    assert wrong.sentence is not None
    assert wrong.support is not None
    assert wrong.sentence.text == "You get 30 days of paid vacation."
    assert trace.dataflow.generator_text[wrong.sentence.start : wrong.sentence.end] == wrong.sentence.text
    assert (wrong.support.span_id, wrong.support.field) == ("find", "documents.1")
    assert VACATION[wrong.support.start : wrong.support.end] == wrong.support.text
    whole = the(scores, "write", "groundedness")
    assert whole.value is not None
    assert whole.value < 0.5
    assert whole.label == "contradicted"


def test_an_abstention_is_grounded_and_says_so():
    whole = the(Groundedness().score(trace_of("I don't know.", [LUNCH])), "write", "groundedness")
    assert (whole.value, whole.label) == (1.0, "abstention")


@pytest.mark.parametrize(
    ("trace", "span", "name", "reason"),
    [
        (trace_of("25 days", [VACATION], ""), "find", "relevance", "the trace holds no question"),
        (trace_of("25 days", []), "find", "relevance", "the step returned no documents"),
        (trace_of("25 days", []), "find", "sufficiency", "the step returned no documents"),
        (trace_of("25 days", []), "write", "sufficiency", "the model saw no context that the trace could find"),
        (trace_of("25 days", []), "write", "groundedness", "the model saw no context that the trace could find"),
        (trace_of("", [VACATION]), "write", "groundedness", "the model wrote no text"),
        (trace_of("Hello!", [VACATION]), "write", "groundedness", "the answer states nothing that can be checked"),
        (trace_of("", [VACATION]), "write", "answer_relevance", "the model wrote no text"),
    ],
)
def test_what_cannot_be_judged_is_unscored_with_a_reason(trace: Trace, span: str, name: str, reason: str):
    score = the(scorer_named(name).score(trace), span, name)
    assert (score.value, score.reason) == (None, reason)


def test_a_trace_without_any_model_call_gets_no_groundedness():
    only = Trace.of([Span(id="r", trace_id="r", name="x", kind="chain", status="ok", start_ns=0)])
    assert score_trace(only) == []


def test_a_scorer_that_raises_leaves_an_unscored_root():
    class Broken:
        name = "broken"

        def score(self, trace: Trace) -> list[Score]:
            raise ZeroDivisionError("by zero")

    (score,) = score_trace(trace_of("25 days", [VACATION]), [Broken()])
    assert (score.span_id, score.name, score.value) == ("root", "broken", None)
    assert score.reason == "the scorer failed: ZeroDivisionError: by zero"


def test_scorers_are_found_by_name_and_a_wrong_name_says_what_was_meant():
    assert isinstance(scorer_named("groundedness"), Scorer)
    with pytest.raises(UnknownScorer, match="did you mean 'groundedness'\\? use one of relevance, sufficiency"):
        scorer_named("groundednes")
    with pytest.raises(UnknownScorer, match="cannot score with 'xyz': no scorer has that name; use one of"):
        scorer_named("xyz")


def test_a_missing_embedding_model_shows_in_the_name_of_the_scorer(monkeypatch):
    monkeypatch.setattr(embedding, "_model", lambda: None)
    trace = trace_of("You get 25 days.", [VACATION])
    for scorer in (Relevance(), Sufficiency(), AnswerRelevance()):
        assert all("lexical only" in score.scorer for score in scorer.score(trace))


def test_scoring_a_trace_is_fast():
    documents = [f"{VACATION} {LUNCH} Section {number} covers other rules of the company. " * 6 for number in range(8)]
    trace = trace_of("You get 25 days of paid vacation. Lunch is at noon. Unused days expire on March 31.", documents)
    score_trace(trace)
    fastest = min(
        _seconds(trace_of(f"You get {days} days of vacation. Lunch is at noon.", documents)) for days in range(25, 30)
    )
    assert fastest < 0.1  # about 15 ms alone on the machine of the README


def _seconds(trace: Trace) -> float:
    start = time.perf_counter()
    score_trace(trace)
    return time.perf_counter() - start


def test_importing_the_scorers_imports_neither_numpy_nor_the_embedding_model():
    code = "import sys, weaklink.scoring; print(sorted({'numpy', 'wordllama'} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
