"""`weaklink diff`, `score`, `export`, `import`, `doctor`."""

import json
import os
import stat

import pytest

from weaklink import open_store, read
from weaklink.export import read_entries
from weaklink.testing import build


def test_diff_says_what_changed(filled):
    text = filled.ok("diff", "a1", "b2")
    assert "- 000000a1  OK" in text
    assert "+ 000000b2  BROKEN at generate" in text
    assert "lost     1  handbook.md" in text
    data = filled.json("diff", "a1", "b2")
    assert (data["before"]["verdict"], data["after"]["verdict"]) == ("ok", "broken")
    assert {change["name"] for change in data["changes"]} >= {"search", "write"}


def test_diff_of_a_trace_with_itself_is_empty(filled):
    assert filled.json("diff", "a1", "a1")["changes"] == []


def test_score_scores_and_stores(filled):
    data = filled.json("score", "standby", "--with", "groundedness")
    assert data["scorers"] == ["groundedness"]
    (trace,) = data["traces"]
    assert {score["name"] for score in trace["scores"]} == {"groundedness"}
    stored = open_store(filled.store).scores(trace["id"])
    assert {score.name for score in stored} >= {"groundedness", "relevance"}  # the diagnosis needs the others too
    assert "groundedness" in filled.ok("score", "--with", "relevance,groundedness")


def test_scoring_twice_keeps_one_of_each(filled):
    filled.ok("score", "b2")
    before = len(open_store(filled.store).scores(open_store(filled.store).get("b2").id))
    filled.ok("score", "b2")
    assert len(open_store(filled.store).scores(open_store(filled.store).get("b2").id)) == before


SCORERS = """
def failing(trace):
    raise TimeoutError("the judge sleeps")


def picky(trace):
    return 1.0 if "standby" in trace.question else (None, "not about standby")
"""


@pytest.mark.parametrize(
    ("scorers", "code"),
    [
        ("mine.py:failing", 1),
        ("groundedness,mine.py:failing", 1),  # it was asked for, and nobody has it
        ("mine.py:picky", 0),  # one of three has a score
        ("groundedness", 0),
    ],
)
def test_a_named_scorer_that_scored_nothing_is_a_failure(filled, tmp_path, scorers, code):
    (tmp_path / "mine.py").write_text(SCORERS)
    counts = filled.json("score", "--with", scorers, code=code)["counts"]
    assert [count["asked"] for count in counts] == [3] * len(counts)
    assert min(count["scored"] for count in counts) == 0 if code else min(count["scored"] for count in counts) > 0
    shown = filled("score", "--with", scorers)
    assert shown.exit_code == code
    assert ("3 not: the scorer failed: TimeoutError: the judge sleeps" in shown.stdout) is bool(code)
    filled.ok("score", "--with", scorers, "--estimate")  # nothing was to be scored


def test_without_names_it_is_a_failure_when_no_scorer_could_score(cli):
    store = open_store(cli.store)
    store.write(
        [build("search:retriever", trace_id=0xA1, search={"input": "standby pay", "documents": ["Pay is 45."]})]
    )
    store.close()
    counts = {count["scorer"]: count["scored"] for count in cli.json("score")["counts"]}
    assert (counts["relevance"], counts["groundedness"]) == (1, 0)  # a search alone is right: nobody answers
    assert cli("score", "--with", "groundedness").exit_code == 1
    store = open_store(cli.store)
    store.write([build("work:chain", trace_id=0xB2)])
    store.close()
    assert {count["scored"] for count in cli.json("score", "b2", code=1)["counts"]} == {0}


def test_what_was_exported_can_be_read_and_imported(filled, tmp_path):
    assert filled.json("export", "-o", "traces.jsonl") == {"written": "traces.jsonl", "format": "jsonl", "traces": 3}
    store = open_store(filled.store)
    assert [trace.id for trace in read("traces.jsonl")] == [trace.id for trace in store.traces()]
    assert all(entry.diagnosis is not None for entry in read_entries("traces.jsonl"))
    assert filled.json("import", "traces.jsonl", "--store", "copy.db")["traces"] == 3
    copy = open_store("copy.db")
    assert list(copy.traces()) == list(store.traces())
    assert [s.verdict for s in copy.summaries()] == [s.verdict for s in store.summaries()]
    trace = store.get("b2")
    assert copy.scores(trace.id) == store.scores(trace.id)


