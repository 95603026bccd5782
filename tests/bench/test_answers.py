"""What a chain answers with each store, for stores of which each has a process of its own."""

import pytest

from weaklink.bench import Query, compare
from weaklink.bench.answers import Answer, answers_of, chain_named, effects_of
from weaklink.bench.named import UnusableCode
from weaklink.bench.store import Unsupported

CHAIN = """
def ask(store, question):
    found = store.similarity_search("please: " + question, k=2)
    return found[0].page_content, found

def broken(store, question):
    raise ConnectionError("no model answers")

nothing = 3
"""


@pytest.fixture
def asked(docs, tmp_path, monkeypatch):
    """compare(...) in a folder that holds a chain."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_chain.py").write_text(CHAIN)
    return lambda stores, **more: compare(stores, docs, **{"repeats": 1, "rounds": 1, **more})


def test_a_chain_by_name_is_asked_with_each_store_in_its_process(asked):
    result = asked(["memory", "faiss-flat", "bm25"], chain="my_chain.py:ask")
    (effect,) = result.answers
    assert (effect.store, effect.baseline, effect.changed, effect.errors) == (
        "langchain.faiss-flat", "langchain.memory", 0, 0,
    )  # fmt: skip
    assert effect.questions == result.corpus.queries
    said = " ".join(str(result).split())
    assert "Answers: with faiss-flat no answer is another than with memory." in said
    assert "Does the answer change?" in said
    assert "bm25: answers: no framework is between" in said  # never left out in silence


def test_the_chain_without_a_model_is_asked_of_every_store(asked):
    result = asked(["exact", "bm25"], chain="extractive")
    (effect,) = result.answers
    assert (effect.store, effect.questions) == ("bm25", result.corpus.queries)
    assert effect.groundedness is not None
    assert "without a model" in " ".join(result.verdict)


def test_a_chain_that_fails_loses_no_figure_of_the_store(asked):
    result = asked(["memory"], chain="my_chain.py:broken")
    assert result.store("memory").status == "ok"
    assert result.answers == ()
    assert "memory: answers: ConnectionError: no model answers" in " ".join(str(result).split())


@pytest.mark.parametrize(
    ("chain", "more", "says"),
    [
        ("my_chain.py:absent", {}, "has nothing of that name"),
        ("nowhere:ask", {}, "there is no module nowhere"),
        ("ask", {}, "write module:attribute"),
        ("my_chain.py:nothing", {}, "is a int: name a function"),
        ("my_chain.py:ask", {"embedder": len}, 'embedder="module:attribute"'),
        (len, {}, "run in processes of their own"),
    ],
)
def test_a_chain_that_cannot_be_used_is_refused_before_anything_is_measured(asked, chain, more, says):
    with pytest.raises(Exception, match=says):
        asked(["memory"], chain=chain, **more)


def _answers(*scores):
    return tuple(Answer(text=f"{score}", groundedness=score) for score in scores)


QUERIES = [Query(id=str(n), text=f"question {n}", traces=(f"trace{n}",)) for n in range(3)]


def test_what_one_store_alone_gets_wrong_is_named_with_its_traces():
    rows = {"a": _answers(1.0, 0.9, 0.1), "b": _answers(1.0, 0.2, 0.1), "c": _answers(1.0, 0.9, 0.9)}
    found = {effect.store: effect for effect in effects_of(rows, rows["a"], QUERIES)}
    assert [(wrong.id, wrong.traces) for wrong in found["b"].only_wrong] == [("1", ("trace1",))]
    assert found["c"].only_wrong == ()
    assert (found["b"].changed, found["b"].changed_by_itself) == (pytest.approx(1 / 3), 0)


def test_a_chain_that_changes_of_its_own_accord_is_no_effect_of_the_store():
    rows = {"a": _answers(1.0, 0.9, 0.1), "b": _answers(0.8, 0.9, 0.1)}
    (effect,) = effects_of(rows, _answers(1.0, 0.7, 0.1), QUERIES)
    assert (effect.changed, effect.changed_by_itself) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert not effect.is_none
    assert "no answer changes that would not change anyway" in str(effect)


def test_questions_that_the_chain_raised_on_are_counted_and_left_out():
    def chain(store, question):
        if question == "question 1":
            raise ValueError("odd")
        return "Yes.", ["Yes."]

    answers = answers_of(chain, None, [query.text for query in QUERIES])
    assert [answer.error for answer in answers] == ["", "ValueError: odd", ""]
    (effect,) = effects_of({"a": _answers(1.0, 1.0, 1.0), "b": answers}, _answers(1.0, 1.0, 1.0), QUERIES)
    assert (effect.questions, effect.errors, effect.error) == (2, 1, "ValueError: odd")


def test_a_store_without_a_framework_cannot_be_given_to_a_chain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_chain.py").write_text(CHAIN)

    class Bare:
        inside = None

    with pytest.raises(Unsupported, match="no framework is between"):
        answers_of(chain_named("my_chain.py:ask"), Bare(), ["?"])
    with pytest.raises(UnusableCode):
        chain_named("my_chain.py:nothing")
