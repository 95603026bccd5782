import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.scoring.answer import answer_relevance, expected_type, is_abstention, states_nothing


@pytest.mark.parametrize(
    "answer",
    [
        "I don't know.",
        "I do not know the answer to that.",
        "I'm sorry, but I can't find that in the documents.",
        "The provided context does not contain this information.",
        "The passages don't mention a dog.",
        "There is no mention of a dog in the handbook.",
        "There is not enough information to answer.",
        "It is not specified in the given context.",
        "Unknown",
        "N/A",
        "I am unable to answer the question. The context does not say.",
        "Based on the context, the name of the dog is not mentioned.",
        "Information about the dog is not available.",
        "None of the documents discuss dogs.",
        "The handbook is silent on this point.",
        "There's nothing in the documents about dogs.",
        "That isn't covered by the material I was given.",
        "That detail is missing from the documents.",
        "I'd need more context to answer this.",
        "No relevant documents were found.",
        "Not in the context.",
        "Das steht nicht in den Dokumenten.",
        "Dazu habe ich leider keine Informationen.",
        "Les documents ne le mentionnent pas.",
        "No tengo información sobre eso.",
        "La documentación no lo indica.",
    ],
)
def test_answers_that_say_they_cannot_answer_abstain(answer: str):
    assert is_abstention(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "You get 25 days.",
        "No, alcohol is not reimbursed.",
        "The warranty does not cover water damage.",
        "The policy does not include dental care.",
        "Do not share your password with anyone.",
        "You cannot work from abroad.",
        "There is no limit.",
        "You cannot find a cheaper plan.",
        "We do not provide refunds.",
        "We have no data centre in Europe.",
        "File attachments are not available in text messages.",
        "The feature is not available in the base model.",
        "Documents must not be left in the car.",
        "Der Text darf nicht geändert werden.",
        "Wir haben keine Filiale in Bonn.",
        "Wi-Fi is not available.",
        "Dental care is not covered.",
        "Employees who do not know the rules must ask their manager.",
        "Returns are free within 30 days. " * 12 + "The context does not mention gift cards.",
    ],
)
def test_answers_with_a_no_in_them_do_not_abstain(answer: str):
    assert not is_abstention(answer)


def test_sympathy_states_nothing_and_abstains_from_nothing():
    for said in ("Good news!", "I'm sorry to hear about your daughter.", "I'm very sorry for the delay!"):
        assert states_nothing(said)
        assert not is_abstention(said)
    assert is_abstention("I'm sorry, I cannot say.")


def test_greetings_headings_and_questions_state_nothing():
    assert all(map(states_nothing, ["Hello!", "What else?", "Here are the rules:", "## Rules", "---", ""]))
    assert not any(
        map(states_nothing, ["25 days", "Sure, you get 25 days of paid vacation and sixteen weeks of parental leave."])
    )


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many days?", "number"),
        ("When does it open?", "time"),
        ("Who leads it?", "name"),
        ("Where is it?", "place"),
        ("Why is it so?", "reason"),
        ("Is it open?", "yes or no"),
        ("Explain the rules", ""),
    ],
)
def test_the_question_tells_what_kind_of_answer_it_wants(question: str, kind: str):
    assert expected_type(question) == kind


@pytest.mark.parametrize(
    ("question", "good", "bad"),
    [
        ("How many vacation days do I get?", "25 days", "The office opens at nine."),
        ("How many vacation days do I get?", "You get 25 days of vacation.", "I don't know."),
        ("Who leads payroll?", "Anna Berg", "It is a nice place."),
        ("Explain the VPN policy", "VPN is mandatory on public networks.", "Bananas are yellow fruits."),
        ("Are dogs allowed?", "Yes", "The canteen serves lunch at noon."),
    ],
)
def test_an_answer_to_the_question_beats_one_to_another(question: str, good: str, bad: str):
    best, worst = answer_relevance(question, good)[0], answer_relevance(question, bad)[0]
    assert best is not None
    assert worst is not None
    assert best > 0.5 > worst


def test_what_has_no_words_is_not_judged():
    assert answer_relevance("", "25 days") == (None, "the question has no words")
    assert answer_relevance("How many?", "...") == (None, "the answer has no words")


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_gives_a_value_in_range_or_a_reason(question: str, answer: str):
    value, reason = answer_relevance(question, answer)
    assert reason
    assert value is None or 0 <= value <= 1
    is_abstention(answer)
