"""What agents plan, call and make of it: each failure class with a broken run and its healthy twin."""

import pytest

import weaklink
from weaklink.diagnosis import diagnose
from weaklink.model import Scores, SpanError
from weaklink.testing import build

ASK = "How many vacation days does Mira Solvane have left?"
LEFT = "Mira Solvane has 17 vacation days left this year (28 in all, 11 taken)."
SAYS = "Mira Solvane has 17 vacation days left."
REFUSAL = "I could not find that out."


def blamed(diagnosis):
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


def message(text="", *calls):
    found = [{"name": name, "args": args, "id": f"c{n}"} for n, (name, args) in enumerate(calls)]
    return {"$type": "message", "role": "assistant", "content": text, "tool_calls": found}


def agent(given, output, answer, *, name="vacation_balance", tools=("vacation_balance", "search_handbook"), **tool):
    """A model that calls one tool and then answers from what it returned."""
    result = output if isinstance(output, str) else ""
    return build(
        "agent > plan:llm, call:tool, llm", ASK, answer,
        plan={"input": [{"$type": "message", "role": "user", "content": ASK}], "output": message("", (name, given)),
              "attributes": {"tools": list(tools)}},
        call={"name": name, "input": given, "output": output, **tool},
        llm={"input": [{"$type": "message", "role": "user", "content": ASK},
                       {"$type": "message", "role": "tool", "content": result}],
             "output": message(answer), "attributes": {"tools": list(tools)}},
    )  # fmt: skip


def test_a_tool_that_answers_is_ok():
    assert blamed(diagnose(agent({"employee": "Mira Solvane"}, LEFT, SAYS))) == ("ok", None, None)


@pytest.mark.parametrize(
    "said",
    ["Error: 503 Service Unavailable", '{"error": "quota exceeded"}', "", "[]", "[(None,)]", "[{'SUM(days)': None}]"],
)
def test_an_error_or_nothing_returned_as_a_result_is_a_tool_error(said):
    assert blamed(diagnose(agent({"employee": "Mira Solvane"}, said, REFUSAL))) == (
        "broken",
        "vacation_balance",
        "tool_error",
    )


def test_a_result_that_speaks_of_errors_is_no_tool_error():
    text = f"{LEFT} Please report errors in this list to the people team."
    assert diagnose(agent({"employee": "Mira Solvane"}, text, SAYS)).verdict == "ok"


