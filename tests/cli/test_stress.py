"""`weaklink doctor --stress`, in its shortest form."""

import os

import pytest

from weaklink.cli import stress


@pytest.fixture(autouse=True)
def short(monkeypatch):
    for name, value in (("_SECONDS", 0.2), ("_PROCESSES", 1), ("_KILLS", 1), ("_FORKS", 2)):
        monkeypatch.setattr(stress, name, value)


def test_it_says_what_holds_and_leaves_nothing_behind(tmp_path):
    checks = list(stress.stress_checks(tmp_path / ".weaklink" / "traces.db"))
    assert [(check.part, check.name, check.state) for check in checks] == [
        ("stress", "speed", "ok"), ("stress", "together", "ok"), ("stress", "killed", "ok"),
        ("stress", "forked", "ok" if hasattr(os, "fork") else "note"),
    ]  # fmt: skip
    assert all(" 0 of " in check.says for check in checks)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(stress, "_UNTIL_KILLED", "print('stored'); print('stored', flush=True)")
    monkeypatch.setattr(stress, "_FORKS_MANY", "raise SystemExit('no more processes')")
    found = {check.name: check for check in stress.stress_checks(tmp_path / "traces.db")}
    assert found["killed"].state == "wrong"
    assert found["forked"].state == "wrong"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_be_written_is_a_finding(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(stress.tempfile, "TemporaryDirectory", refuse)
    (check,) = stress.stress_checks(tmp_path / "traces.db")
    assert (check.state, check.name) == ("wrong", "folder")
    assert "Permission denied" in check.says


def test_a_full_disk_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setattr(stress, "_ROOM", 1 << 60)
    (check,) = stress.stress_checks(tmp_path / "traces.db")
    assert (check.state, check.name) == ("wrong", "room")
    assert "MB are free" in check.says
    assert list(tmp_path.iterdir()) == []
