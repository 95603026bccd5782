"""The shipped cross-encoder, run for real: better scores, words that nothing carries, and the same thing twice."""

import random
import sys
from pathlib import Path

import pytest

import weaklink
from weaklink.errors import MissingPackage, UnknownScorer
from weaklink.scoring import answer_value, scorer_named
from weaklink.scoring import assess as assess_lexically
from weaklink.scoring.claim import read_claim
from weaklink.scoring.index import index_of
from weaklink.testing import build
from weaklink_models import assess, crossencoder, sufficiency
from weaklink_models.crossencoder import CrossEncoder
from weaklink_models.groundedness import stacked_risk
from weaklink_models.pair import ELSEWHERE, NOWHERE, SHOWN, pair_of
from weaklink_models.window import window_of

VACATION = "Employees receive 25 days of paid vacation per year. Unused days expire on March 31."
DOG = "Dogs are allowed on Fridays. Cats have to stay at home."
QUESTION = "How many vacation days do I get?"


def test_right_and_wrong_answers_keep_their_labels():
    for answer, label in (
        ("You get 25 days of paid vacation per year.", "supported"),
        ("You get 30 days of paid vacation per year.", "contradicted"),
        ("The gym on floor 7 has a sauna and a swimming pool.", "unsupported"),
        ("I don't know.", "abstention"),
    ):
        assert [verdict.label for verdict in assess(answer, [DOG, VACATION], QUESTION)] == [label]


def test_its_words_show_what_is_unsupported():
    answer = "Employees receive 25 days of paid vacation per year and a free company car from Stuttgart."
    (verdict,) = assess(answer, [VACATION], QUESTION)
    marked = " ".join(answer[start:end] for start, end in verdict.unsupported)
    assert verdict.label == "unsupported"
    assert "car" in marked
    assert "vacation" not in marked
    assert all(0 <= start < end <= len(answer) for start, end in verdict.unsupported)


def test_the_same_input_gives_the_same_value_and_the_neighbours_do_not_matter():
    answer = "You get 25 days. Dogs are allowed on Mondays. Cats stay at home, as they have to."
    values = [verdict.value for verdict in assess(answer, [DOG, VACATION], QUESTION)]
    again = [verdict.value for verdict in assess(answer, [DOG, VACATION], QUESTION)]
    assert values == again
    pairs = [pair_of(read_claim(text), index_of((DOG,)), [0, 1]) for text in ("Dogs are allowed.", "No cats " * 20)]
    together, alone = crossencoder().read(pairs)[0], crossencoder().read(pairs[:1])[0]
    assert together == alone


def test_more_doubt_of_either_reader_never_lowers_the_risk():
    (low, high) = sorted(
        crossencoder().read(
            [pair_of(read_claim(t), index_of((DOG,)), [0]) for t in ("Dogs are allowed.", "Bob Dylan sang.")]
        )
    )
    assert stacked_risk(0.1, low) <= stacked_risk(0.3, low)
    worse = high._replace(worst=max(low.worst, high.worst))
    assert stacked_risk(0.1, low._replace(worst=min(low.worst, high.worst))) <= stacked_risk(0.1, worse)


def test_the_words_of_a_pair_carry_what_is_known_of_them():
    index = index_of((DOG, VACATION))
    claim = read_claim("Dogs expire in Stuttgart.")
    pair = pair_of(claim, index, [0])
    assert pair.evidence == "Dogs are allowed on Fridays."
    marks = {pair.claim[start:end]: mark for start, end, mark in pair.claim_marks}
    assert marks["Dogs"] == SHOWN
    assert marks["expire"] == ELSEWHERE
    assert marks["Stuttgart"] == NOWHERE


def test_a_short_answer_stands_after_its_question():
    pair = pair_of(read_claim("25 days", QUESTION), index_of((VACATION,)), [0])
    assert pair.claim == f"{QUESTION} 25 days"
    assert pair.claim[pair.offset :] == "25 days"


def test_a_long_context_is_cut_to_the_part_that_speaks_of_the_question():
    window = window_of("Are dogs allowed?", index_of(("Filler text stands here. " * 200 + DOG,)))
    assert "Dogs are allowed on Fridays." in window.evidence
    assert len(window.evidence.split()) <= 150


def test_a_context_that_answers_is_more_sufficient_than_one_beside_the_matter():
    assert sufficiency(QUESTION, [VACATION]).value > sufficiency(QUESTION, [DOG]).value
    assert sufficiency(QUESTION, []).value == 0.0


def test_scores_of_a_trace_carry_the_version_and_the_words():
    trace = build(
        "chain > retriever, llm", QUESTION, "You get 30 days.", retriever={"documents": [VACATION]},
        llm={"input": VACATION, "output": "You get 30 days."},
    )  # fmt: skip
    scores = weaklink.score(trace, ["onnx:groundedness", "onnx:sufficiency"])
    assert {score.scorer.partition("+")[0] for score in scores} == {"groundedness/12", "sufficiency/2"}
    assert all("crossencoder/1" in score.scorer for score in scores)
    (sentence,) = [score for score in scores if score.sentence]
    assert sentence.unsupported
    assert sentence.unsupported[0].text in "You get 30 days."


def test_without_being_named_it_changes_nothing():
    trace = build("chain > llm", QUESTION, "You get 30 days.", llm={"input": VACATION, "output": "You get 30 days."})
    assert not [score for score in weaklink.score(trace) if "crossencoder" in score.scorer]


def test_an_unknown_name_says_which_are_known():
    with pytest.raises(UnknownScorer, match="onnx:groundedness, onnx:sufficiency"):
        scorer_named("onnx:relevance")


def test_without_onnxruntime_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackage, match="pip install onnxruntime"):
        CrossEncoder(Path())


def test_odd_texts_give_numbers():
    chance = random.Random(5)
    pieces = [
        "",
        " ",
        "\ud800",
        "日本語。",
        "{",
        '{"a": null}',
        "1" * 400,
        "word " * 300,
        "yes",
        "- 1.",
        "é\x00",
        VACATION,
    ]
    for _ in range(40):
        answer, passage, question = (chance.choice(pieces) + chance.choice(pieces) for _ in range(3))
        verdicts = assess(answer, [passage], question)
        assert [verdict.start for verdict in verdicts] == [
            v.start for v in assess_lexically(answer, [passage], question)
        ]
        assert all(0 <= verdict.value <= 1 for verdict in verdicts)
        value = answer_value(verdicts)
        assert value is None or 0 <= value <= 1