def test_importing_twice_changes_nothing(filled):
    filled.ok("export", "-o", "traces.jsonl")
    before = filled.json("list")
    filled.ok("import", "traces.jsonl")
    assert filled.json("list") == before


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("r.html", "<!doctype html>"),
        ("r.md", "## BROKEN"),
        ("r.txt", "| BROKEN"),
        ("r.json", "{"),
        ("r.jsonl", '{"weaklink":1'),
    ],
)
def test_the_suffix_says_the_form(filled, tmp_path, name, begins):
    filled.ok("export", "b2", "-o", name)
    written = tmp_path / name
    assert written.read_text().startswith(begins)
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == [".weaklink", name]
    assert filled.ok("export", "b2", "-f", name.partition(".")[2]) == written.read_text()


@pytest.mark.parametrize("name", ["r.pdf", "r.jsonl.gz", "traces.csv"])
def test_a_suffix_that_says_another_form_is_refused_unless_one_is_given(filled, tmp_path, name):
    message = filled.fails("export", "b2", "-o", name)
    assert "use one of .jsonl, .html, .md, .txt, .json, or say which one with --format" in message
    assert not (tmp_path / name).exists()
    filled.ok("export", "b2", "-o", name, "--format", "html")
    filled.ok("export", "b2", "-o", "no_suffix")
    assert (tmp_path / name).read_text().startswith("<!doctype html>")
    assert (tmp_path / "no_suffix").read_text().startswith('{"weaklink":1')


def test_export_to_stdout_is_json_lines(filled):
    lines = filled.ok("export").splitlines()
    assert [json.loads(line)["weaklink"] for line in lines] == [1, 1, 1]


def test_doctor_finds_all_well(filled):
    data = filled.json("doctor")
    assert data["ok"]
    assert {check["part"] for check in data["checks"]} == {"versions", "integrations", "extras", "demo", "store"}
    said = {(check["part"], check["name"]): check for check in data["checks"]}
    assert said["store", "contents"]["says"].startswith("3 traces, 11 spans")
    assert "quick_check" in filled.ok("doctor")
    assert "integrity_check" in filled.ok("doctor", "--deep")


def test_doctor_says_how_to_get_what_is_not_installed(cli, monkeypatch):
    found = {check["name"]: check for check in cli.json("doctor")["checks"] if check["part"] == "extras"}
    assert {name: check["state"] for name, check in found.items()} == {"viewer": "ok", "ragas": "ok", "models": "ok"}
    monkeypatch.setattr("weaklink.cli.checks._has_module", lambda name: name != "uvicorn")
    viewer = next(check for check in cli.json("doctor")["checks"] if check["name"] == "viewer")
    assert (viewer["state"], viewer["advice"]) == ("missing", 'pip install "weaklink[view]"')


def test_doctor_without_a_store_is_not_alarmed(cli):
    assert cli.json("doctor")["ok"]
    assert not cli.json("doctor", "--store", "nowhere.db", code=1)["ok"]


def test_doctor_finds_a_store_that_others_can_read(filled):
    filled.store.chmod(0o644)
    wrong = [check for check in filled.json("doctor", code=1)["checks"] if check["state"] == "wrong"]
    assert [check["advice"] for check in wrong] == ["chmod 600 .weaklink/traces.db"]


def test_doctor_finds_a_damaged_store(filled):
    open_store(filled.store).close()
    data = bytearray(filled.store.read_bytes())
    data[4096:-4096] = os.urandom(len(data) - 8192)
    filled.store.write_bytes(data)
    assert not filled.json("doctor", code=1)["ok"]
