"""How findings become a verdict."""

from hypothesis import given
from hypothesis import strategies as st

from weaklink.diagnosis import RULES, Finding, Limits, diagnose
from weaklink.diagnosis.limits import ramp
from weaklink.model import Score
from weaklink.testing import build, scored

from .conftest import GOOD, QUESTION, VACATION, prompt_of


def found(step, strength, name="rule"):
    def rule(trace, scores, limits):
        """A step failed."""
        span = next(span for span in trace.spans if span.name == step)
        yield Finding(span.id, strength, f"{step} failed")

    rule.__name__ = name
    return rule


def trace():
    return build(
        "chain > retriever, reranker, llm", QUESTION, GOOD,
        retriever={"input": QUESTION, "documents": [VACATION]},
        reranker={"candidates": [VACATION], "documents": [VACATION]},
        llm={"input": prompt_of(VACATION), "output": GOOD},
    )  # fmt: skip


def test_an_earlier_step_explains_a_later_one_away():
    diagnosis = diagnose(trace(), rules=[found("llm", 0.9, "late"), found("retriever", 0.9, "early")])
    assert [(suspect.failure, suspect.probability) for suspect in diagnosis.suspects] == [
        ("early", 0.9),
        ("late", 0.09),
    ]
    assert diagnosis.culprit.name == "retriever"


def test_a_weak_doubt_about_an_earlier_step_does_not_hide_a_later_one():
    diagnosis = diagnose(trace(), rules=[found("llm", 0.95), found("retriever", 0.25)])
    assert diagnosis.culprit.name == "llm"


def test_doubts_between_the_limits_give_unknown_degraded_and_ok():
    limits = Limits(broken=0.5, unknown=0.35, degraded=0.2)
    verdicts = [
        diagnose(trace(), rules=[found("retriever", strength)], limits=limits).verdict for strength in (0.45, 0.25, 0.1)
    ]
    assert verdicts == ["unknown", "degraded", "ok"]


def test_unknown_says_what_to_capture():
    diagnosis = diagnose(trace(), rules=[found("retriever", 0.45)])
    assert diagnosis.culprit is None
    assert any("probe" in item for item in diagnosis.capture)


def test_a_missing_score_is_never_ok():
    unscored = [
        Score.unscored(span.id, "groundedness", "the judge timed out") for span in trace().spans if span.kind == "llm"
    ]
    diagnosis = diagnose(trace(), unscored)
    assert diagnosis.verdict == "unknown"
    assert diagnosis.unscored == ("groundedness of llm: the judge timed out",)


def test_without_scores_at_all_the_verdict_is_unknown():
    assert diagnose(trace(), []).verdict == "unknown"


def test_the_same_trace_gives_the_same_diagnosis():
    assert diagnose(trace()) == diagnose(trace())


def test_a_diagnosis_survives_json():
    diagnosis = diagnose(trace())
    assert type(diagnosis).model_validate_json(diagnosis.model_dump_json()) == diagnosis


def test_every_rule_has_a_sentence_for_users_and_an_id_that_grep_finds():
    for rule in RULES:
        assert (rule.__doc__ or "").strip().endswith(".")
        assert rule.__name__.isidentifier()


def test_limits_can_be_changed():
    strict = Limits(broken=0.2, unknown=0.1, degraded=0.05)
    assert diagnose(trace(), rules=[found("retriever", 0.25)], limits=strict).verdict == "broken"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_ramp_stays_within_bounds(value, start, full):
    if start != full:
        assert 0 <= ramp(value, (start, full)) <= 1


@given(st.lists(st.tuples(st.sampled_from(["retriever", "reranker", "llm"]), st.floats(0, 1)), max_size=6))
def test_probabilities_stay_probabilities(findings):
    diagnosis = diagnose(
        trace(), [], rules=[found(step, strength, f"r{i}") for i, (step, strength) in enumerate(findings)]
    )
    assert 0 <= diagnosis.confidence <= 1
    assert all(0 <= suspect.probability <= 1 for suspect in diagnosis.suspects)
    assert sorted((s.probability for s in diagnosis.suspects), reverse=True) == [
        s.probability for s in diagnosis.suspects
    ]


def test_of_neighbours_with_one_role_the_strip_shows_the_one_with_a_score():
    trace = build(
        "agent > (tool > inner:llm), llm", "Who?", "Ada.", inner={"output": "It was Ada."}, llm={"output": "Ada."}
    )
    diagnosis = diagnose(trace, [scored(trace, "llm", "groundedness", 0.9)])
    assert diagnosis.strip_text == "tool > generate .90"
