"""Traces out of one line."""

import pytest

from weaklink import WeaklinkError
from weaklink.testing import blame, build, document, scored


def shape(trace):
    return [(depth, span.name, span.kind, span.status) for depth, span in trace.walk()]


def test_children_siblings_and_subtrees():
    trace = build("app:chain > (retriever > embedding), prompt, llm[recovered], parser[incomplete]")
    assert shape(trace) == [
        (0, "app", "chain", "ok"),
        (1, "retriever", "retriever", "ok"),
        (2, "embedding", "embedding", "ok"),
        (1, "prompt", "prompt", "ok"),
        (1, "llm", "llm", "recovered"),
        (1, "parser", "parser", "incomplete"),
    ]


def test_a_failure_is_repeated_on_all_above_as_frameworks_do():
    trace = build("chain > (agent > tool!), llm", tool={"error": ValueError("no")})
    assert [span.name for span in trace.spans if span.status == "error"] == ["chain", "agent", "tool"]
    assert {(span.error.type, span.error.message, span.error.origin) for span in trace.spans if span.error} == {
        ("ValueError", "no", trace.spans[2].id)
    }


def test_fields_of_steps():
    trace = build(
        "chain > Map:chain*, retriever, llm",
        "q",
        "a",
        retriever={"documents": ["x", document("y", distance=1.5)]},
        llm={"tokens": (3, 4)},
    )
    assert (trace.question, trace.answer, trace.usage.total_tokens) == ("q", "a", 7)
    retriever = trace.of_kind("retriever")[0]
    assert [(d.rank, d.content, d.score, d.higher_is_better) for d in retriever.documents] == [
        (1, "x", None, None),
        (2, "y", 1.5, False),
    ]
    assert [span.plumbing for span in trace.spans] == [False, True, False, False]


def test_steps_follow_each_other_in_time():
    trace = build("chain > (retriever > embedding), llm")
    ends = [span.end_ns for span in trace.spans]
    assert ends[0] >= max(ends)
    assert trace.spans[3].start_ns >= ends[1]


def test_ids_are_told_apart_by_their_ends():
    assert build("chain", trace_id=0xAB).id.endswith("ab")
    assert build("chain", trace_id=1).id != build("chain", trace_id=2).id


@pytest.mark.parametrize(
    "tree", ["chain > foo", "a:chain, llm", "> llm", "chain > (llm", "chain > llm)", "chain[x]", "", "chain > llm?"]
)
def test_nonsense_is_refused(tree):
    with pytest.raises(WeaklinkError, match="write it like 'chain > retriever!, llm'"):
        build(tree)


def test_unknown_steps_and_fields_are_refused():
    with pytest.raises(WeaklinkError, match="no such step"):
        build("chain", llm={"output": "x"})
    with pytest.raises(WeaklinkError, match="no such field"):
        build("chain", chain={"ouput": "x"})


def test_scores_and_diagnoses():
    trace = build(
        "chain > retriever, llm", "q", "Yes. No.", retriever={"documents": ["Yes it is."]}, llm={"output": "Yes. No."}
    )
    score = scored(
        trace, "llm", "groundedness", 0.5, sentence="No.", support=("retriever", 0, "it is"), label="unsupported"
    )
    assert (score.sentence.start, score.sentence.end, score.support.field, score.support.start) == (
        5,
        8,
        "documents.0",
        4,
    )
    diagnosis = blame(trace, "broken", "llm", "unsupported", "It made that up.", cells={"llm": 0.5})
    assert diagnosis.strip_text == "retrieve > generate .50!"
    assert (diagnosis.culprit.name, diagnosis.suspects[0].failure) == ("llm", "unsupported")
