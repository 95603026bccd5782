"""What the steps reported themselves: exceptions, time-outs, tools, parsers, loops."""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.testing import build

from .conftest import GOOD, QUESTION, VACATION, prompt_of


def blamed(diagnosis):
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


def test_the_culprit_is_the_deepest_step_that_failed():
    diagnosis = diagnose(build("chain > retriever!, llm"))
    assert blamed(diagnosis) == ("broken", "retriever", "raised")
    assert diagnosis.confidence >= 0.9


def test_a_timeout_is_named_as_one():
    diagnosis = diagnose(build("chain > retriever!, llm", retriever={"error": TimeoutError("30 s")}))
    assert blamed(diagnosis) == ("broken", "retriever", "timed_out")


def test_an_output_that_cannot_be_parsed_is_a_format_error_of_the_parser():
    diagnosis = diagnose(build("chain > llm, parser!", parser={"error": ValueError("not JSON")}, llm={"output": "so"}))
    assert blamed(diagnosis) == ("broken", "parser", "format_error")


def test_a_tool_that_failed_for_good_is_blamed_although_the_agent_went_on():
    trace = build(
        "agent > lookup:tool[recovered], llm", "How many?", "It is 12.", lookup={"error": "no answer within 5 s"}
    )
    assert blamed(diagnose(trace)) == ("broken", "lookup", "tool_error")


def test_a_tool_that_went_well_the_second_time_is_recovered():
    trace = build(
        "agent > lookup:tool[recovered], again:tool, llm", "How many days are left?", "17 days are left.",
        again={"name": "lookup", "output": "17 days are left."},
        llm={"input": prompt_of("17 days are left.", question="How many days are left?"), "output": "17 days are left."},
        lookup={"error": "no answer"},
    )  # fmt: skip
    assert diagnose(trace).verdict == "recovered"


