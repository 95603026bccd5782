"""`weaklink show` and `weaklink list`."""

import pytest

from weaklink import open_store
from weaklink.examine import diagnosis_version


def test_show_shows_the_newest_trace(filled):
    text = filled.ok("show")
    assert text.startswith("| BROKEN at generate (write): raised")
    assert "What is the dress code?" in text
    assert "Error in write" in text


def test_an_id_may_be_shortened_from_its_end(filled):
    shown = filled.json("show", "b2")["trace"]
    assert shown["question"] == "How much is standby pay for a weekday night?"
    assert shown["id"].endswith("b2")
    assert filled.json("show", shown["id"])["trace"] == shown


def test_show_as_json_has_all_parts(filled):
    data = filled.json("show", "b2")
    assert list(data) == ["trace", "diagnosis", "strip", "steps", "retrievals", "sentences", "scores"]
    assert data["diagnosis"]["verdict"] == "broken"
    assert data["diagnosis"]["culprit"]["name"] == "write"
    assert data["retrievals"][0]["passages"][0]["share_in_prompt"] == 1.0
    assert [step["name"] for step in data["steps"]] == ["handbook", "search", "fill", "write"]


@pytest.mark.parametrize(("trace", "code"), [("a1", 0), ("b2", 1), ("c3", 1)])
def test_check_tells_a_script_whether_the_trace_is_broken(filled, trace, code):
    result = filled("show", trace, "--check")
    assert result.exit_code == code
    assert result.stdout
    assert filled("show", trace).exit_code == 0
    filled.json("show", trace, "--check", code=code)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_show_keeps_to_the_width(filled, width):
    for trace in ("a1", "b2", "c3"):
        assert max(map(len, filled.ok("show", trace, "--width", str(width)).split("\n"))) <= width


def test_what_show_computes_is_stored(filled):
    store = open_store(filled.store)
    trace = store.latest()
    assert (store.scores(trace.id), store.diagnosis(trace.id, diagnosis_version())) == ([], None)
    filled.ok("show")
    assert store.diagnosis(trace.id, diagnosis_version()) is not None
    filled.ok("show", "a1")
    assert {score.name for score in store.scores(store.get("a1").id)} >= {"relevance", "groundedness"}


def test_list_diagnoses_what_it_lists(filled):
    lines = filled.ok("list", "--width", "160").splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["verdict", "broken", "broken", "ok"]
    assert "generate: raised" in lines[1]
    assert lines[2].split()[-1] == "0000000000b2"
    assert "134" in lines[2]
    assert lines[-1] == "weaklink show 0000000000c3  tells more of the first one"
    assert [summary.verdict for summary in open_store(filled.store).summaries()] == ["broken", "broken", "ok"]


def test_list_finds_words_and_keeps_to_a_limit(filled):
    data = filled.json("list", "standby pay")
    assert [trace["question"] for trace in data["traces"]] == ["How much is standby pay for a weekday night?"]
    assert data["store"] == ".weaklink/traces.db"
    assert len(filled.json("list", "-n", "2")["traces"]) == 2
    assert "No trace fits: elephants" in filled.ok("list", "elephants")
    assert filled.json("list", "elephants")["traces"] == []


def test_list_as_json_has_stable_keys(filled):
    (first, *_) = filled.json("list")["traces"]
    assert list(first) == [
        "id", "name", "status", "waiting", "verdict", "culprit", "failure", "confidence", "summary", "question", "answer", "start_ns",
        "duration_ns", "steps", "usage", "cost_usd", "cost_reason",
    ]  # fmt: skip


def test_a_trace_that_is_still_running_is_shown_and_its_verdict_not_kept(cli):
    from weaklink.testing import build

    store = open_store(cli.store)
    store.write([build("chain[incomplete] > llm", "Who?", trace_id=7)])
    cli.ok("show")
    cli.ok("list")
    assert store.diagnosis(store.latest().id, diagnosis_version()) is None


def test_an_empty_store_says_what_to_type_next(cli):
    open_store(cli.store).write([])
    open_store(cli.store).add_scores("none", [])
    text = cli.ok("list")
    assert "WeaklinkCallbackHandler" in text
    assert "weaklink demo" in text
    assert cli.json("list")["traces"] == []
    assert "no chain has been recorded yet" in cli.fails("show")
