"""`weaklink score --with ragas:...`: judge and right answers out of the settings."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from weaklink import WeaklinkError, open_store, trace_from
from weaklink.cli.main import app
from weaklink_ragas.configured import judge_named, references_in
from weaklink_ragas.judge_models import UnusableJudge

JUDGE = """
import json
from weaklink_ragas.testing import literal_verdict

def literal(prompt):
    open("asked.txt", "a").write("x")
    return "I had rather not." if "Heron" in prompt else json.dumps(literal_verdict(prompt))
"""


def weaklink(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two logged chains, and a judge that refuses to judge one of them."""
    monkeypatch.chdir(tmp_path)
    for name in ("WEAKLINK_STORE", "WEAKLINK_JUDGE", "WEAKLINK_REFERENCES", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    Path("judge.py").write_text(JUDGE)
    traces = [
        trace_from(
            "What is paid?", ["Standby pay is 45 euros."], "Standby pay is 45 euros. It is paid monthly.", start_ns=1
        ),
        trace_from("What is large?", ["The largest room is Heron."], "The largest room is Heron.", start_ns=2),
    ]
    open_store(tmp_path / ".weaklink" / "traces.db").write(traces)
    return tmp_path


def asked() -> int:
    return len(Path("asked.txt").read_text()) if Path("asked.txt").exists() else 0


def test_estimate_then_score_then_only_what_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEAKLINK_JUDGE", "judge.py:literal")
    estimated = weaklink("score", "--with", "ragas:faithfulness", "--estimate", "--json")
    (data,) = json.loads(estimated.stdout)["estimates"]
    assert (data["traces"], data["calls"], data["seconds"], asked()) == (2, 4, None, 0)
    text = weaklink("score", "--with", "ragas:faithfulness", "--estimate").stdout
    assert "2 of 2" in text
    assert "not known yet" in text

    text = weaklink("score", "--with", "ragas:faithfulness,groundedness", "--width", "120").stdout
    assert "scored 1 of 2\n" in text
    assert "1 not: the judge's answer was no JSON of the form that was asked for" in text
    assert "scored 2 of 2" in text
    first = asked()
    assert first == 2 + 3  # two calls for the one, and a first call with two repetitions for the other

    data = json.loads(weaklink("score", "--with", "ragas:faithfulness", "--json").stdout)
    assert data["counts"] == [
        {"scorer": "ragas:faithfulness", "asked": 2, "scored": 1, "kept": 1,
         "reasons": {"the judge's answer was no JSON of the form that was asked for": 1}}
    ]  # fmt: skip
    assert asked() == first + 3
    values = {trace["question"]: [score["value"] for score in trace["scores"]] for trace in data["traces"]}
    assert values == {"What is paid?": [0.5], "What is large?": [None]}
    assert weaklink("show", "--all").exit_code == 0


def test_right_answers_come_from_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEAKLINK_JUDGE", "judge.py:literal")
    Path("gold.jsonl").write_text('{"question": "What is paid?", "reference": "Standby pay is 45 euros."}\n\n')
    Path("gold.csv").write_text("question,reference\nWhat is paid?,Standby pay is 45 euros.\n")
    assert references_in("gold.jsonl") == references_in("gold.csv")
    monkeypatch.setenv("WEAKLINK_REFERENCES", "gold.csv")
    data = json.loads(weaklink("score", "paid", "--with", "ragas:context_recall", "--json").stdout)
    assert [score["value"] for score in data["traces"][0]["scores"]] == [1.0]
    Path("bad.jsonl").write_text('{"reference": "x"}')
    for name in ("nowhere.csv", "bad.jsonl"):
        with pytest.raises(WeaklinkError, match="cannot read references from"):
            references_in(name)


@pytest.mark.parametrize(
    ("judge", "metric", "says"),
    [
        ("", "faithfulness", "it needs a judge, and none is set; set WEAKLINK_JUDGE=openai:"),
        ("nowhere.py:llm", "faithfulness", "there is no file nowhere.py"),
        ("judge.py:other", "faithfulness", "judge.py has nothing of that name"),
        ("no_such_provider:model", "faithfulness", "cannot judge with 'no_such_provider:model'"),
        ("judge.py:literal", "faithfulnes", "did you mean faithfulness"),
    ],
)
def test_what_a_user_can_do_wrong_is_said(monkeypatch: pytest.MonkeyPatch, judge: str, metric: str, says: str):
    monkeypatch.setenv("WEAKLINK_JUDGE", judge)
    result = weaklink("score", "--with", f"ragas:{metric}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_an_address_is_a_server_that_speaks_as_openai_does():
    model = judge_named("http://127.0.0.1:9/v1#tiny")
    assert (model.model_name, model.openai_api_base, model.temperature) == ("tiny", "http://127.0.0.1:9/v1", 0)


def test_a_judge_that_nobody_can_reach_is_a_reason(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEAKLINK_JUDGE", "http://127.0.0.1:9/v1#tiny")
    data = json.loads(weaklink("score", "last", "--with", "ragas:faithfulness", "--json").stdout)
    ((reason, count),) = data["counts"][0]["reasons"].items()
    assert (count, reason.partition(":")[0], "ConnectionError" in reason) == (1, "the judge failed", True), reason


def test_a_provider_is_asked_for_its_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert judge_named("openai:gpt-4o-mini").model_name == "gpt-4o-mini"
    with pytest.raises(UnusableJudge, match="langchain-anthropic"):
        judge_named("anthropic:claude-sonnet-4-5")
