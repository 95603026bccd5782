"""A store with a few traces in it, and the command line in this process."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from weaklink import open_store
from weaklink.cli.main import app
from weaklink.testing import build, document

ROOMS = "The largest room in Ostmere is Heron, with 24 seats."
STANDBY = "Standby pay is 45 euros for a weekday night."
ROOM_QUESTION = "How many seats does the largest room in Ostmere have?"
STANDBY_QUESTION = "How much is standby pay for a weekday night?"


class Cli:
    """Runs `weaklink` with arguments, as a user does in an empty folder."""

    def __init__(self, store: Path) -> None:
        self.store = store

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), catch_exceptions=False)

    def ok(self, *arguments: str) -> str:
        result = self(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str, code: int = 0):
        result = self(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def fails(self, *arguments: str, code: int = 2) -> str:
        """What is on stderr; nothing may be on stdout."""
        result = self(*arguments)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        return result.stderr


def answered(question: str, passage: str, answer: str, trace_id: int, context: str | None = None):
    """A chain that retrieved one passage and answered."""
    shown = passage if context is None else context
    return build(
        "handbook:chain > search:retriever, fill:prompt, write:llm",
        question,
        answer,
        trace_id=trace_id,
        search={"input": question, "documents": [document(passage, "handbook.md", score=0.8)]},
        fill={
            "input": {"context": shown, "question": question},
            "output": shown,
            "attributes": {"template": "{context}\n{question}"},
        },
        write={"input": f"{shown}\n{question}", "output": answer, "tokens": (120, 14)},
    )


@pytest.fixture
def cli(tmp_path, monkeypatch) -> Cli:
    """No store yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEAKLINK_STORE", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    return Cli(tmp_path / ".weaklink" / "traces.db")


@pytest.fixture
def filled(cli) -> Cli:
    """A right answer, an invented one, and a chain that raised, in this order."""
    traces = [
        answered(ROOM_QUESTION, ROOMS, "The largest room in Ostmere has 24 seats.", 0xA1),
        answered(STANDBY_QUESTION, STANDBY, "Standby pay for a weekday night is 90 euros.", 0xB2),
        build(
            "handbook:chain > search:retriever, write:llm!",
            "What is the dress code?",
            trace_id=0xC3,
            search={"input": "What is the dress code?", "documents": ["The dress code is: whatever you like."]},
        ),
    ]
    store = open_store(cli.store)
    for age, trace in enumerate(traces):
        spans = [span.model_copy(update={"start_ns": span.start_ns + age * 60_000_000_000}) for span in trace.spans]
        store.write([type(trace).of(spans)])
    store.close()
    return cli
