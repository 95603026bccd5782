"""`weaklink bench compare`: what is a regression, and what cannot be one."""

import pytest

from weaklink.bench.regression import regressions
from weaklink.bench.result import Control, Corpus, Estimate, Latency, Result, StoreResult
from weaklink.bench.show import comparison_as_text
from weaklink.report.text.look import Look

MACHINE = {"system": "Linux 6", "processor": "x86_64", "cores": "2", "load": "0.1", "python": "3.11.7"}
CORPUS = Corpus(
    source="docs", passages=200, characters=9_000, queries=100, asked=100, origin="file", labelled=80, embedder="wordllama",
    dimensions=256, embedding_ms=0.1,
)  # fmt: skip


def _store(name="chroma", times=(1.0, 1.1, 1.2), recall=0.99, ndcg=0.5, **more):
    latency = Latency(p50_ms=sorted(times)[len(times) // 2], p95_ms=2, p99_ms=3, samples=300, repeats_p50_ms=times)
    return StoreResult(
        name=name, framework="langchain", kind="approximate", status="ok", repeats=len(times), latency=latency,
        recall=Estimate(value=recall), ndcg=Estimate(value=ndcg), **more,
    )  # fmt: skip


def _result(*stores, corpus=CORPUS, k=10, noise=1.05, **machine):
    control = Control(name="chroma", times=Estimate(value=1.0, low=0.9, high=1.1), noise=noise)
    return Result(
        made="2026-01-01T00:00:00+00:00", version="1.0", machine={**MACHINE, **machine}, corpus=corpus, k=k, repeats=3, rounds=3,
        own_cost_us=0.1, stores=stores, control=control,
    )  # fmt: skip


OLD = _result(_store())


def test_the_same_again_is_fine():
    found = regressions(OLD, OLD)
    assert (found.regressions, found.warnings, found.is_possible) == ((), (), True)
    assert found.summary() == "Nothing got slower or worse (1 store)."


@pytest.mark.parametrize(
    ("new", "measures"),
    [
        (_store(times=(1.9, 2.0, 2.1)), ["p50"]),
        (_store(times=(1.15, 2.0, 2.1)), []),  # a repeat was as fast as before
        (_store(times=(1.3, 1.4, 1.5)), []),  # apart, and less than 1.5 times
        (_store(recall=0.9), ["recall"]),
        (_store(recall=0.98, ndcg=0.49), []),
        (_store(ndcg=0.4), ["ndcg"]),
        (_store("faiss-hnsw"), ["status"]),
    ],
)
def test_a_regression_is_larger_than_the_limits(new, measures):
    assert [change.measure for change in regressions(OLD, _result(new)).regressions] == measures


def test_a_store_that_fails_now_is_a_regression_and_a_new_one_is_none():
    broken = StoreResult(
        name="chroma", framework="langchain", kind="", status="failed", reason="Traceback\nKeyError: 'x'"
    )
    found = regressions(OLD, _result(broken, _store("new")))
    assert [(change.old, change.new, change.says) for change in found.regressions] == [
        ("ok", "failed", "KeyError: 'x'")
    ]


def test_a_machine_that_differs_from_itself_by_more_is_no_regression():
    slow = _store(times=(1.9, 2.0, 2.1))
    assert regressions(OLD, _result(slow, noise=2.2)).regressions == ()
    assert regressions(_result(_store(), noise=2.2), _result(slow)).regressions == ()


def test_speed_on_another_machine_is_not_judged_and_quality_is():
    found = regressions(OLD, _result(_store(times=(9.0, 9.1, 9.2), recall=0.5), cores="64"))
    assert [change.measure for change in found.regressions] == ["recall"]
    assert found.warnings == ("Another machine (cores 2 and 64): speed is not judged.",)


def test_another_kernel_is_said_and_speed_still_judged():
    found = regressions(OLD, _result(_store(times=(9.0, 9.1, 9.2)), system="Linux 7"))
    assert [change.measure for change in found.regressions] == ["p50"]
    assert found.warnings == ("Another machine (system Linux 6 and Linux 7): that may be what changed the speed.",)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"k": 5}, "Another k (10 and 5): nothing is judged."),
        (
            {"corpus": CORPUS.model_copy(update={"passages": 300, "embedder": "minilm"})},
            "Another corpus or other questions (passages 200 and 300, embedder wordllama and minilm): nothing is judged.",
        ),
    ],
)
def test_another_comparison_cannot_be_judged(more, says):
    found = regressions(OLD, _result(_store(times=(9.0, 9.1, 9.2), recall=0.1), **more))
    assert (found.warnings, found.regressions, found.is_possible) == ((says,), (), False)
    assert found.summary() == "Nothing can be judged: these are not two results of the same comparison."


def test_a_single_repeat_is_warned_of():
    alone = _result(_store(times=(1.0,))).model_copy(update={"repeats": 1})
    assert "single repeat" in regressions(alone, OLD).warnings[0]


def test_the_regressions_are_read_first():
    new = _result(_store(), _store("faiss-hnsw", recall=0.5))
    text = comparison_as_text(regressions(_result(_store(), _store("faiss-hnsw")), new), Look(width=80, plain=True))
    lines = text.splitlines()
    assert lines[0] == "1 of 6 figures got slower or worse, those of: faiss-hnsw."
    assert lines[3].split() == ["faiss-hnsw", "recall", "0.990", "0.500", "-0.490", "WORSE"]
    assert all(line.split()[-1] == "ok" for line in lines[4:])
