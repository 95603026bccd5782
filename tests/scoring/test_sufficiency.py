from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.scoring import embedding
from weaklink.scoring.sufficiency import sufficiency

VACATION = "The handbook is for all. Employees receive 25 days of paid vacation per year. It is reviewed yearly."
LUNCH = "The canteen serves lunch from noon."


def test_passages_with_the_answer_suffice_and_the_best_window_is_shown():
    verdict = sufficiency("How many vacation days do employees get?", [LUNCH, VACATION])
    assert verdict.value > 0.5
    assert verdict.missing == ()
    assert verdict.passage == 1
    assert VACATION[verdict.start : verdict.end] == "Employees receive 25 days of paid vacation per year."
    assert (verdict.answer_type_expected, verdict.answer_type_present) == ("number", True)


def test_passages_on_something_else_do_not_suffice_and_the_missing_words_are_named():
    verdict = sufficiency("What is the capital of France?", [LUNCH, VACATION])
    assert verdict.value < 0.3
    assert set(verdict.missing) == {"capital", "France"}
    assert verdict.passage is None


def test_a_missing_kind_of_answer_is_named():
    verdict = sufficiency("When was the canteen opened?", [LUNCH.replace("from noon", "to all")])
    assert (verdict.answer_type_expected, verdict.answer_type_present) == ("time", False)


def test_no_words_never_suffice():
    assert sufficiency("When is lunch?", []).value == 0.0
    assert sufficiency("When is lunch?", ["", "..."]).value == 0.0


def test_without_the_embedding_model_words_decide(monkeypatch):
    monkeypatch.setattr(embedding, "_model", lambda: None)
    asked = "How many vacation days do employees get?"
    assert sufficiency(asked, [VACATION]).value > sufficiency(asked, [LUNCH]).value + 0.2


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gives_a_value_in_range_and_a_window_that_exists(question: str, passages: list[str]):
    verdict = sufficiency(question, passages)
    assert 0 <= verdict.value <= 1
    if verdict.passage is not None:
        assert 0 <= verdict.start < verdict.end <= len(passages[verdict.passage])
