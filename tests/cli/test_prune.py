"""`weaklink prune`."""

import time

import pytest

from weaklink import open_store
from weaklink.model import Trace
from weaklink.testing import build

DAY = 86_400 * 10**9


@pytest.fixture
def aged(tmp_path, monkeypatch):
    """Traces of 1, 10 and 100 days ago; the oldest is broken."""
    monkeypatch.chdir(tmp_path)
    store = open_store()
    for number, days in enumerate((1, 10, 100), start=1):
        trace = build("chain > llm!" if days == 100 else "chain > llm", f"question {number}", trace_id=number)
        began = time.time_ns() - days * DAY
        store.write([Trace.of(span.model_copy(update={"start_ns": began + n}) for n, span in enumerate(trace.spans))])
    yield store
    store.close()


def questions(store) -> list[str]:
    return [trace.question for trace in store.traces()]


def test_old_traces_go_and_broken_ones_later(cli, aged):
    assert cli.ok("prune", "--days", "9").startswith("2 traces deleted")
    assert questions(aged) == ["question 1"]


def test_limits_count_and_factor(cli, aged):
    found = cli.json("prune", "--days", "26")
    assert (found["deleted"], found["traces"], found["dry_run"]) == (0, 3, False)
    assert cli.json("prune", "--days", "24")["deleted"] == 1
    assert questions(aged) == ["question 1", "question 2"]
    assert cli.json("prune", "--keep", "1", "--longer", "1")["deleted"] == 1
    assert questions(aged) == ["question 1"]


def test_a_dry_run_deletes_nothing(cli, aged):
    said = cli.ok("prune", "--keep", "1", "--dry-run")
    assert said.startswith("2 traces of 3 would be deleted; the store takes ")
    assert len(questions(aged)) == 3


def test_the_settings_hold_where_no_limit_is_given(cli, aged, monkeypatch):
    monkeypatch.setenv("WEAKLINK_KEEP_TRACES", "2")
    monkeypatch.setenv("WEAKLINK_KEEP_LONGER", "1")
    assert cli.json("prune")["deleted"] == 1
    assert questions(aged) == ["question 1", "question 2"]


def test_nothing_to_prune_by_is_an_error(cli, aged):
    assert cli.fails("prune") == (
        "weaklink: nothing says what to delete: no limit is given, and none is set; type: weaklink prune --days 30 "
        "(or --keep N, or --size 2GB)\n"
    )
    assert len(questions(aged)) == 3


@pytest.mark.parametrize("size", ["", "much", "5zb", "-1GB", "1e9"])
def test_a_size_that_makes_no_sense_is_an_error(cli, aged, size):
    assert "type it like 500MB or 2GB" in cli.fails("prune", "--size", size)
    assert len(questions(aged)) == 3


@pytest.mark.parametrize(("size", "left"), [("1.5 GB", 3), ("0b", 0), ("1000000", 3)])
def test_a_size_has_a_unit(cli, aged, size, left):
    cli.ok("prune", "--size", size)
    assert len(questions(aged)) == left
