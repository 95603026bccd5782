"""Each value of a text is led back to the step that had it first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.diagnosis import diagnose, origins
from weaklink.diagnosis.values import contents_of, values_in
from weaklink.testing import build

PASSAGE = "Vacation: every employee has 28 days per year, says Lena Hoff. Form VAC-7 is due on 3 March."
QUESTION = "How many days do 2 employees have?"


def chain(answer: str, **fields):
    return build(
        "chain > retriever, prompt, llm", QUESTION, answer,
        retriever={"input": "vacation", "documents": [PASSAGE], **fields.get("retriever", {})},
        prompt={"input": {"context": PASSAGE}, "output": f"Only say what is here.\n{PASSAGE}"},
        llm={"input": f"Only say what is here.\n{PASSAGE}", "output": answer},
    )  # fmt: skip


def told(trace):
    return [(origin.text, origin.kind, origin.born.name, origin.source) for origin in origins(trace)]


def test_each_value_comes_from_the_step_that_had_it_first():
    assert told(chain("It is 28 days for 2 of them, on form VAC-7, says Lena Hoff; ask Bob Stone by 9 May.")) == [
        ("28", "number", "retriever", "found"),
        ("2", "number", "chain", "given"),
        ("VAC-7", "id", "retriever", "found"),
        ("Lena Hoff", "name", "retriever", "found"),
        ("Bob Stone", "name", "llm", "written"),
        ("9", "number", "llm", "written"),
        ("May", "date", "llm", "written"),
    ]


def test_an_embedding_is_nobodys_source():
    trace = build(
        "chain > embed:embedding, retriever, llm", QUESTION, "1 day, or 256.",
        embed={"input": "vacation", "output": {"vectors": 1, "dimensions": 256}},
        retriever={"input": "vacation", "documents": ["The day counts as 1."]},
        llm={"input": "The day counts as 1.", "output": "1 day, or 256."},
    )  # fmt: skip
    assert [(text, born, source) for text, _, born, source in told(trace)] == [
        ("1", "retriever", "found"),
        ("256", "llm", "written"),
    ]


@pytest.mark.parametrize(
    "text", ["ポルトガル国内は2営業日で配達されます。", "寄往巴西的包裹需要9至14个工作日", "휴가는28일입니다"]
)
def test_a_clause_without_spaces_is_no_id(text):
    assert all(value.kind != "id" for value in values_in(text))


def test_the_place_where_it_was_first_is_told_in_characters():
    (origin,) = origins(chain("28 days."))
    assert (origin.place.field, PASSAGE[origin.place.start : origin.place.end]) == ("documents.0", "28")
    assert (origin.at.field, origin.at.start, origin.at.text) == ("output", 0, "28")


@pytest.mark.parametrize(
    ("answer", "source"),
    [("That is 56 days in all.", "computed"), ("That is 57 days in all.", "written"), ("28 plus 2 is 30.", "computed")],
)
def test_a_number_that_follows_from_others_is_computed(answer, source):
    assert origins(chain(answer))[-1].source == source


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("1,200", "It costs 1200."), ("1200", "It costs $1,200."), ("2.5k", "It is 2,500."), ("two thousand", "2k"),
        ("25 percent", "a share of 25%"), ("5 PM", "from 17:00 on"), ("3 March 2024", "2024-03-03"), ("three", "3 of them"),
        ("#W123", "order w123"), ("O'Neil Park", "at O'Neil  Park"), ('He said "take the long road".', "Take the long road!"),
    ],
)  # fmt: skip
def test_a_value_is_the_same_however_it_is_written(written, there):
    values = values_in(f"It is {written}")
    assert values
    assert all(contents_of(there).has(value) for value in values)


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("1,200", "It costs 12000."),
        ("5 PM", "from 5:00 on"),
        ("#W123", "order W1234 shipped"[:9]),
        ("Lena Hoff", "Lena"),
    ],
)
def test_another_value_is_not_the_same(written, there):
    assert not all(contents_of(there).has(value) for value in values_in(f"It is {written}"))


def test_the_numbers_of_a_list_are_no_values():
    assert [value.text for value in values_in("1. Open it.\n2. Close it after 30 minutes.\nStep 3: done")] == ["30"]


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_has_its_own_values(text):
    contents = contents_of(text)
    for value in values_in(text):
        assert text[value.start : value.end] == value.text
        assert value.kind not in ("id", "phrase") or contents.has(value)


def agent(order: str, user: str = "Cancel my order #W555, please."):
    call = {
        "$type": "message",
        "role": "assistant",
        "content": "",
        "tool_calls": [{"name": "cancel", "args": {"order_id": order}}],
    }
    asked = [{"$type": "message", "role": "user", "content": user}]
    return build(
        "agent:chain > plan:llm, cancel:tool, write:llm", user, "It is cancelled.",
        plan={"input": asked, "output": call},
        cancel={"input": {"order_id": order, "limit": 4711}, "output": f"{order}: cancelled"},
        write={"input": [*asked, call, {"$type": "message", "role": "tool", "content": f"{order}: cancelled"}],
               "output": "It is cancelled."},
    )  # fmt: skip


def test_an_argument_that_stands_nowhere_before_is_blamed_on_the_call_that_wrote_it():
    diagnosis = diagnose(agent("#W556"))
    assert (diagnosis.culprit.name, diagnosis.failure) == ("plan", "invented_argument")
    assert "#W556" in diagnosis.summary
    assert diagnosis.evidence[0].at.text == "#W556"


def test_an_argument_that_the_user_gave_is_not_blamed():
    assert "invented_argument" not in {suspect.failure for suspect in diagnose(agent("#W555")).suspects}


def test_what_a_tool_only_gives_back_is_not_found_by_it():
    """The tool's "W556: cancelled" does not make W556 a value that somebody looked up."""
    trace = agent("#W556")
    (origin,) = origins(trace, trace.spans[2])
    assert (origin.born.name, origin.source) == ("plan", "written")


