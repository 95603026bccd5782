"""Exact values with a judge that is known, and what happens where it fails."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from weaklink import Score, Trace, WeaklinkError, trace_from
from weaklink.scoring import Cost
from weaklink.testing import build
from weaklink_ragas import RagasScorer
from weaklink_ragas.embeddings import UnusableEmbeddings
from weaklink_ragas.judge_models import Reply, UnusableJudge
from weaklink_ragas.metrics import UnusableMetric, metric_names
from weaklink_ragas.testing import ScriptedJudge, literal_verdict

QUESTION = "What?"
RIGHT, OTHER = "Standby pay is 45 euros.", "The largest room in Ostmere is Heron."
ANSWER = "Standby pay is 45 euros. It is paid monthly."
GOLD = {
    QUESTION: {
        "reference": f"{RIGHT} It is paid weekly.",
        "reference_contexts": [RIGHT],
    }
}


def whole(scores: list[Score]) -> Score:
    (score,) = [score for score in scores if score.is_whole]
    return score


@pytest.mark.parametrize(
    ("name", "value", "calls"),
    [
        ("faithfulness", 0.5, 2),  # one of two statements stands in the passages
        ("context_precision", 0.5, 2),  # the second of two: precision 1/2 at the only hit
        ("context_utilization", 0.5, 2),
        ("context_recall", 0.5, 1),  # one of the two sentences of the right answer
        ("answer_relevancy", 1.0, 3),  # three questions, each the same as the user's
        ("noise_sensitivity", 1.0, 7),  # no wrong statement comes from a passage: 0, turned round
        ("llm_context_precision_with_reference", 0.5, 2),
        ("llm_context_recall", 0.5, 1),
        ("response_relevancy", 1.0, 3),
        ("non_llm_context_precision_with_reference", 0.5, 0),
        ("non_llm_context_recall", 1.0, 0),
        ("exact_match", 0.0, 0),
    ],
)
def test_values_and_calls_are_exact_and_the_estimate_names_the_calls(trace, judge, name, value, calls):
    scorer = RagasScorer(name, judge, references=GOLD)
    estimated = scorer.estimate(trace)
    assert (judge.prompts, estimated.calls) == ([], calls)
    score = whole(scorer.score(trace))
    assert (score.name, score.value, score.scorer) == (f"ragas:{name}", pytest.approx(value, abs=1e-6), scorer.version)
    assert (len(judge.prompts), scorer.spent.calls) == (calls, calls)
    assert estimated.input_tokens == pytest.approx(scorer.spent.input_tokens, rel=0.25)


@pytest.mark.parametrize(
    "name", ["non_llm_string_similarity", "bleu_score", "chrf_score", "rouge_score", "semantic_similarity"]
)
def test_metrics_without_a_judge_need_none(trace, name):
    score = whole(RagasScorer(name, references=GOLD).score(trace))
    assert score.value is not None
    assert 0.3 < score.value <= 1.0


def test_documents_are_scored_where_the_judge_is_asked_of_each(trace, judge):
    (retriever,) = trace.of_kind("retriever")
    for name in ("context_precision", "llm_context_precision_without_reference"):
        scores = RagasScorer(name, judge, references=GOLD).score(trace)
        assert [(s.span_id, s.document, s.value, s.reason) for s in scores if not s.is_whole] == [
            (retriever.id, 0, 0.0, f"a passage of {len(OTHER)} characters"),
            (retriever.id, 1, 1.0, f"a passage of {len(RIGHT)} characters"),
        ]


def test_statements_without_support_are_named(trace, judge):
    score = whole(RagasScorer("faithfulness", judge).score(trace))
    assert (score.detail, trace.get(score.span_id).kind) == (("It is paid monthly.",), "llm")


def test_less_is_better_is_turned_round_and_said(judge):
    trace = trace_from(QUESTION, [f"{RIGHT} It is paid daily."], "It is paid daily.")
    score = whole(RagasScorer("noise_sensitivity", judge, references={QUESTION: RIGHT}).score(trace))
    assert (score.value, score.reason) == (0.0, "ragas gave 1, where less is better")


def test_a_retrieval_is_judged_for_each_step_that_fed_the_answer(judge):
    trace = build(
        "chain > retriever, reranker, llm", QUESTION, ANSWER,
        retriever={"input": QUESTION, "documents": [OTHER, RIGHT]},
        reranker={"input": QUESTION, "candidates": [OTHER, RIGHT], "documents": [RIGHT]},
        llm={"input": f"{RIGHT}\n{QUESTION}", "output": ANSWER},
    )  # fmt: skip
    scores = RagasScorer("context_utilization", judge).score(trace)
    assert [(trace.get(s.span_id).kind, s.document, s.value) for s in scores] == [
        ("reranker", None, 1.0),
        ("reranker", 0, 1.0),
    ]


def test_classes_and_objects_of_both_kinds_are_taken_and_not_changed(trace, judge):
    from ragas.metrics import _Faithfulness as Older  # pyright: ignore[reportPrivateUsage]
    from ragas.metrics.collections import ContextRecall, Faithfulness, NoiseSensitivity

    from weaklink_ragas.judges import StructuredJudge

    older = Older()
    assert whole(RagasScorer(older, judge).score(trace)).value == 0.5
    assert older.llm is None
    assert whole(RagasScorer(Faithfulness, judge).score(trace)).value == 0.5
    mine: Any = StructuredJudge(None)  # type: ignore[arg-type]
    metric = ContextRecall(llm=mine)
    assert whole(RagasScorer(metric, judge, references=GOLD).score(trace)).value == 0.5
    assert metric.llm is mine
    assert (
        RagasScorer(NoiseSensitivity, judge, mode="irrelevant").version != RagasScorer(NoiseSensitivity, judge).version
    )


def test_the_right_answer_comes_from_the_trace_a_mapping_or_a_function(trace, judge):
    recorded = trace_from(QUESTION, [OTHER, RIGHT], ANSWER, reference=RIGHT)
    assert whole(RagasScorer("context_recall", judge).score(recorded)).value == 1.0
    assert whole(RagasScorer("context_recall", judge, references=lambda trace: RIGHT).score(trace)).value == 1.0
    missing = whole(RagasScorer("context_recall", judge).score(trace))
    assert (missing.value, missing.reason.partition(":")[0]) == (None, "no right answer is known")


def test_what_cannot_be_judged_is_never_asked(judge):
    nothing = trace_from("", [], "")
    for name in ("faithfulness", "context_utilization"):
        assert [score.value for score in RagasScorer(name, judge).score(nothing)] == [None]
    assert RagasScorer("faithfulness", judge).score(build("chain > tool", "Who?")) == []
    assert judge.prompts == []


# --- a judge that fails


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("I would say it is quite faithful.", "the judge's answer was no JSON of the form that was asked for"),
        ('{"statements": 3}', "the judge's answer was no JSON of the form that was asked for"),
        ('{"statements": [', "the judge's answer was no JSON of the form that was asked for"),
        ("", "the judge's answer was no JSON of the form that was asked for"),
        (RuntimeError("rate limit"), "the judge failed: RuntimeError: rate limit"),
        ({"statements": []}, "ragas gave no number: it found nothing in it to judge"),
    ],
)
def test_a_judge_that_fails_gives_a_reason_and_no_score(trace, given, reason):
    judge = ScriptedJudge(lambda prompt: given)
    score = whole(RagasScorer("faithfulness", judge, retries=0).score(trace))
    assert (score.value, score.reason) == (None, reason)
    if isinstance(given, str) and given:
        assert score.detail == (given,)


@pytest.mark.parametrize(
    "name", ["context_relevance", "response_groundedness", "llm_context_recall", "answer_accuracy"]
)
def test_metrics_that_swallow_failures_do_not_hide_them(trace, name):
    judge = ScriptedJudge(lambda prompt: ConnectionError("refused"))
    score = whole(RagasScorer(name, judge, references=GOLD, retries=0).score(trace))
    assert (score.value, score.reason) == (None, "the judge failed: ConnectionError: refused")
    assert len(judge.prompts) <= 2  # ragas would ask five times for each


def test_a_judge_that_is_too_slow_is_given_up(trace):
    def slow(prompt: str) -> str:
        time.sleep(5)
        return "{}"

    began = time.monotonic()
    score = whole(RagasScorer("faithfulness", slow, timeout=0.1, retries=0).score(trace))
    assert (score.value, score.reason) == (None, "the judge did not answer within 0.1 s")
    assert time.monotonic() - began < 3


def test_what_fails_is_tried_again_and_a_wrong_form_is_explained(trace):
    def script(prompt: str) -> Any:
        if len(judge.prompts) == 1:
            return ConnectionError("refused")
        return (
            "Sure!" if len(judge.prompts) == 2 else literal_verdict(judge.prompts[0] if "Sure!" in prompt else prompt)
        )

    judge = ScriptedJudge(script)
    assert whole(RagasScorer("faithfulness", judge).score(trace)).value == 0.5
    assert "could not be used (there is no JSON in it):\nSure!" in judge.prompts[2]
    assert len(judge.prompts) == 4


@pytest.mark.parametrize("value", [7, -1, "high", None])
def test_a_value_that_is_no_score_is_no_score(trace, value):
    from ragas.metrics.collections import Faithfulness

    class Odd(Faithfulness):
        async def ascore(self, user_input: str) -> Any:  # type: ignore[override]
            return value

    score = whole(RagasScorer(Odd, ScriptedJudge()).score(trace))
    assert score.value is None
    assert score.reason.startswith("ragas gave")


# --- batches, cache, concurrency


def test_the_same_is_never_asked_twice_and_a_file_outlives_the_scorer(trace, judge, tmp_path: Path):
    file = tmp_path / "folder" / "judge.db"
    scorer = RagasScorer("answer_relevancy", judge, cache=file)
    scorer.score(trace)
    assert (len(judge.prompts), file.stat().st_mode & 0o777) == (3, 0o600)
    scorer.score(trace)
    again = RagasScorer("answer_relevancy", judge, cache=file)
    assert again.estimate(trace) == Cost(seconds=0.0)
    assert whole(again.score(trace)).value == 1.0
    assert (len(judge.prompts), again.spent.calls) == (3, 0)
    other = RagasScorer("faithfulness", judge, cache=file).estimate(trace)
    assert other.calls == 2
    assert other.seconds is not None  # this judge's answers were timed


def test_what_failed_is_not_kept(trace, judge, tmp_path: Path):
    broken = ScriptedJudge(lambda prompt: "no")
    RagasScorer("faithfulness", broken, cache=tmp_path / "judge.db", retries=0).score(trace)
    assert whole(RagasScorer("faithfulness", judge, cache=tmp_path / "judge.db").score(trace)).value == 0.5


def test_calls_run_at_the_same_time_and_no_more_than_allowed():
    running, most = 0, 0

    async def judge(prompt: str) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return '{"reason": "r", "verdict": 1}'

    trace = build(
        "chain > (r1:retriever), (r2:retriever), (r3:retriever), (r4:retriever), llm", QUESTION, ANSWER,
        **{f"r{n}": {"documents": [f"{RIGHT} {n}", f"{OTHER} {n}"]} for n in (1, 2, 3, 4)}, llm={"input": "x", "output": ANSWER},
    )  # fmt: skip
    scores = RagasScorer("context_utilization", judge, concurrency=3).score(trace)
    assert ({score.value for score in scores}, most, len(scores)) == ({1.0}, 3, 12)


def test_it_works_inside_a_running_event_loop(trace, judge):
    async def host() -> list[Score]:
        return RagasScorer("faithfulness", judge).score(trace)

    assert whole(asyncio.run(host())).value == 0.5


def test_tokens_are_those_that_the_model_reports(trace):
    def judge(prompt: str) -> Reply:
        return Reply('{"reason": "r", "verdict": 1}', 100, 7)

    scorer = RagasScorer("context_utilization", judge)
    scorer.score(trace)
    assert (scorer.spent.calls, scorer.spent.input_tokens, scorer.spent.output_tokens) == (2, 200, 14)


# --- what a user can do wrong


@pytest.mark.parametrize(
    ("metric", "error", "says"),
    [
        ("faithfulnes", UnusableMetric, "did you mean faithfulness"),
        ("tool_call_accuracy", UnusableMetric, "user_input as a conversation"),
        ("topic_adherence_score", UnusableMetric, "no metric of ragas that judges a single question"),
        ("multi_modal_faithfulness", UnusableMetric, "it judges pictures"),
        ("aspect_critic", UnusableMetric, "cannot be made without more options"),
        (str.upper, UnusableMetric, "no metric of ragas"),
    ],
)
def test_metrics_that_cannot_be_used(judge, metric, error, says):
    with pytest.raises(error, match=says):
        RagasScorer(metric, judge)


def test_judges_and_embeddings_that_cannot_be_used(judge):
    with pytest.raises(UnusableJudge, match="it needs a judge, and none is given"):
        RagasScorer("faithfulness")
    with pytest.raises(UnusableJudge, match="cannot judge with a int"):
        RagasScorer("faithfulness", 3)
    with pytest.raises(UnusableEmbeddings, match="cannot embed with a int"):
        RagasScorer("answer_relevancy", judge, embeddings=3)


def test_every_named_metric_can_be_made_or_says_why_not(judge):
    said: list[str] = []
    for name in metric_names():
        try:
            RagasScorer(name, judge, references=GOLD)
        except WeaklinkError as error:
            said.append(str(error))
    assert all(message.startswith("cannot score with") for message in said)
    assert len(metric_names()) - len(said) >= 30


def test_other_prompts_other_references_and_other_options_are_another_version(judge):
    def version(**options: Any) -> str:
        return RagasScorer("context_recall", judge, **options).version

    versions = {version(), version(references=GOLD), version(delimited=False), version(references={QUESTION: RIGHT})}
    assert len(versions) == 4
    assert version() == version()
    assert version().startswith("ragas:context_recall/0.4")


def test_traces_are_not_changed(trace: Trace, judge):
    before = trace.content_hash
    RagasScorer("context_precision", judge, references=GOLD).score(trace)
    assert Trace.of(trace.spans).content_hash == before
