"""Where each piece of evidence was seen last: estimated from the question, exact with a reference."""

import pytest

from weaklink.diagnosis import diagnose, funnel
from weaklink.diagnosis.probe import Probe
from weaklink.testing import build

from .conftest import GOOD, PARKING, QUESTION, SICK, VACATION

REFERENCE = "28 days. Vacation is requested two weeks ahead."
WRONG = "An employee has 60 days of paid vacation per year."


def states(rows) -> dict[str, str]:
    """Each piece with one letter per stage: Held, Partly, Lost, ? unknown, - not expected."""
    letter = {"held": "H", "partly": "P", "lost": "L", "unknown": "?", "": "-"}
    return {row.piece: "".join(letter[cell.state] for cell in row.cells) for row in rows}


def blamed(diagnosis):
    return diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name, diagnosis.failure


def test_with_a_reference_each_of_its_claims_is_followed_through_the_stages(chain):
    found = funnel(chain(kept=(SICK, PARKING), answer=WRONG), REFERENCE)
    assert found.exact
    assert found.stages == ("index", "candidates", "rerank", "prompt", "answer")
    assert states(found.rows) == {"28 days.": "HHLLL", "Vacation is requested two weeks ahead.": "HHLLL"}
    assert [(row.last_seen, row.lost_at.stage) for row in found.rows] == [("candidates", "rerank")] * 2


def test_without_one_the_words_of_the_question_are_and_it_says_that_this_is_an_estimate(chain):
    found = funnel(chain(found=(VACATION, PARKING), kept=(PARKING,), answer=WRONG))
    assert not found.exact
    assert states(found.rows)["vacation"] == "HHLL-"
    assert found.rows[0].piece == "a number"
    assert found.rows[0].cells[-1].state == "held"


def test_parts_of_a_name_are_one_piece():
    trace = build("chain > retriever, llm", "Who leads Calder Bay?", "Ada.", retriever={"documents": ["Bay leaves."]})
    assert states(funnel(trace).rows)["Calder Bay"].startswith("?P")


def test_what_nobody_looked_at_is_unknown_and_what_was_is_not(chain):
    trace = chain(found=(SICK, PARKING), answer=WRONG)
    assert states(funnel(trace, "28 days").rows) == {"28 days": "?LLLL"}
    assert states(funnel(trace, "28 days", index=[VACATION]).rows) == {"28 days": "HLLLL"}
    assert states(funnel(trace, "28 days", index=[], corpus=[VACATION]).rows) == {"28 days": "HLLLLL"}


def test_a_value_that_the_parser_lost_was_last_seen_in_the_answer():
    trace = build(
        "chain > retriever, llm, parser", QUESTION, "It is 28 days.",
        retriever={"input": QUESTION, "documents": [VACATION]},
        llm={"input": VACATION, "output": "It is 28 days."},
        parser={"input": "It is 28 days.", "output": {"days": 2}},
    )  # fmt: skip
    (row,) = funnel(trace, "28 days").rows
    assert (row.last_seen, row.lost_at.stage) == ("answer", "parsed")
    assert diagnose(trace, reference="28 days").failure == "lost_in_parsing"


@pytest.mark.parametrize(
    ("fields", "step", "failure"),
    [
        ({"found": (SICK, PARKING)}, "retriever", "missing_content"),
        ({"kept": (SICK, PARKING)}, "reranker", "good_document_dropped"),
        ({"shown": ("See the handbook.",)}, "pack_context", "context_not_passed"),
        ({"found": (VACATION,), "shown": (VACATION[:28],)}, "pack_context", "context_truncated"),
        ({}, "llm", "contradicted"),
    ],
)
def test_the_step_that_lost_the_claim_is_the_weak_link(chain, fields, step, failure):
    diagnosis = diagnose(chain(answer=WRONG, **fields), reference="28 days")
    assert blamed(diagnosis) == ("broken", step, failure)
    assert "“28 days”" in diagnosis.summary
    assert diagnosis.funnel.exact


def test_an_abstention_over_a_prompt_with_the_claim_is_false(chain):
    diagnosis = diagnose(chain(answer="I don't know, the passages do not say."), reference="28 days")
    assert blamed(diagnosis) == ("broken", "llm", "false_abstention")


@pytest.mark.parametrize("answer", [GOOD, "28 days", "Twenty-eight days of paid vacation."])
@pytest.mark.parametrize("fields", [{}, {"kept": (VACATION,)}, {"shown": (VACATION,)}])
def test_an_answer_that_holds_the_reference_is_ok(chain, answer, fields):
    diagnosis = diagnose(chain(answer=answer, **fields), reference="28 days")
    assert blamed(diagnosis) == ("ok", None, None)


def test_an_answer_that_could_not_be_checked_is_ok_where_it_holds_the_reference():
    trace = build("chain > llm", QUESTION, "28 days", llm={"input": QUESTION, "output": "28 days"})
    assert diagnose(trace).verdict == "unknown"
    assert diagnose(trace, reference="It is 28 days.").verdict == "ok"


def test_a_step_that_raised_is_blamed_whatever_the_reference_says():
    trace = build("chain > retriever, llm!", QUESTION, retriever={"input": QUESTION, "documents": [VACATION]})
    assert blamed(diagnose(trace, reference="28 days")) == ("broken", "llm", "raised")


def test_a_probe_tells_what_the_search_missed_from_what_is_not_there(chain):
    trace = chain(found=(SICK, PARKING), answer=WRONG)
    deep = Probe(trace.spans[1].id, (QUESTION,), 50, 0.1, 0.9, 7, QUESTION, VACATION)
    assert blamed(diagnose(trace, probed=deep, reference="28 days")) == ("broken", "retriever", "missed")
    nothing = Probe(trace.spans[1].id, (QUESTION,), 50, 0.1, 0.1, None, "", "")
    assert diagnose(trace, probed=nothing, reference="28 days").failure == "missing_content"


def test_a_reference_that_claims_nothing_changes_nothing(chain):
    trace = chain(kept=(SICK, PARKING), answer=WRONG)
    assert blamed(diagnose(trace, reference="I don't know.")) == blamed(diagnose(trace))


def test_where_nothing_was_looked_up_nothing_is_estimated():
    trace = build("chain > tool, llm", QUESTION, "28", tool={"output": "28"}, llm={"input": "28", "output": "28"})
    assert funnel(trace).rows == ()
    assert states(funnel(trace, "28 days").rows) == {"28 days": "HH"}


def test_a_trace_without_retrieval_and_answer_has_no_rows():
    assert funnel(build("tool:tool", "Who?")).rows == ()
