"""What is stored is used while it is up to date, and never longer."""

from pathlib import Path

import pytest

from weaklink import Score, Trace, diagnose, open_store
from weaklink.examine import current_scores, diagnosis_version, examine
from weaklink.score_many import Tally, estimate_many, score_many
from weaklink.scoring import Cost, FunctionScorer, Groundedness, default_scorers
from weaklink.store import Store
from weaklink.testing import build

QUESTION = "How much is standby pay for a weekday night?"
PASSAGE = "Standby pay is 45 euros for a weekday night."


def answered(answer: str, number: int = 1) -> Trace:
    return build(
        "chain > retriever, prompt, llm", QUESTION, answer, trace_id=number,
        retriever={"input": QUESTION, "documents": [PASSAGE]},
        prompt={"input": {"context": PASSAGE}, "output": PASSAGE},
        llm={"input": f"{PASSAGE}\n{QUESTION}", "output": answer},
    )  # fmt: skip


RIGHT, WRONG = "Standby pay for a weekday night is 45 euros.", "Standby pay for a weekday night is 90 euros."


class Judge:
    """Counts how often it is asked, and gives what it was made with."""

    name = "judge"

    def __init__(self, value: float | None = 0.5, version: str = "judge/1", concurrency: int = 1) -> None:
        self.value, self.version, self.asked, self.concurrency = value, version, 0, concurrency

    def score(self, trace: Trace) -> list[Score]:
        self.asked += 1
        if self.value is None:
            return [Score.unscored(trace.id, self.name, "it is asleep", scorer=self.version)]
        return [Score(span_id=trace.id, name=self.name, value=self.value, scorer=self.version)]

    def estimate(self, trace: Trace) -> Cost:
        return Cost(2, len(trace.question), 10, None)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "traces.db")


def stored(store: Store, trace: Trace) -> Trace:
    store.write([trace])
    return store.get(trace.id)


def values(store: Store, trace: Trace, name: str) -> list[float | None]:
    return [score.value for score in store.scores(trace.id) if score.name == name]


def test_a_score_is_kept_while_trace_and_scorer_stay_the_same(store: Store):
    trace, judge = stored(store, answered(RIGHT)), Judge()
    first, second = examine(trace, store, [judge]), examine(trace, store, [judge])
    assert judge.asked == 1
    assert (first.scores, first.diagnosis) == (second.scores, second.diagnosis)
    assert (first.ran >= {"judge", "groundedness"}, second.ran) == (True, frozenset())
    examine(trace, store, [judge], again=True)
    assert judge.asked == 2


def test_another_version_of_the_scorer_scores_again_and_replaces(store: Store):
    trace = stored(store, answered(RIGHT))
    examine(trace, store, [Judge(0.2)])
    found = examine(trace, store, [Judge(0.8, "judge/2")])
    assert [score.value for score in found.scores if score.name == "judge"] == [0.8]
    assert values(store, trace, "judge") == [0.8]


def test_what_had_no_value_is_tried_again(store: Store):
    trace, judge = stored(store, answered(RIGHT)), Judge(None)
    examine(trace, store, [judge])
    judge.value = 0.7
    assert [s.value for s in examine(trace, store, [judge]).scores if s.name == "judge"] == [0.7]
    assert (judge.asked, values(store, trace, "judge")) == (2, [0.7])


def test_a_scorer_without_a_version_is_never_up_to_date(store: Store):
    trace, judge = stored(store, answered(RIGHT)), Judge(version="")
    examine(trace, store, [judge])
    examine(trace, store, [judge])
    assert judge.asked == 2


def test_a_trace_that_changed_is_scored_and_diagnosed_anew(store: Store):
    before, judge = stored(store, answered(RIGHT)), Judge()
    assert examine(before, store, [judge]).diagnosis.verdict == "ok"
    after = stored(store, answered(WRONG))
    assert (store.summaries()[0].version, store.diagnosis(after.id, diagnosis_version())) == ("", None)
    assert "judge" not in {score.name for score in examine(after, store).scores}
    found = examine(after, store, [judge])
    assert (found.diagnosis.verdict, judge.asked) == ("broken", 2)
    assert store.summaries()[0].verdict == "broken"
    assert {score.content for score in store.scores(after.id)} == {after.content_hash} != {before.content_hash}


