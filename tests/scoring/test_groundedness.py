import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.scoring.groundedness import SentenceVerdict, answer_value, assess

VACATION = "Employees receive 25 days of paid vacation per year. Unused days expire on March 31."
DOG = "Dogs are allowed on Fridays."


def value_of(answer: str, passages: list[str], question: str = "") -> float:
    value = answer_value(assess(answer, passages, question))
    assert value is not None
    return value


def test_a_verdict_names_the_passage_and_the_words():
    (verdict,) = assess("You get 30 days of paid vacation.", [DOG, VACATION], "How many vacation days do I get?")
    assert verdict.label == "contradicted"
    assert verdict.passage == 1
    assert (
        VACATION[verdict.passage_start : verdict.passage_end] == "Employees receive 25 days of paid vacation per year."
    )
    assert verdict.detail == ("30 (the passage says: 25)",)


def test_the_unsupported_words_come_names_and_numbers_first():
    (verdict,) = assess("The gym on floor 7 is run by Maria Gonzalez.", [VACATION], "Who runs the gym?")
    assert verdict.label == "unsupported"
    assert verdict.detail[:3] == ("7", "Maria", "Gonzalez")


def test_an_echo_of_the_context_is_above_point_nine():
    assert value_of(VACATION, [DOG, VACATION]) > 0.9


def test_one_unsupported_or_contradicted_sentence_pulls_the_answer_below_one_half():
    good = "Employees receive 25 days of paid vacation per year. Dogs are allowed on Fridays."
    assert value_of(good, [DOG, VACATION]) > 0.7
    assert value_of(f"{good} The gym has a sauna and a swimming pool.", [DOG, VACATION]) < 0.5
    assert value_of(f"{good} Unused days expire on March 15.", [DOG, VACATION]) < 0.5


def test_an_answer_that_claims_nothing_has_no_value():
    assert answer_value(assess("I don't know.", [VACATION], "Who is the CEO?")) is None
    assert assess("", [VACATION]) == []


def test_sentences_that_claim_nothing_do_not_count():
    said = "Employees receive 25 days of paid vacation per year."
    assert value_of(f"Sure, I can help with that! {said}", [VACATION]) == value_of(said, [VACATION])


def test_a_caveat_after_an_answer_is_an_abstention_beside_a_claim():
    labels = [verdict.label for verdict in assess(f"{DOG} The context does not mention cats.", [DOG], "Which pets?")]
    assert labels == ["supported", "abstention"]


def test_without_passages_nothing_is_supported():
    assert [verdict.label for verdict in assess(VACATION, [])] == ["unsupported", "unsupported"]


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\x00", "...", "¿?", "日本語のテキストです。", "Ünïcödé wörds", "1" * 5000, "a" * 5000, "-" * 5000],
)
def test_odd_texts_are_judged_without_an_error(text: str):
    for answer, passage, question in ((text, VACATION, "Why?"), (VACATION, text, "Why?"), (VACATION, VACATION, text)):
        for verdict in assess(answer, [passage], question):
            assert 0 <= verdict.value <= 1


WORDS = st.sampled_from(
    ["the", "vacation", "is", "25", "30", "days", "%", "$5", "5pm", "17:00", "March", "may", "not", "no"]
) | (st.sampled_from(["Anna", "Rex", ".", "?", "!", "\n", "{", "[1]", "- 1.", "yes", "\ud800", "\x00", "é", "日"]))
TEXTS = st.one_of(st.text(max_size=120), st.lists(WORDS, max_size=25).map(" ".join))


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=3), TEXTS)
def test_any_text_gives_values_in_range_and_places_that_exist(answer: str, passages: list[str], question: str):
    verdicts = assess(answer, passages, question)
    for verdict in verdicts:
        assert 0 <= verdict.value <= 1
        assert 0 <= verdict.start < verdict.end <= len(answer)
        if verdict.passage is not None:
            assert 0 <= verdict.passage_start <= verdict.passage_end <= len(passages[verdict.passage])
    value = answer_value(verdicts)
    assert value is None or 0 <= value <= 1


@pytest.mark.parametrize(
    "passage",
    [
        "Employees receive 25 days of paid vacation per year. " * 4000,
        "word " * 40_000,
        "x" * 200_000,
        "a. " * 66_000,
        "!?" * 100_000,
        "10:00-" * 33_000,
        "".join(f"The cat number {place} sat on mat {place * 7}. " for place in range(6000)),
        '{"a": {"b": [' + "1, " * 60_000 + "2]}}",
    ],
    ids=["sentences", "words", "one word", "fragments", "marks", "times", "numbered", "record"],
)
def test_a_context_of_200_kilobytes_takes_linear_time(passage: str):
    start = time.process_time()
    assess("You get 30 days of paid vacation. The cat sat on mat 17.", [passage], "How many days?")
    assert time.process_time() - start < 4  # of the processor; about 0.5 s alone


def test_an_answer_of_200_kilobytes_takes_linear_time():
    answer = "Employees receive 25 days of paid vacation per year and dogs are allowed on Fridays. " * 1200
    start = time.process_time()
    assert len(assess(answer, [VACATION, DOG])) == 1200
    assert time.process_time() - start < 8


def test_verdicts_are_plain_data():
    assert SentenceVerdict(0, 1, 0.5, "supported").is_claim
    assert not SentenceVerdict(0, 1, 1.0, "abstention").is_claim
