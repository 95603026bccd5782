from collections import Counter

import pytest

from weaklink.demo import DemoCase, load_cases, load_handbook
from weaklink.model import Diagnosis, Step

CASES = load_cases()
TEXT_CASES = [case for case in CASES if case.gold]


def case_named(case_id: str) -> DemoCase:
    return next(case for case in CASES if case.id == case_id)


def verdict_of(case: DemoCase, verdict: str, role: str = "", failure: str | None = None) -> Diagnosis:
    culprit = Step(span_id="s", name="step", kind="chain", role=role) if role else None
    return Diagnosis(
        trace_id="t",
        verdict=verdict,
        culprit=culprit,
        failure=failure,
        confidence=0.9,
        summary="",
        question=case.question,
    )


def test_there_are_enough_cases_of_each_kind():
    kinds = Counter(case.kind for case in CASES)
    print(dict(kinds))
    assert kinds["right"] >= 5
    assert kinds["natural"] >= 3
    roles = {case.blames[0].role for case in CASES if case.kind == "sabotage"}
    assert roles == {"retrieve", "rerank", "pack", "tool", "parse"}


def test_ids_are_unique_and_sabotages_stand_where_something_is_sabotaged():
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(bool(case.sabotage) == (case.kind == "sabotage") for case in CASES)
    assert all(bool(case.blames) == (case.verdict != "ok") for case in CASES)


def test_every_sabotage_has_a_healthy_twin():
    healthy = {(case.question, case.pipeline) for case in CASES if case.kind == "right"}
    assert all((case.question, case.pipeline) in healthy for case in CASES if case.kind == "sabotage")


@pytest.mark.parametrize("case", TEXT_CASES, ids=lambda case: case.id)
def test_the_gold_passage_exists_and_holds_the_right_values(case):
    passage = next(passage for passage in load_handbook() if passage.id == case.gold)
    for value in case.values:
        number = f"{float(value):,.0f}" if case.pipeline == "amount" else value
        assert number in passage.text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_scripted_answers_are_right_only_where_nothing_upstream_of_the_parser_broke(case):
    parser_broke = bool(case.blames) and case.blames[0].role == "parse"
    if case.pipeline != "amount":
        assert case.is_right(case.scripted) == (case.kind == "right" or parser_broke)


def test_a_value_counts_only_as_a_word_of_its_own():
    case = case_named("bonus-2026")
    assert case.is_right("It is 12 percent.")
    assert not case.is_right("It is 12.25%.")
    assert not case.is_right("It is 112 percent.")


def test_where_the_handbook_is_silent_only_not_knowing_is_right():
    case = case_named("dress-code")
    assert case.is_right("I do not know.")
    assert not case.is_right("It is black leather.")


def test_a_diagnosis_agrees_when_it_names_an_accepted_step_and_failure():
    case = case_named("upside-down-reranker")
    assert case.agrees(verdict_of(case, "broken", "rerank", "good_document_dropped"), "100 seats")
    assert not case.agrees(verdict_of(case, "broken", "generate", "unsupported"), "100 seats")
    assert not case.agrees(verdict_of(case, "ok"), "100 seats")
    assert not case.agrees(verdict_of(case, "unknown"), "100 seats")


def test_a_natural_failure_that_did_not_happen_should_be_called_ok():
    case = case_named("meals-abroad")
    assert case.agrees(verdict_of(case, "ok"), "It is 64 euros per day.")
    assert not case.agrees(verdict_of(case, "broken", "generate", "contradicted"), "It is 64 euros per day.")
    assert case.agrees(verdict_of(case, "broken", "generate", "contradicted"), "It is 38 euros per day.")


def test_a_healthy_chain_whose_model_went_wrong_elsewhere_blames_the_model():
    case = case_named("largest-room")
    assert case.agrees(verdict_of(case, "broken", "generate", "unsupported"), "It has 100 seats.")
    assert not case.agrees(verdict_of(case, "broken", "retrieve", "missed"), "It has 100 seats.")
