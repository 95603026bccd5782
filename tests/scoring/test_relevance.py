from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.scoring import embedding
from weaklink.scoring.relevance import relevance

PASSAGES = [
    "Employees receive 25 days of paid vacation per year.",
    "The canteen serves lunch from noon.",
    "Anna leads payroll.",
]


def test_the_passage_on_the_topic_is_relevant_and_the_others_are_not():
    values = relevance("How many vacation days do I get?", PASSAGES)
    assert values[0] > 0.7
    assert max(values[1:]) < 0.4


def test_a_paraphrase_without_shared_words_is_still_relevant():
    assert relevance("Can I work remotely?", ["Employees may work from home up to three days per week."])[0] > 0.6


def test_the_value_of_a_passage_does_not_depend_on_the_others():
    together = relevance("When is lunch?", PASSAGES)
    alone = [relevance("When is lunch?", [passage])[0] for passage in PASSAGES]
    assert all(abs(one - other) < 1e-4 for one, other in zip(together, alone, strict=True))


def test_nothing_is_irrelevant_and_no_passages_give_no_values():
    assert relevance("When is lunch?", ["", " ", "..."]) == [0.0, 0.0, 0.0]
    assert relevance("When is lunch?", []) == []


def test_without_the_embedding_model_words_decide(monkeypatch):
    monkeypatch.setattr(embedding, "_model", lambda: None)
    values = relevance("How many vacation days do I get?", PASSAGES)
    assert values[0] > 0.5 > max(values[1:])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gives_values_in_range(question: str, passages: list[str]):
    values = relevance(question, passages)
    assert len(values) == len(passages)
    assert all(0 <= value <= 1 for value in values)
