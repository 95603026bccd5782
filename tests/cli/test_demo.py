"""`weaklink demo` with scripted answers, over the real chain."""

import pytest

from weaklink import open_store

pytest.importorskip("weaklink_langchain")
pytest.importorskip("chromadb")


def test_one_case(cli):
    text = cli.ok("demo", "--llm", "scripted", "--case", "upside-down-reranker")
    assert "1/1 upside-down-reranker" in text
    assert "BROKEN at rerank (DistanceReranker): good_document_dropped" in text
    assert "expected: broken at rerank (good_document_dropped or bad_order)  agrees" in text
    assert "sabotaged steps named  1 of 1" in text
    tail = open_store(cli.store).latest().id[-12:]
    assert f"weaklink show {tail}" in text
    assert cli.ok("show", tail)


def test_as_json_and_into_another_store(cli, tmp_path):
    data = cli.json(
        "demo", "--llm", "scripted", "--case", "weekday-standby", "--case", "json-expected", "--store", "demo.db"
    )
    assert data["ok"]
    assert data["summary"]["right"] == data["summary"]["sabotage"] == {"agree": 1, "of": 1}
    assert [(case["id"], case["verdict"], case["agrees"]) for case in data["cases"]] == [
        ("weekday-standby", "ok", True), ("json-expected", "broken", True),
    ]  # fmt: skip
    assert (tmp_path / "demo.db").exists()
    assert not cli.store.exists()
    assert "--store demo.db" in cli.ok("demo", "--llm", "scripted", "--case", "weekday-standby", "--store", "demo.db")


def test_the_list_of_cases(cli):
    assert "upside-down-reranker" in cli.ok("demo", "--list")
    cases = cli.json("demo", "--list")["cases"]
    assert len(cases) == 21
    assert "scripted" not in cases[0]


def test_an_unknown_framework(cli):
    message = cli.fails("demo", "--framework", "nonsense", "--llm", "scripted", "--json")
    assert "there is no demo in nonsense" in message
    assert "handbook" not in cli("demo", "--framework", "nonsense", "--llm", "scripted").output


@pytest.mark.slow
def test_every_sabotage_is_named_and_no_right_answer_blamed(cli):
    data = cli.json("demo", "--llm", "scripted")
    assert data["ok"], [case for case in data["cases"] if not case["agrees"]]