def test_a_call_that_lacks_an_argument_is_blamed_on_the_model_that_made_it():
    trace = build(
        "agent > plan:llm, call:tool[recovered], llm", ASK, REFUSAL,
        plan={"input": ASK, "output": message("", ("vacation_balance", {}))},
        call={"name": "vacation_balance", "input": {},
              "error": TypeError("vacation_balance() missing 1 required positional argument: 'employee'")},
        llm={"input": "missing argument", "output": message(REFUSAL)},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert blamed(diagnosis) == ("broken", "plan", "bad_arguments")
    assert "employee" in diagnosis.summary


def test_an_empty_argument_is_a_bad_one():
    assert blamed(diagnose(agent({"employee": "null"}, "unknown employee", REFUSAL))) == (
        "broken",
        "plan",
        "bad_arguments",
    )


def test_an_argument_that_nobody_gave_is_invented_and_one_from_the_question_is_not():
    diagnosis = diagnose(agent({"employee_id": "EMP-48213"}, "No such employee.", REFUSAL))
    assert blamed(diagnosis) == ("broken", "plan", "invented_argument")
    assert "48213" in diagnosis.evidence[0].at.text
    assert diagnose(agent({"employee": "Mira Solvane", "limit": 500}, LEFT, SAYS)).verdict == "ok"


def test_an_argument_from_an_earlier_result_is_not_invented():
    first = {"$type": "message", "role": "tool", "content": "Mira Solvane: EMP-48213"}
    trace = build(
        "agent > p1:llm, c1:tool, p2:llm, c2:tool, llm", ASK, SAYS,
        p1={"input": ASK, "output": message("", ("find", {"name": "Mira Solvane"}))},
        c1={"name": "find", "input": {"name": "Mira Solvane"}, "output": "Mira Solvane: EMP-48213"},
        p2={"input": [{"$type": "message", "role": "user", "content": ASK}, first],
            "output": message("", ("balance", {"id": "EMP-48213"}))},
        c2={"name": "balance", "input": {"employee_id": "EMP-48213"}, "output": LEFT},
        llm={"input": [{"$type": "message", "role": "user", "content": ASK}, first,
                       {"$type": "message", "role": "tool", "content": LEFT}], "output": message(SAYS)},
    )  # fmt: skip
    assert diagnose(trace).verdict == "ok"


def test_a_tool_that_has_nothing_to_say_while_a_search_was_left_out_is_the_wrong_route():
    diagnosis = diagnose(agent({"city": "Mira Solvane"}, "14 degrees, light rain.", REFUSAL, name="weather"))
    assert blamed(diagnosis) == ("broken", "plan", "wrong_route")
    assert "search_handbook" in diagnosis.advice


@pytest.mark.parametrize(
    ("said", "broken"),
    [
        ("I will look that up for you.", True),
        ("Mira has 12 vacation days left.", True),
        ("Hello! How can I help?", False),
    ],
)
def test_an_agent_that_only_announces_or_answers_without_its_tools_stopped_too_early(said, broken):
    question = ASK if broken else "Hello!"
    trace = build(
        "agent > llm", question, said,
        llm={"input": [{"$type": "message", "role": "user", "content": question}], "output": message(said),
             "attributes": {"tools": ["search_handbook"]}},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert (diagnosis.failure == "premature_stop") == broken
    assert not broken or blamed(diagnosis) == ("broken", "llm", "premature_stop")


def test_an_answer_other_than_the_tools_is_misread():
    diagnosis = diagnose(agent({"employee": "Mira Solvane"}, LEFT, "Mira Solvane has 19 vacation days left."))
    assert blamed(diagnosis) == ("broken", "llm", "misread_output")
    assert {evidence.at.field for evidence in diagnosis.evidence} == {"output"}


def test_a_call_that_fails_the_same_way_again_and_again_is_a_retry_loop():
    calls = ", ".join(f"c{n}:tool[recovered]" for n in range(4))
    same = {f"c{n}": {"name": "balance", "input": {"employee": "Mira"}, "error": "503"} for n in range(4)}
    diagnosis = diagnose(build(f"agent > {calls}, llm", ASK, REFUSAL, llm={"output": REFUSAL}, **same))
    assert (diagnosis.verdict, diagnosis.failure) == ("broken", "retry_loop")


def test_an_agent_that_used_up_its_steps_hit_the_step_limit():
    class GraphRecursionError(Exception):
        pass

    trace = build("agent! > llm, tool", ASK, agent={"error": GraphRecursionError("Recursion limit of 20 reached")})
    assert blamed(diagnose(trace)) == ("broken", "agent", "step_limit")


@pytest.mark.parametrize("said", ["Error code: 429 - rate limit reached", "maximum context length is 4096 tokens"])
def test_a_limit_of_the_provider_is_told_from_other_errors(said):
    assert blamed(diagnose(build("chain > llm!", ASK, llm={"error": RuntimeError(said)}))) == (
        "broken",
        "llm",
        "limit_reached",
    )
    assert diagnose(build("chain > llm!", ASK, llm={"error": RuntimeError("bad gateway")})).failure == "raised"


@pytest.mark.parametrize(
    "said",
    [
        "Sorry, the service is temporarily unavailable. Please try again later.",
        "Query failed: no such table: employees",
        "Employee not found",
    ],
)
def test_a_failure_in_the_tools_own_words_is_a_tool_error_where_the_answer_shows_it(said):
    sorry = "I am sorry, I was unable to retrieve her vacation days."
    assert blamed(diagnose(agent({"employee": "Mira Solvane"}, said, sorry))) == (
        "broken",
        "vacation_balance",
        "tool_error",
    )


def test_a_result_that_says_cannot_is_not_to_blame_for_what_the_model_made_of_it():
    said = "Vacation days of Mira Solvane cannot be carried over."
    made_up = "Mira Solvane has 41 vacation days left, and a car in Lisbon."
    assert blamed(diagnose(agent({"employee": "Mira Solvane"}, said, made_up)))[1] == "llm"


def test_the_same_words_in_a_result_that_answers_are_no_tool_error():
    said = "Mira Solvane has 17 vacation days left; days of the year before are no longer valid and cannot be taken."
    assert diagnose(agent({"employee": "Mira Solvane"}, said, SAYS)).verdict == "ok"


SQL = "select sum(days_left) from vacation_days where employee = 'Mira Solvane'"


@pytest.mark.parametrize("value", ["17", "[(17,)]", '{"days_left": 17}'])
def test_a_bare_value_is_read_with_the_question_that_it_answers(value):
    assert diagnose(agent({"query": SQL}, value, SAYS)).verdict == "ok"


def test_another_value_than_the_bare_one_is_blamed_on_the_model():
    diagnosis = diagnose(agent({"query": SQL}, "[(17,)]", "Mira Solvane has 71 vacation days left."))
    assert blamed(diagnosis)[:2] == ("broken", "llm")


def test_a_value_of_somebody_else_than_the_one_asked_about_is_not_ok():
    assert diagnose(agent({"query": SQL}, "[(17,)]", "Jonas Feld has 17 vacation days left.")).verdict != "ok"


def test_nothing_for_a_name_that_nobody_said_is_an_invented_argument():
    query = "select sum(days_left) from vacation_days where employee = 'Mara Silvan'"
    assert blamed(diagnose(agent({"query": query}, "[]", REFUSAL)))[2] == "invented_argument"


def test_an_address_that_the_model_knows_by_itself_is_ok_where_the_page_answers():
    given = {"url": "https://people.example/balances/mira"}
    assert diagnose(agent(given, LEFT, SAYS)).verdict == "ok"
    assert blamed(diagnose(agent(given, "There is no such page.", REFUSAL)))[2] in ("invented_argument", "tool_error")


def test_an_id_that_stands_for_the_one_asked_about_is_invented_although_the_tool_answers():
    def trace(order):
        question, result = "What is the status of order A-1002?", "Order A-1002: open, ships on 3 May."
        asked = [{"$type": "message", "role": "user", "content": question}]
        return build(
            "agent > plan:llm, call:tool, llm", question, "Order A-1002 is open and ships on 3 May.",
            plan={"input": asked, "output": message("", ("order_status", {"order_id": order}))},
            call={"name": "order_status", "input": {"order_id": order}, "output": result},
            llm={"input": [*asked, {"$type": "message", "role": "tool", "content": result}],
                 "output": message("Order A-1002 is open and ships on 3 May.")},
        )  # fmt: skip

    assert blamed(diagnose(trace("A-7002"))) == ("broken", "plan", "invented_argument")
    assert diagnose(trace("A-1002")).verdict == "ok"


def test_a_tool_that_there_is_not_is_the_planners_mistake():
    failed = {
        "status": "recovered",
        "error": "Tool vacation_balence not found. Please select a tool that is available.",
    }
    said = failed["error"]
    trace = agent({"employee": "Mira Solvane"}, said, REFUSAL, name="vacation_balence", **failed)
    trace = trace.model_copy(update={"spans": tuple(
        span.model_copy(update={"error": SpanError(type="ToolError", message=said, origin=span.id)})
        if span.kind == "tool" else span for span in trace.spans
    )})  # fmt: skip
    assert blamed(diagnose(trace)) == ("broken", "plan", "bad_arguments")


HANDBOOK = "Vacation: Mira Solvane has 17 vacation days left this year."
CANTEEN = "Canteen: On Mondays there is soup, and fish on Fridays for everybody."


def routed(chosen, found, answer):
    """A router over two indexes, which takes the first or the second."""
    choices = [
        {"name": "staff", "description": "Vacation days of all who work here"},
        {"name": "menu", "description": "What the canteen serves"},
    ]
    return build(
        "router:chain > (choose:chain > judge:llm), retriever, llm", ASK, answer,
        choose={"input": ASK, "attributes": {"branch": True, "choices": choices, "chosen": [chosen]}},
        judge={"output": f'[{{"choice": {chosen + 1}}}]'},
        retriever={"input": ASK, "documents": [found]},
        llm={"input": [{"$type": "message", "role": "user", "content": f"{found}\n\n{ASK}"}], "output": answer},
    )  # fmt: skip


def test_an_index_that_was_chosen_though_another_is_about_the_question_is_the_wrong_route():
    diagnosis = diagnose(routed(1, CANTEEN, REFUSAL))
    assert blamed(diagnosis) == ("broken", "choose", "wrong_route")
    assert "“" not in diagnosis.advice
    assert blamed(diagnose(routed(0, HANDBOOK, SAYS))) == ("ok", None, None)


def test_the_right_index_is_not_the_wrong_route_because_the_answer_is_wrong():
    diagnosis = diagnose(routed(0, HANDBOOK, "Mira Solvane has 23 vacation days left."))
    assert blamed(diagnosis)[1] == "llm"
    assert all(suspect.failure != "wrong_route" for suspect in diagnosis.suspects)


def test_a_search_that_is_named_like_the_question_and_was_left_out_is_the_wrong_route():
    tools = ("vacation_docs", "canteen_docs")
    wrong = agent({"input": "days left"}, CANTEEN, REFUSAL, name="canteen_docs", tools=tools)
    assert blamed(diagnose(wrong)) == ("broken", "plan", "wrong_route")
    right = agent({"input": "days left"}, LEFT, SAYS, name="vacation_docs", tools=tools)
    assert blamed(diagnose(right)) == ("ok", None, None)


@pytest.mark.parametrize(("given", "broken"), [(13, True), (12, False)])
def test_a_number_other_than_the_one_that_the_question_names_is_an_invented_argument(given, broken):
    question = "Who has booked pitch 12?"
    said = {12: "Pitch 12 is booked by the Ferreira family.", 13: "Pitch 13 is free."}[given]
    answer = "Pitch 12 is free." if broken else said
    asked = {"$type": "message", "role": "user", "content": question}
    trace = build(
        "agent > plan:llm, lookup:tool, llm", question, answer,
        plan={"input": [asked], "output": message("", ("lookup", {"pitch": given}))},
        lookup={"input": {"pitch": given}, "output": said},
        llm={"input": [asked, {"$type": "message", "role": "tool", "content": said}], "output": message(answer)},
    )  # fmt: skip
    expected = ("broken", "plan", "invented_argument") if broken else ("ok", None, None)
    assert blamed(diagnose(trace)) == expected


def test_a_wrong_number_in_a_call_that_was_mended_is_nobodys_fault():
    question, said = "Who has booked pitch 12?", "Pitch 12 is booked by the Ferreira family."
    asked = {"$type": "message", "role": "user", "content": question}
    trace = build(
        "agent > plan:llm, one:tool[recovered], again:llm, two:tool, llm", question, said,
        plan={"input": [asked], "output": message("", ("lookup", {"pitch": 99}))},
        one={"name": "lookup", "input": {"pitch": 99}, "error": "99"},
        again={"input": [asked], "output": message("", ("lookup", {"pitch": 12}))},
        two={"name": "lookup", "input": {"pitch": 12}, "output": said},
        llm={"input": [asked, {"$type": "message", "role": "tool", "content": said}], "output": message(said)},
    )  # fmt: skip
    assert diagnose(trace).verdict == "recovered"


def test_an_agent_that_used_up_its_steps_on_one_call_went_round_in_a_loop():
    class GraphRecursionError(Exception):
        pass

    calls = ", ".join(f"c{n}:tool" for n in range(5))
    same = {f"c{n}": {"name": "search", "input": {"query": "Mira"}, "output": "Nobody."} for n in range(5)}
    trace = build(
        f"agent! > {calls}", ASK, agent={"error": GraphRecursionError("Recursion limit of 9 reached")}, **same
    )
    assert diagnose(trace).failure == "loop"


def two_calls(number, answer):
    found, balance = {"customer_id": "C-5521"}, {"days_left": 17}
    said = [
        {"$type": "message", "role": "tool", "content": text}
        for text in ('{"customer_id": "C-5521"}', '{"days_left": 17}')
    ]
    return build(
        "agent > first:llm, find:tool, second:llm, look:tool, llm", ASK, answer,
        first={"input": ASK, "output": message("", ("find", {"name": "Mira Solvane"}))},
        find={"input": {"name": "Mira Solvane"}, "output": found},
        second={"input": said[:1], "output": message("", ("look", {"customer_id": number}))},
        look={"input": {"customer_id": number}, "output": balance},
        llm={"input": said, "output": message(answer)},
    )  # fmt: skip


@pytest.mark.parametrize("number", ["C-5521", "C-5512"])
def test_an_id_other_than_the_one_that_a_tool_gave_is_invented(number):
    diagnosis = diagnose(two_calls(number, SAYS))
    if number == "C-5521":
        assert diagnosis.failure is None
    else:
        assert blamed(diagnosis) == ("broken", "second", "invented_argument")
        assert diagnosis.evidence[-1].says == "find has C-5521"


@pytest.mark.parametrize(("expression", "is_made_up"), [("5 * 9 / 5 + 32", False), ("5 * 9 / 5 + 4711", True)])
def test_the_factors_between_units_are_no_invented_arguments(expression, is_made_up):
    trace = agent({"expression": expression}, "62.6", "It is 80 degrees.", name="calculator", tools=("calculator",))
    found = [suspect.failure for suspect in diagnose(trace).suspects]
    assert ("invented_argument" in found) == is_made_up


def branched(choice, found, answer):
    question = "What do I need to get VPN access?"
    return build(
        f"graph:chain > (supervisor:chain > choose:llm, edge:chain), ({choice}:chain > retriever, llm)",
        question, answer,
        choose={"input": f"Which team: hr or it? {question}", "output": choice},
        edge={"output": choice, "attributes": {"branch": True}},
        retriever={"input": question, "documents": found},
        llm={"input": "\n".join([*found, question]), "output": answer},
    )  # fmt: skip


def test_a_model_that_chose_the_branch_where_nothing_is_found_took_the_wrong_route():
    hr = ["Parental leave is up to 36 months.", "Interns receive 1,200 euros a month."]
    diagnosis = diagnose(branched("hr", hr, "I'm sorry, I don't have information about VPN access."))
    assert blamed(diagnosis) == ("broken", "choose", "wrong_route")
    assert diagnosis.strip[0].role == "route"


def test_a_model_that_chose_the_branch_that_answers_is_ok():
    it = ["VPN access needs the Authenticator app.", "A new laptop is ordered through the portal."]
    assert diagnose(branched("it", it, "For VPN access you need the Authenticator app.")).verdict == "ok"


FLIGHTS = '[{"flight": "LX317", "departs": "07:15", "price_eur": 148}]'
FLY = "What is the cheapest flight from Zurich to London on 14 September 2025?"


@pytest.mark.parametrize(("asked", "verdict"), [("2025-09-14", "ok"), ("2025-09-24", "broken")])
def test_what_a_tool_was_rightly_asked_is_part_of_what_it_answers(asked, verdict):
    said = "The cheapest flight from Zurich to London on 14 September is LX317, departing at 7:15 am, for 148 euros."
    given = {"origin": "Zurich", "destination": "London", "date": asked}
    trace = build(
        "agent > plan:llm, call:tool, llm", FLY, said,
        plan={"input": FLY, "output": message("", ("search_flights", given))},
        call={"name": "search_flights", "input": given, "output": FLIGHTS},
        llm={"input": [{"$type": "message", "role": "user", "content": FLY}, {"$type": "message", "role": "tool", "content": FLIGHTS}],
             "output": message(said)},
    )  # fmt: skip
    assert diagnose(trace).verdict == verdict


DOSES = """[{"time": "07:50", "drug": "metoprolol", "mg": 47.5}, {"time": "19:45", "drug": "metoprolol", "mg": 47.5}]"""


@pytest.mark.parametrize(
    ("said", "sound"),
    [
        ("Patient 4471 received two doses on 2 March 2026, at 07:50 and at 19:45.", True),
        ("Patient 4471 received three doses on 2 March 2026, at 07:50, 12:10 and 19:45.", False),
    ],
)
def test_how_many_a_tool_listed_and_what_it_was_asked_for_are_part_of_what_it_answers(said, sound):
    trace = build(
        "agent > plan:llm, call:tool, llm", "Which doses did patient 4471 get on 2 March 2026?", said,
        plan={"output": message("", ("doses", {"patient_id": "4471", "date": "2026-03-02"}))},
        call={"name": "doses", "input": {"patient_id": "4471", "date": "2026-03-02"}, "output": DOSES},
        llm={"input": DOSES, "output": message(said)},
    )  # fmt: skip
    value = Scores(weaklink.score(trace)).value(trace.dataflow.generator.id, "groundedness")
    assert (value >= 0.5) == sound