def draft(first: str, last: str):
    return build(
        "chain > retriever, draft:llm, refine:llm", "How many days of vacation does an employee have?", last,
        retriever={"input": "vacation", "documents": [PASSAGE]},
        draft={"input": PASSAGE, "output": first},
        refine={"input": f"Improve this: {first}\n{PASSAGE}", "output": last},
    )  # fmt: skip


def test_a_value_that_an_earlier_call_made_up_is_blamed_on_that_call():
    diagnosis = diagnose(
        draft("An employee has 31 days of vacation.", "Every employee has 31 days of vacation per year.")
    )
    assert (diagnosis.verdict, diagnosis.culprit.name, diagnosis.failure) == ("broken", "draft", "invented_value")


def test_a_value_that_an_earlier_call_took_from_the_passage_is_not():
    diagnosis = diagnose(
        draft("An employee has 28 days of vacation.", "Every employee has 28 days of vacation per year.")
    )
    assert diagnosis.verdict == "ok"


def test_a_value_that_the_last_call_mends_is_not_blamed():
    diagnosis = diagnose(
        draft("An employee has 31 days of vacation.", "Every employee has 28 days of vacation per year.")
    )
    assert diagnosis.verdict == "ok"


def test_a_guess_that_the_passages_then_confirm_is_found():
    """A made-up passage to search with (HyDE) says 28 before the passages do."""
    trace = build(
        "chain > guess:llm, retriever, write:llm", QUESTION, "It is 28 days.",
        guess={"input": QUESTION, "output": "Employees have 28 days."},
        retriever={"input": "Employees have 28 days and more.", "documents": [PASSAGE]},
        write={"input": PASSAGE, "output": "It is 28 days."},
    )  # fmt: skip
    assert told(trace) == [("28", "number", "retriever", "found")]


def test_a_trace_without_a_model_call_has_no_origins():
    assert origins(build("chain > retriever", "Who?")) == ()