def test_writing_the_same_again_loses_no_score(store: Store):
    trace, judge = stored(store, answered(RIGHT)), Judge()
    examine(trace, store, [judge])
    examine(stored(store, answered(RIGHT)), store, [judge])
    assert judge.asked == 1


def test_scores_of_an_older_default_scorer_are_replaced(store: Store):
    trace = stored(store, answered(WRONG))
    old = [score.model_copy(update={"scorer": "groundedness/0", "value": 1.0, "content": trace.content_hash})
           for score in examine(trace).scores if score.name == "groundedness"]  # fmt: skip
    store.add_scores(trace.id, old)
    store.add_diagnosis(diagnose(trace, old), "an older version")
    assert current_scores(store.scores(trace.id), trace.content_hash) == []
    assert examine(trace, store).diagnosis.verdict == "broken"
    assert {score.scorer for score in store.scores(trace.id) if score.name == "groundedness"} == {Groundedness.version}


def test_another_scorer_of_the_same_name_stands_in_for_the_default_one(store: Store):
    trace = stored(store, answered(RIGHT))

    def mine(trace: Trace) -> Score:
        return Score(span_id=trace.dataflow.generator.id, name="", value=0.03)  # type: ignore[union-attr]

    for scorers in ([FunctionScorer(mine, "groundedness")], []):
        found = [score for score in examine(trace, store, scorers).scores if score.name == "groundedness"]
        assert [(score.value, score.scorer.partition("/")[0]) for score in found] == [(0.03, "function:groundedness")]
    found = [score for score in examine(trace, store, [Groundedness()]).scores if score.name == "groundedness"]
    assert {score.scorer for score in found} == {Groundedness.version}


def test_each_default_scorer_says_its_version():
    trace = answered(RIGHT)
    for scorer in default_scorers():
        assert {score.scorer for score in scorer.score(trace)} == {scorer.version}  # type: ignore[attr-defined]


def test_a_new_score_takes_the_old_diagnosis_away(store: Store):
    trace = stored(store, answered(RIGHT))
    examine(trace, store)
    store.add_scores(trace.id, [Score(span_id=trace.id, name="mine", value=0.1)])
    assert store.diagnosis(trace.id, diagnosis_version()) is None


@pytest.mark.parametrize("concurrency", [1, 3])
def test_many_are_scored_counted_and_resumed(store: Store, concurrency: int):
    traces = [stored(store, answered(RIGHT, number)) for number in range(1, 8)]
    judge = Judge(concurrency=concurrency)
    listening = score_many(traces, store, [judge])
    next(listening)
    listening.close()  # as Ctrl-C does
    tally = Tally("judge")
    for examined in score_many(traces, store, [judge]):
        tally.add(examined)
    assert (tally.asked, tally.scored, judge.asked >= 7) == (7, 7, True)
    assert 1 <= tally.kept <= 1 + concurrency
    assert str(tally) == f"scored 7 of 7 ({tally.kept} from before)"


def test_why_there_is_no_value_is_counted(store: Store):
    traces = [stored(store, answered(RIGHT, number)) for number in (1, 2)]
    tally = Tally("judge")
    for examined in score_many(traces, store, [Judge(None)]):
        tally.add(examined)
    assert (str(tally), tally.reasons) == ("scored 0 of 2", {"it is asleep": 2})


def test_a_broken_store_stops_all_threads_and_is_raised(store: Store):
    def traces():
        yield stored(store, answered(RIGHT))
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(score_many(traces(), store, [Judge(concurrency=4)]))


def test_an_estimate_counts_what_is_still_to_do(store: Store):
    traces = [stored(store, answered(RIGHT, number)) for number in (1, 2, 3)]
    examine(traces[0], store, [Judge()])
    judged, offline = estimate_many(traces, store, [Judge(), Groundedness()])
    assert (judged.traces, judged.cost) == (2, Cost(4, 2 * len(QUESTION), 20, None))
    assert (offline.traces, offline.cost) == (2, Cost())
    assert [score.name for score in store.scores(traces[1].id)] == []
