"""Of an agent's run that failed: which step led it astray?"""

import pytest

from weaklink.diagnosis import diagnose
from weaklink.diagnosis.attribution import step_features, step_probabilities, writers
from weaklink.testing import build

QUESTION = "How many seats does the largest room in Ostmere have?"


def run(*said: str, names: str = "planner:llm, coder:llm, terminal:tool, checker:llm, writer:llm"):
    steps = [part.split(":")[0] for part in names.split(", ")]
    fields = {
        step: {"output": text, "input": before}
        for step, text, before in zip(steps, said, [QUESTION, *said], strict=False)
    }
    return build(f"run:chain > {names}", QUESTION, said[-1], **fields)


GUESSED = run(
    "Find the largest room in Ostmere and its number of seats.",
    "The largest room is Heron. I assume that it has 31 seats.\n```python\nprint(rooms)\n```",
    "exitcode: 1 (execution failed)\nNameError: name 'rooms' is not defined",
    "That is right.",
    "The largest room in Ostmere has 31 seats.",
)


def test_the_probabilities_are_one_for_each_step_that_a_model_wrote():
    found = step_probabilities(GUESSED)
    assert [GUESSED.get(span_id).name for span_id in found] == ["planner", "coder", "checker", "writer"]
    assert sum(found.values()) == pytest.approx(1)


def test_what_a_step_made_up_and_the_error_after_it_are_seen():
    features = {GUESSED.get(span_id).name: values for span_id, values in step_features(GUESSED).items()}
    assert features["coder"]["stated_the_answer"] > features["checker"]["stated_the_answer"] == 0
    assert [features[name]["then_an_error"] for name in ("planner", "coder", "checker", "writer")] == [0, 1, 0, 0]


def test_the_step_that_made_the_answer_up_comes_first():
    found = step_probabilities(GUESSED)
    assert GUESSED.get(max(found, key=lambda span_id: found[span_id])).name == "coder"


def test_a_task_that_is_off_the_question_is_more_suspicious_than_one_that_is_not():
    other = run("Fix the bug in the parser of the invoices.", *[str(span.output) for span in GUESSED.spans[2:]])
    first = writers(other)[0].id
    assert step_probabilities(other)[first] > step_probabilities(GUESSED)[writers(GUESSED)[0].id]


def test_a_reference_that_the_answer_does_not_hold_makes_its_steps_suspects():
    diagnosis = diagnose(GUESSED, reference="24 seats")
    assert diagnosis.verdict in ("unknown", "broken")
    assert {suspect.failure for suspect in diagnosis.suspects} == {"wrong_turn"}
    assert diagnosis.suspects[0].step.name == "coder"
    found = step_probabilities(GUESSED)
    assert "31" in diagnosis.suspects[0].summary
    assert [suspect.step.span_id for suspect in diagnosis.suspects] == sorted(found, key=lambda one: -found[one])


def test_one_that_it_holds_makes_it_ok():
    assert diagnose(GUESSED, reference="31 seats").verdict == "ok"


def test_a_run_that_nobody_called_failed_is_not_suspected():
    assert "wrong_turn" not in {suspect.failure for suspect in diagnose(GUESSED).suspects}


def test_a_trace_without_model_calls_has_no_probabilities():
    assert step_probabilities(build("chain > retriever", "Who?")) == {}
