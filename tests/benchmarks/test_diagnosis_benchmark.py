"""The diagnosis benchmark counts what it says, and its operators break what they say, in both frameworks."""

from pathlib import Path

import pytest
from benchmarks.diagnosis.make import Case, Maker
from benchmarks.diagnosis.measure import Result, calibration_error, rates
from benchmarks.diagnosis.operators import HARMLESS, OPERATORS
from benchmarks.diagnosis.pieces import Pieces, Reply
from benchmarks.diagnosis.questions import handbook, own_words
from benchmarks.diagnosis.situation import Situation

from weaklink.diagnosis import RULES, diagnose


def result(failures, verdict, culprit="", failure="", confidence=0.9):
    case = Case("f", "p", "c", "q", ("o",), failures, ("s1",) if failures else (), "r", 0.5, "good", True, False, "t")
    return Result(case, verdict, culprit, failure, confidence, (culprit,) if culprit else ())


def test_shares_are_counted_over_what_was_decided():
    found = rates(
        [
            result(("missed",), "broken", "s1", "missed"),
            result(("missed",), "broken", "s2", "missed"),
            result(("missed",), "unknown"),
            result((), "ok"),
            result((), "degraded", "s1", "missed"),
        ]
    )
    assert (found.n, found.broken, found.step, found.label, found.alarms, found.coverage) == (5, 3, 0.5, 0.5, 0.5, 0.8)


def test_claims_that_come_true_have_no_calibration_error():
    assert calibration_error([(0.5, True), (0.5, False)] * 10, bins=1) == 0
    assert calibration_error([(1.0, False)] * 10) == 1
    assert calibration_error([]) is None


def test_each_class_of_an_operator_is_one_that_users_see_and_none_is_on_both_sides():
    known = {rule.__name__ for rule in RULES} | {"missed"}
    assert {name for operator in OPERATORS for name in operator.failures} <= known
    fitted = {operator.name for operator in OPERATORS if not operator.unseen}
    assert not fitted & {operator.name for operator in OPERATORS if operator.unseen}
    assert all(not operator.failures for operator in HARMLESS)


def test_evidence_stands_in_the_passages_that_answer():
    corpus = own_words()
    assert len({question.id for question in corpus.questions}) == len(corpus.questions) > 80
    for question in corpus.questions:
        gold = [corpus.passages[number] for number in question.gold]
        assert question.evidence
        assert question.answers
        assert not set(question.answers) & set(question.bad)
        assert all(any(sentence in text for text in gold) for sentence in question.evidence), question.id


@pytest.mark.parametrize(("framework", "name"), [("langchain", "naive"), ("llama_index", "custom")])
def test_a_broken_chain_is_blamed_and_its_healthy_twin_is_not(framework, name):
    corpus = handbook(Path())
    maker = Maker([corpus])
    question = next(q for q in corpus.answerable if "canteen" in q.text)
    at = Situation(question, corpus, corpus, "", seed=1)
    healthy = Pieces(corpus.passages, answer=lambda prompt: Reply("A meal in the canteen in Ostmere costs 4.80 euros."))
    budget = next(operator for operator in OPERATORS if operator.name == "budget_in_characters")
    broken = budget.apply(healthy.but(answer=lambda prompt: Reply("I don't know.")), at, 1.0)
    verdicts = [diagnose(maker.record(framework, maker.build(framework, name, p, at.asked))) for p in (healthy, broken)]
    assert [d.verdict for d in verdicts] == ["ok", "broken"]
    assert verdicts[1].failure == "context_truncated"
