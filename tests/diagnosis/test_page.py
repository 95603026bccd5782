"""The page on failure classes and the weights keep up with the rules."""

from pathlib import Path

import pytest

from weaklink.diagnosis import RULES
from weaklink.diagnosis.finding import Finding
from weaklink.diagnosis.probabilities import calibrated, features, fitted

PAGE = Path(__file__).parents[2] / "docs" / "failure-classes.md"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_class_has_a_section(rule):
    page = PAGE.read_text("utf-8")
    assert f"### `{rule.__name__}`" in page
    assert (rule.__doc__ or "").strip().splitlines()[0] in page


def test_no_sign_of_failure_makes_a_step_look_better():
    for failure, model in fitted()["classes"].items():
        assert failure in {rule.__name__ for rule in RULES}
        assert all(weight >= 0 for weight in model["weights"].values())


@pytest.mark.parametrize("failure", ["missing_content", "unsupported", "context_truncated"])
def test_more_suspicion_is_more_probable(failure):
    steps = [calibrated(failure, Finding("x", strength, "says"), {}).strength for strength in (0.1, 0.5, 0.9)]
    assert steps == sorted(steps)


def test_proof_and_unknown_classes_speak_for_themselves():
    assert calibrated("unsupported", Finding("x", 0.9, "says", hard=True), {}).strength == 0.9
    assert calibrated("of_my_own", Finding("x", 0.4, "says"), {}).strength == 0.4
    assert features(Finding("x", 1.0, "says"), {})["strength"] < 5
