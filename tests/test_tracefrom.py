"""Logs of a chain that nobody traced."""

from dataclasses import dataclass, field

import pytest

import weaklink
from weaklink import Document, WeaklinkError, trace_from

QUESTION = "How much is standby pay for a weekday night?"
PASSAGE = "Standby pay is 45 euros for a weekday night."


def test_it_has_the_four_steps_and_the_dataflow_finds_everything():
    trace = trace_from(question=QUESTION, documents=[PASSAGE, "Pay day is the 25th."], answer="45 euros.", start_ns=7)
    assert [(span.name, span.kind) for span in trace.spans] == [
        ("logged chain", "chain"), ("retriever", "retriever"), ("prompt", "prompt"), ("llm", "llm"),
    ]  # fmt: skip
    assert (trace.question, trace.answer, trace.start_ns) == (QUESTION, "45 euros.", 7)
    assert [passage.share for passage in trace.dataflow.packed] == [1.0, 1.0]
    assert trace.dataflow.generator_text == "45 euros."


def test_right_and_wrong_answers_are_told_apart():
    right = weaklink.diagnose(trace_from(QUESTION, [PASSAGE], "Standby pay is 45 euros for a weekday night."))
    wrong = weaklink.diagnose(trace_from(QUESTION, [PASSAGE], "Standby pay for a weekday night is 90 euros."))
    assert right.verdict == "ok"
    assert (wrong.verdict, wrong.culprit and wrong.culprit.role) == ("broken", "generate")


def test_a_context_that_lost_the_passage_is_seen():
    trace = trace_from(QUESTION, [PASSAGE], "100 euros.", context="Pay day is the 25th of each month.")
    assert [passage.share for passage in trace.dataflow.packed] == [0.0]


def test_documents_come_in_many_shapes():
    @dataclass
    class Foreign:
        page_content: str = "three"
        metadata: dict = field(default_factory=lambda: {"source": "c.md"})

    given = [{"text": "one", "source": "a.md", "score": 0.5}, Document(content="two", rank=9), Foreign(), "four"]
    (retriever,) = trace_from("q", given, "a").of_kind("retriever")
    assert [(d.rank, d.content, d.source[:4]) for d in retriever.documents][:3] == [
        (1, "one", "a.md"),
        (2, "two", Document(content="two").key[:4]),
        (3, "three", "c.md"),
    ]
    assert retriever.documents[0].score == 0.5


def test_documents_of_the_frameworks_are_taken_as_they_are():
    from langchain_core.documents import Document as LangChain
    from llama_index.core.schema import NodeWithScore, TextNode

    node = TextNode(text="three", id_="n3", metadata={"file_name": "c.md"})
    given = [
        LangChain("one", id="n1", metadata={"source": "a.md"}),
        (LangChain("two"), 0.25),
        NodeWithScore(node=node, score=0.75),
    ]
    (retriever,) = trace_from("q", given, "a").of_kind("retriever")
    assert [(d.content, d.id, d.score, d.source) for d in retriever.documents] == [
        ("one", "n1", None, "a.md"),
        ("two", None, 0.25, Document(content="two").key[:8]),
        ("three", "n3", 0.75, "c.md"),
    ]


def test_the_right_answer_is_kept_where_scorers_look_for_it():
    assert trace_from("q", reference="28 days.").root.metadata == {"reference": "28 days."}
    assert trace_from("q").root.metadata == {}


def test_nothing_found_and_nothing_said():
    trace = trace_from("q", [])
    assert trace.answer == ""
    assert weaklink.diagnose(trace).failure in ("no_results", "empty_output")


def test_a_log_that_does_not_tell_what_was_retrieved_blames_no_retriever():
    answer = "Standby pay is 45 euros for a weekday night."
    shown = trace_from(QUESTION, context=PASSAGE, answer=answer)
    assert not shown.of_kind("retriever")
    assert weaklink.diagnose(shown).verdict == "ok"
    wrong = weaklink.diagnose(
        trace_from(QUESTION, context=PASSAGE, answer="Standby pay for a weekday night is 90 euros.")
    )
    assert (wrong.verdict, wrong.culprit.name) == ("broken", "llm")
    assert weaklink.diagnose(trace_from(QUESTION, answer=answer)).verdict == "unknown"
    assert weaklink.diagnose(trace_from(QUESTION, [], answer)).failure == "no_results"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"question": 3}, "the question is of type int"),
        ({"question": "q", "answer": None}, "the answer is of type NoneType"),
        ({"question": "q", "documents": "text"}, "documents is one text"),
        ({"question": "q", "documents": [{"title": "x"}]}, "document 1 has no text"),
        ({"question": "q", "documents": ["x", 7]}, "document 2 has no text"),
        ({"question": "q", "documents": [{"text": "x", "score": "high"}]}, "document 1 cannot be used: score"),
        ({"question": "q", "documents": [("x", "high")]}, "the score of document 1 is of type str"),
        ({"question": "q", "reference": ["x"]}, "the reference is of type list"),
        ({"question": "q", "context": 3}, "the context is of type int"),
    ],
)
def test_what_makes_no_sense_is_said(arguments, why):
    with pytest.raises(WeaklinkError, match=why):
        trace_from(**arguments)


def test_ids_are_its_own_and_sort_by_time():
    first, second = trace_from("q", ["p"]), trace_from("q", ["p"])
    assert len({span.id for trace in (first, second) for span in trace.spans}) == 8
    assert all(len(span.id) == 32 and int(span.id, 16) for span in first.spans)
