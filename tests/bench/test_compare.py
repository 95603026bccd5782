"""Whole comparisons, with real stores in processes of their own."""

import json

import pytest

from weaklink.bench import compare, load_result
from weaklink.bench.alone import UnusableFolder, alone_in
from weaklink.bench.comparison import result_of
from weaklink.bench.measure import Task
from weaklink.bench.recipes import UnknownStore, choose, pip_line
from weaklink.bench.run import AGAIN, Run
from weaklink.bench.vectors import Vectors


@pytest.fixture
def asked(docs, tmp_path, monkeypatch):
    """compare(...) in an empty folder, over the small corpus, quick."""
    monkeypatch.chdir(tmp_path)
    return lambda stores, **more: compare(stores, docs, **{"repeats": 1, "rounds": 1, **more})


def test_exact_stores_find_everything(asked, tmp_path):
    result = asked(["exact", "memory", "chroma"])
    assert [store.status for store in result.stores] == ["ok"] * 3, [store.reason for store in result.stores]
    assert {store.name: store.recall.value for store in result.stores} == {
        "exact": 1,
        "langchain.memory": 1,
        "langchain.chroma": 1,
    }
    chroma = result.store("chroma")
    assert chroma.split.store_ns > 0 < chroma.split.framework_ns
    assert chroma.cold_ms > 0 < chroma.disk_bytes
    assert "Quality: all find the same 10 passages" in result.verdict[0]
    rows = [json.loads(line) for line in (tmp_path / ".weaklink" / "bench" / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 3 * result.corpus.queries
    assert all(row["recall"] == 1 and len(row["latency_us"]) == 1 for row in rows)
    assert not (tmp_path / ".weaklink" / "bench" / "unfinished").exists()


def test_an_interrupted_comparison_goes_on_where_it_was(asked):
    steps = []

    def stop(step):
        steps.append(step.store)
        if len(steps) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(["exact", "bm25"], repeats=2, progress=stop)
    again = []
    result = asked(["exact", "bm25"], repeats=2, progress=lambda step: again.append(step.store))
    assert [store.repeats for store in result.stores] == [2, 2]
    assert result.control is not None
    assert len(again) == 5 + 1  # the one that was measured before, and the end


def test_when_time_is_up_the_result_is_of_what_was_measured_and_the_rest_comes_later(asked):
    steps = []
    result = asked(["exact", "bm25"], repeats=2, progress=steps.append, is_time_up=lambda: len(steps) > 3)
    assert (result.repeats, result.store("exact").repeats + result.store("bm25").repeats) == (1, 3)
    assert result.control is None
    again = []
    whole = asked(["exact", "bm25"], repeats=2, progress=again.append)
    assert (whole.repeats, again[0].done, again[-1].done) == (2, 4, 6)


def test_a_store_that_was_not_reached_is_named(asked):
    result = asked(["exact"], is_time_up=lambda: True)
    assert (result.store("exact").status, result.verdict) == (
        "missing",
        ("No vector store could be measured, so there is nothing to compare.",),
    )
    assert "exact: not reached in the time given" in str(result)


def test_what_failed_before_an_interruption_is_tried_again(asked):
    def stop(step):
        if step.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(["exact", "bm25"], limit_s=0.01, progress=stop)
    assert [store.status for store in asked(["exact", "bm25"]).stores] == ["ok", "ok"]


def test_a_corpus_that_every_search_returns_whole_says_nothing_of_quality(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = compare(["exact"], ["Vacation is 27 days.", "Sick notes from day three."], repeats=1, rounds=1)
    assert result.verdict[0].startswith("Quality: nothing can be said. The corpus has 2 passages")


def test_what_the_corpus_and_the_labels_lack_is_in_the_result(docs, asked, tmp_path):
    (docs / "scan.pdf").write_bytes(b"%PDF")
    queries = [{"question": "What is a river?", "relevant": ["rivers.md", "seas.md"]}]
    result = asked(["exact"], queries=queries)
    assert result.corpus.notes == (
        "not read: 1 .pdf (.md, .markdown, .txt, .rst, .text are read; convert the others to text)",
        "1 of 2 labels name nothing in the corpus: seas.md",
    )
    assert result.corpus.labelled == 1
    assert "corpus: not read: 1 .pdf" in str(result)


def test_two_comparisons_in_one_folder_would_measure_each_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus = ["Vacation is 27 days.", "Sick notes from day three."]
    with alone_in(tmp_path / ".weaklink" / "bench"), pytest.raises(UnusableFolder, match="another comparison runs in"):
        compare(["exact"], corpus, repeats=1, rounds=1)
    assert compare(["exact"], corpus, repeats=1, rounds=1).measured


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".weaklink").write_text("a file")
    with pytest.raises(UnusableFolder, match=r"nothing can be written in .*bench"):
        compare(["exact"], ["Vacation is 27 days.", "Sick notes from day three."], repeats=1, rounds=1)


def test_the_pip_line_can_be_pasted_into_a_shell():
    assert pip_line(("langchain-milvus", "pymilvus<2.6.6")) == "pip install langchain-milvus 'pymilvus<2.6.6'"


def test_a_store_that_is_not_installed_is_named_with_its_pip_line(asked, monkeypatch):
    monkeypatch.setattr(
        "weaklink.bench.session.missing_packages", lambda recipe: ("bm25s",) if recipe.name == "bm25" else ()
    )
    result = asked(["exact", "bm25"])
    assert (result.store("bm25").status, result.store("bm25").reason) == ("missing", "not installed: pip install bm25s")
    assert "bm25: not installed: pip install bm25s" in str(result)


def test_a_store_that_fails_is_reported_and_the_others_are_measured(asked):
    result = asked(["exact", "faiss-ivf", "chroma"], settings={"chroma": {"m": ["many"]}})
    broken = result.store("chroma m=many")
    assert broken.status == "failed"
    assert "invalid literal for int()" in broken.reason
    assert result.verdict[0].startswith("FAILED: chroma m=many")
    assert result.store("exact").status == "ok"


def test_a_process_that_takes_too_long_is_stopped_and_reported(asked):
    result = asked(["exact"], limit_s=0.01)
    assert result.store("exact").reason.startswith("not done within 0.01 s")


@pytest.mark.parametrize(
    ("stores", "more", "says"),
    [
        (["pinecone"], {}, "there is no store 'pinecone'; there are exact"),
        (["qdrannt"], {}, "there is no store 'qdrannt'; did you mean qdrant?"),
        (["exact"], {"framework": "haystack"}, "there is no framework 'haystack'"),
        (["exact"], {"settings": {"chroma": {"ef": [1]}}}, "which is not among the stores chosen: exact"),
        (
            ["chroma"],
            {"settings": {"chroma": {"speed": [1]}}},
            "chroma has no parameter 'speed'; there are m, ef_construction, ef",
        ),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_measured(asked, stores, more, says):
    with pytest.raises(UnknownStore, match=says):
        asked(stores, **more)


def _run(workload, name, found, times=(1_000_000,), **more):
    count = len(workload.queries)
    return Run(
        store=name, repeat=0, status="ok", framework="none", queries=tuple(range(count)), latency_ns=tuple(times) * count, found=found,
        **{"kind": "approximate", "self_found": 1.0, **more},
    )  # fmt: skip


def _result(workload, *runs, repeats=1):
    vectors = Vectors("test", workload.vectors, workload.query_vectors, ())
    return result_of(runs, workload, vectors, Task(), repeats, "test")


def _truth(workload, k=10):
    return tuple(tuple(workload.passages[int(row)].id for row in rows) for rows in workload.truth(k))


def test_a_store_that_does_not_find_passages_by_their_own_text_is_invalid(workload):
    result = _result(
        workload, _run(workload, "odd", _truth(workload), self_found=0.4), _run(workload, "fine", _truth(workload))
    )
    assert result.store("odd").status == "invalid"
    assert "only 40% of the passages come back first when asked by their own text" in result.store("odd").reason
    assert result.store("fine").status == "ok"


def test_a_store_that_says_it_is_exact_and_is_not_is_invalid(workload):
    half = tuple(row[:5] for row in _truth(workload))
    assert _result(workload, _run(workload, "odd", half, kind="exact")).store("odd").status == "invalid"
    approximate = _result(workload, _run(workload, "hnsw", half)).store("hnsw")
    assert (approximate.status, approximate.recall.value) == ("ok", pytest.approx(0.5))


def test_queries_that_one_store_alone_gets_wrong_are_named(workload):
    truth = _truth(workload)
    missed = (truth[0][1:] if truth[0][0] in workload.queries[0].relevant else truth[0], *truth[1:])
    result = _result(workload, _run(workload, "a", truth), _run(workload, "b", missed))
    assert [query.id for query in result.store("b").only_wrong] == ["q0"]
    assert result.store("a").only_wrong == ()
    tally = result.store("b").against_exact
    assert (tally.better, tally.same, tally.worse) == (0, 11, 1)


def test_times_that_overlap_are_no_difference_and_a_factor_of_ten_is_one(workload):
    truth = _truth(workload)
    runs = [
        _run(workload, name, truth, [round(base * noise * 1e6)]).model_copy(update={"repeat": repeat})
        for name, base in (("a", 1.0), ("b", 1.02), ("c", 10.0), ("a" + AGAIN, 1.0))
        for repeat, noise in enumerate((1.0, 1.5, 1.2) if name != "b" else (1.1, 1.4, 1.25))
    ]
    result = _result(workload, *runs, repeats=3)
    claims = {(pair.faster, pair.slower): pair.is_measurable for pair in result.differences}
    assert claims == {("a", "b"): False, ("a", "c"): True, ("b", "c"): True}
    said = " ".join(result.verdict)
    assert "between it and b there is no difference that you can measure here" in said
    assert "The others take longer: c 10.0x" in said
    assert [store.name for store in result.stores] == ["a", "b", "c"]
    assert result.order_tau == 1 or 0 < result.order_tau < 1


def test_the_front_holds_what_nothing_else_beats(workload):
    truth = _truth(workload)
    half = tuple(row[:5] for row in truth)
    result = _result(
        workload,
        _run(workload, "best", truth, [100]),
        _run(workload, "slow", truth, [900]),
        _run(workload, "fast", half, [10]),
    )
    assert {store.name for store in result.stores if store.on_pareto_front} == {"best", "fast"}


def test_a_result_comes_back_from_its_file(workload, tmp_path):
    result = _result(workload, _run(workload, "a", _truth(workload)))
    (tmp_path / "r.json").write_text(result.model_dump_json())
    assert load_result(tmp_path / "r.json") == result


def test_the_name_of_a_library_stands_for_all_its_index_types():
    names = [contender.recipe.full_name for contender in choose(["faiss"], "langchain", {})]
    assert names == ["langchain.faiss-flat", "langchain.faiss-hnsw", "langchain.faiss-ivf"]
    assert [contender.recipe.full_name for contender in choose(["chroma"], "langchain", {})] == ["langchain.chroma"]
