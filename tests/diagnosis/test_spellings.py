"""Values of a tool's arguments that the user gave in another spelling, and those that nobody gave."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.diagnosis.dates import days_in
from weaklink.diagnosis.spellings import is_said_otherwise
from weaklink.diagnosis.values import contents_of, values_in
from weaklink.testing import build


def is_known(written, said):
    values = [value for value in values_in(written) if value.kind in ("id", "number", "date", "time")]
    assert values
    known = contents_of(said)
    return all(known.has(value) or is_said_otherwise(value.text, written, said, said) for value in values)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("flight LQ 418", "LQ418"), ("flight LQ418", "LQ 418"), ("order a30174", "A-30174"), ("order A 30174", "A-30174"),
        ("room 12", "room_12"), ("room 12", "R12"), ("ticket 5531", "TICKET-5531"), ("order 4711", "ORD-4711"),
        ("Phoenix 5 Pro", "phoenix-5-pro"), ("the last 30 days", "last_30_days"), ("see www.a.example", "https://www.a.example"),
        ("ISBN 978-3-16-148410-0", "9783161484100"), ("IBAN XX12 3456 7890 4711", "XX12345678904711"),
        ("week 24 of 2026", "2026-W24"), ("in KW 24", "2026-W24"), ("from 9 June 2026 on", "2026-W24"), ("this week", "2026-W24"),
        ("in May 2026", "2026-05"), ("the third quarter of 2026", "2026-Q3"), ("Q3 2026", "2026Q3"),
        ("on May 12th", "2026-05-12"), ("12.5.2026", "2026-05-12"), ("on 5/12/2026", "2026-05-12"), ("12 May 2026", "20260512"),
        ("12 May 2026", "12/05/26"), ("am 12. März 2026", "2026-03-12"), ("le 12 août 2026", "2026-08-12"),
        ("12 May 2026 at 2 pm", "2026-05-12T14:00:00+02:00"), ("at 2 pm", "14:00:00"),
        ("Today is 2026-07-14. Is it late tomorrow?", "2026-07-15"), ("next Friday", "2026-07-17"), ("over Easter", "2026-04-05"),
        ("call 0170 1234567", "+491701234567"), ("(555) 010-2345", "5550102345"),
        ("two weeks", "14"), ("half an hour", "30"), ("an hour and a half", "90"), ("the last day", "24"), ("20 percent", "0.2"),
        ("a dozen eggs", "12"), ("50 euros", "5000"), ("30 days", "P30D"), ("two hours", "PT2H"),
    ],
)  # fmt: skip
def test_a_value_in_another_spelling_is_the_users(said, written):
    assert is_known(written, said)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("flight LQ 418", "LQ481"), ("order A-30174", "A-30147"), ("A 17 and B 18", "A18"), ("A-10", "A-1"), ("room 12", "R13"),
        ("order 4711", "ORD-4712"), ("IBAN XX12 3456 7890 4711", "XX12345678904712"), ("call 0170 1234567", "+491701234568"),
        ("week 24 of 2026", "2026-W25"), ("week 24 of 2026", "2025-W24"), ("Q3 2026", "2026-Q4"), ("12 May 2026", "2026-05-21"),
        ("12 May 2026", "2026-06-12"), ("12 May 2026", "2025-05-12"), ("12 May at 2 pm", "2026-05-12T15:00:00"),
        ("Today is 2026-07-14. Is it late tomorrow?", "2026-07-18"), ("on Friday", "2026-07-18"),
        ("at 2 pm", "15:00:00"), ("two weeks", "21"), ("half an hour", "45"), ("30 days", "P90D"), ("20 percent", "0.25"),
    ],
)  # fmt: skip
def test_another_value_is_not_the_users_in_any_spelling(said, written):
    assert not is_known(written, said)


def test_a_day_that_cannot_be_is_no_day():
    assert days_in("on 12 of 40 pages, 99/99/2026") == []


def message(text="", **call):
    calls = [{"name": "book", "args": call, "id": "c"}] if call else []
    return {"$type": "message", "role": "assistant", "content": text, "tool_calls": calls}


def booked(question, answer, **given):
    """An agent that calls one tool, which repeats what it was given, and says so."""
    result = f"Booked: {given}"
    asked = [{"$type": "message", "role": "user", "content": question}]
    trace = build(
        "agent > plan:llm, book:tool, llm", question, answer,
        plan={"input": asked, "output": message(**given)},
        book={"input": given, "output": result},
        llm={"input": [*asked, {"$type": "message", "role": "tool", "content": result}], "output": message(answer)},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    return diagnosis.failure if diagnosis.culprit is None else (diagnosis.culprit.name, diagnosis.failure)


MADE_UP = ("plan", "invented_argument")


@pytest.mark.parametrize("day", ["2026-05-21", "2026-04-12"])
def test_another_day_than_the_one_that_was_named_is_invented_although_the_tool_takes_it(day):
    question = "Book a table for 12 May 2026, please. We were there on the 4th and the 21st."
    assert booked(question, f"It is booked for {day}.", day=day) == MADE_UP
    assert booked(question, "It is booked for 12 May 2026.", day="2026-05-12") != MADE_UP


def test_a_day_that_follows_from_the_question_is_not_invented():
    assert (
        booked("Book a room for three nights from 12 May 2026.", "Booked.", start="2026-05-12", end="2026-05-15")
        is None
    )


@pytest.mark.parametrize(("minutes", "expected"), [(80, MADE_UP), (45, None)])
def test_another_measure_than_the_one_that_was_named_is_invented(minutes, expected):
    found = booked("Book a room for a talk of 45 minutes.", f"Booked: {minutes} minutes.", minutes=minutes)
    assert (found == MADE_UP) == (expected == MADE_UP)


@pytest.mark.parametrize(
    ("guests", "is_made_up"),
    [("greta.holm@fenwick.example", False), ("greta.holm@fenwick.example, ravi.menon@fenwick.example", True)],
)
def test_an_address_beside_the_one_that_was_given_is_invented(guests, is_made_up):
    found = booked("Book a room for greta.holm@fenwick.example.", f"Booked for {guests}.", guests=guests)
    assert (found == MADE_UP) == is_made_up


@pytest.mark.parametrize(("word", "is_made_up"), [("CO2", False), ("CH4", True)])
def test_a_word_of_a_search_that_what_was_found_has_is_no_invented_argument(word, is_made_up):
    question, passage = "How high were the scope 3 emissions?", "Scope 3 emissions came to 18,900 tonnes of CO2."
    query = f"scope 3 emissions tonnes {word}"
    trace = build(
        "agent > plan:llm, book:tool, llm", question, "I could not find that out.",
        plan={"input": question, "output": message(query=query)},
        book={"name": "search", "input": {"query": query}, "output": passage},
        llm={"input": [{"$type": "message", "role": "tool", "content": passage}], "output": "I could not find that out."},
    )  # fmt: skip
    suspected = any(suspect.failure == "invented_argument" for suspect in diagnose(trace).suspects)
    assert suspected == is_made_up


def test_a_code_for_what_was_said_in_words_is_not_invented_where_the_call_brings_nothing():
    question, nothing = "What are 500 euros in pounds?", "Rate not found."
    trace = build(
        "agent > plan:llm, book:tool, llm", question, "I could not find that out.",
        plan={"input": question, "output": message(base="EUR", quote="GBP")},
        book={"input": {"base": "EUR", "quote": "GBP"}, "output": nothing},
        llm={"input": [{"$type": "message", "role": "tool", "content": nothing}], "output": "I could not find that out."},
    )  # fmt: skip
    assert diagnose(trace).failure == "tool_error"