def test_a_failure_that_a_fallback_made_good_is_recovered_and_names_the_step():
    trace = build(
        "chain > retriever[recovered], spare:retriever, llm", QUESTION, GOOD,
        retriever={"error": ConnectionError("refused")},
        spare={"input": QUESTION, "documents": [VACATION]},
        llm={"input": prompt_of(VACATION), "output": GOOD},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert (diagnosis.verdict, diagnosis.culprit.name) == ("recovered", "retriever")


def test_a_call_that_the_caller_cancelled_is_not_called_broken():
    diagnosis = diagnose(build("chain[cancelled] > retriever[cancelled]"))
    assert diagnosis.verdict == "unknown"
    assert diagnosis.suspects[0].step.name == "retriever"
    assert diagnosis.suspects[0].failure == "timed_out"
    assert diagnosis.capture


def test_an_interrupt_is_no_failure():
    diagnosis = diagnose(build("graph:chain[interrupted] > ask:chain[interrupted]"))
    assert (diagnosis.verdict, diagnosis.culprit) == ("ok", None)


def test_a_stream_that_the_reader_left_is_not_judged():
    diagnosis = diagnose(build("chain[abandoned] > llm[abandoned]", "Why?", llm={"output": "Because"}))
    assert diagnosis.verdict == "unknown"
    assert diagnosis.capture == ("the stream was left before its end: read it to the end once",)


@pytest.mark.parametrize("status", ["abandoned", "cancelled", "incomplete"])
def test_a_model_is_not_blamed_for_an_answer_that_was_cut_short(chain, status):
    cuts = (GOOD[:end] for end in range(1, len(GOOD), 4))
    found = [diagnose(chain(answer=cut, chain={"status": status}, llm={"status": status})) for cut in cuts]
    assert all(diagnosis.verdict != "broken" or diagnosis.failure == "never_finished" for diagnosis in found)


def test_a_whole_sentence_of_an_abandoned_answer_that_contradicts_the_passage_is_blamed(chain):
    answer = "An employee has 35 days of paid vacation per year. It is requ"
    diagnosis = diagnose(chain(answer=answer, llm={"status": "abandoned"}))
    assert (diagnosis.verdict, diagnosis.failure) == ("broken", "contradicted")


def test_the_same_call_again_and_again_is_a_loop():
    calls = ", ".join(f"c{i}:tool" for i in range(4))
    same = {f"c{i}": {"name": "search", "input": {"q": "vacation"}, "output": "nothing found"} for i in range(4)}
    diagnosis = diagnose(build(f"agent > {calls}, llm", "How many days?", "It is unclear to me.", **same))
    assert diagnosis.failure == "loop"
    assert "4 times" in diagnosis.summary


def test_different_calls_of_one_tool_are_no_loop():
    calls = ", ".join(f"c{i}:tool" for i in range(4))
    other = {f"c{i}": {"name": "search", "input": {"q": f"page {i}"}, "output": f"text {i}"} for i in range(4)}
    diagnosis = diagnose(build(f"agent > {calls}, llm", "How many days?", "Some.", **other))
    assert all(suspect.failure != "loop" for suspect in diagnosis.suspects)


@pytest.mark.parametrize(
    ("parsed", "failure"),
    [({"amount": 1.4, "unit": "euros"}, "lost_in_parsing"), ({"amount": 1400.0, "unit": "euros"}, None)],
)
def test_a_parser_that_changes_a_number_is_blamed(parsed, failure):
    answer = "The training budget per year is 1,400 euros."
    budget = "Training budget: Every employee has a training budget of 1,400 euros per year."
    question = "How large is the training budget per year?"
    trace = build(
        "chain > retriever, llm, parser", question,
        chain={"output": parsed},
        retriever={"input": question, "documents": [budget]},
        llm={"input": prompt_of(budget, question=question), "output": answer},
        parser={"input": answer, "output": parsed},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert diagnosis.failure == failure
    assert (diagnosis.verdict == "broken") == (failure is not None)


def test_a_process_that_died_leaves_an_unfinished_step_as_suspect():
    diagnosis = diagnose(
        build("chain[incomplete] > retriever, llm[incomplete]", QUESTION, retriever={"documents": [VACATION]})
    )
    assert diagnosis.verdict == "unknown"
    assert (diagnosis.suspects[0].step.name, diagnosis.suspects[0].failure) == ("llm", "never_finished")


def parsed(answer):
    """A parser that could not read what the model wrote, and an engine that goes on."""
    return build(
        "chain > retriever, llm, parser[recovered]", QUESTION, answer,
        retriever={"input": QUESTION, "documents": [VACATION]}, parser={"error": ValueError("no JSON in it")},
        llm={"input": prompt_of(VACATION), "output": GOOD},
    )  # fmt: skip


def test_a_text_that_could_not_be_parsed_and_never_arrived_is_a_format_error():
    assert blamed(diagnose(parsed("Empty Response"))) == ("broken", "parser", "format_error")


def test_a_text_that_could_not_be_parsed_and_was_given_as_it_is_is_recovered():
    assert blamed(diagnose(parsed(GOOD)))[0] == "recovered"


def test_a_tool_that_an_agent_waited_for_when_its_time_was_up_is_blamed_and_not_the_frameworks_step():
    trace = build(
        "agent > plan:llm, (call_tool:chain*! > slow:tool[cancelled])", "How many?",
        plan={"output": {"$type": "message", "role": "assistant", "content": "", "tool_calls": [{"name": "slow", "args": {}}]}},
        call_tool={"error": TimeoutError("timed out after 5 s")}, slow={"input": {"x": "1"}},
    )  # fmt: skip
    diagnosis = diagnose(trace)
    assert blamed(diagnosis) == ("broken", "slow", "timed_out")
    assert "timed out after 5 s" in diagnosis.summary
    own = build("agent > (search:chain! > retriever[cancelled])", search={"error": TimeoutError("5 s")})
    assert blamed(diagnose(own))[1] == "search"
