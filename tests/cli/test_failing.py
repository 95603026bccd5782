"""What a user can do wrong: each a message with what, why and what to type, exit code 2, and never a traceback."""

import os
import sqlite3

import pytest

from weaklink import open_store
from weaklink.scoring import named
from weaklink.store.schema import MIGRATIONS
from weaklink.testing import build

READING = [
    ["show"],
    ["show", "abc1"],
    ["list"],
    ["diff", "a1", "b2"],
    ["score"],
    ["export"],
    ["export", "last", "-f", "html"],
]


def check(message: str) -> None:
    assert message.startswith("weaklink: ")
    assert "Traceback" not in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_there_is_no_store(cli, arguments):
    message = cli.fails(*arguments)
    check(message)
    assert "there is no store at .weaklink/traces.db" in message


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_the_store_is_no_database(cli, arguments, tmp_path):
    (tmp_path / "notes.txt").write_text("these are notes " * 200)
    check(cli.fails(*arguments, "--store", "notes.txt"))


def test_the_store_is_another_programs_database(cli, tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    message = cli.fails("list", "--store", "other.db")
    check(message)
    assert "not a Weaklink store" in message


def test_the_store_is_a_url_of_an_unknown_kind(cli):
    check(cli.fails("list", "--store", "postgres://localhost/x"))


@pytest.mark.parametrize("arguments", [["show"], ["diff", "last", "last"], ["score"], ["export"]], ids=" ".join)
def test_the_store_is_empty(cli, arguments):
    open_store(cli.store).add_scores("none", [])
    message = cli.fails(*arguments)
    check(message)
    assert "empty" in message


@pytest.mark.parametrize(
    "arguments", [["show", "beef1"], ["diff", "beef1", "last"], ["diff", "last", "beef1"]], ids=" ".join
)
def test_the_id_is_unknown(filled, arguments):
    message = filled.fails(*arguments)
    check(message)
    assert "weaklink list" in message


@pytest.mark.parametrize(
    "arguments", [["score", "elephants"], ["export", "elephants"], ["export", "beef1", "-f", "md"]], ids=" ".join
)
def test_nothing_fits_the_words(filled, arguments):
    message = filled.fails(*arguments)
    check(message)
    assert "no trace fits" in message


def test_the_id_is_too_short(filled):
    store = open_store(filled.store)
    store.write([build("chain > llm", "Who?", trace_id=0x1A1)])
    message = filled.fails("show", "a1")
    check(message)
    assert "…0000000000a1" in message
    assert "…0000000001a1" in message


def test_the_scorer_is_unknown_or_its_package_missing(filled, monkeypatch):
    message = filled.fails("score", "--with", "groundednes")
    check(message)
    assert "did you mean 'groundedness'" in message
    monkeypatch.setattr(named, "entry_points", lambda **_: ())
    message = filled.fails("score", "--with", "ragas:faithfulness")
    check(message)
    assert message.strip().endswith("which is not installed: pip install weaklink-ragas")
    check(filled.fails("score", "--with", ","))


def test_the_output_cannot_be_written(filled, tmp_path):
    for target in ("no/such/folder/x.html", str(tmp_path)):
        message = filled.fails("export", "last", "-f", "html", "-o", target)
        check(message)
        assert "cannot write" in message


def test_a_report_is_on_one_trace(filled):
    message = filled.fails("export", "the", "-f", "md")
    check(message)
    assert "fits several traces" in message


def test_json_and_the_export_cannot_both_go_to_stdout(filled):
    check(filled.fails("export", "--json"))


def test_the_store_is_newer_than_this_weaklink(filled):
    filled.ok("list")
    with sqlite3.connect(filled.store) as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    assert len(filled.json("list")["traces"]) == 3  # it can be looked at
    filled.ok("export", "-o", "traces.jsonl")
    message = filled.fails("import", "traces.jsonl")
    check(message)
    assert "pip install --upgrade weaklink" in message
    assert filled("doctor").exit_code == 1


def test_the_file_to_import_is_missing_or_something_else(cli, tmp_path):
    message = cli.fails("import", "nowhere.jsonl")
    check(message)
    assert "cannot read nowhere.jsonl: no such file or directory" in message
    (tmp_path / "bad.jsonl").write_text('\n{"trace": 3}\n')
    message = cli.fails("import", "bad.jsonl")
    check(message)
    assert "line 2 of bad.jsonl" in message
    assert not cli.store.exists()


def test_wrong_usage(cli):
    for arguments in (
        ["shwo"],
        ["show", "--wdith", "3"],
        ["show", "--width", "3"],
        ["diff", "a1"],
        ["export", "-f", "pdf"],
        ["demo", "--llm", "x"],
    ):
        assert cli(*arguments).exit_code == 2
    check(cli.fails("demo", "--case", "nonsense"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_the_store_may_not_be_read(filled):
    filled.store.chmod(0)
    check(filled.fails("list"))


def test_a_file_that_cannot_be_used_is_named(cli, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "/data/vectors")

    monkeypatch.setattr("weaklink.store.open_store", full)
    message = cli.fails("list")
    check(message)
    assert "cannot use /data/vectors: no space left on device" in message


def test_ctrl_c_leaves_with_130_and_no_traceback(cli, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("weaklink.store.open_store", interrupted)
    result = cli("list")
    assert result.exit_code == 130
    assert result.output.strip() == ""
