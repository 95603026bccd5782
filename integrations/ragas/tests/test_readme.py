"""The README's Python code runs as it stands."""

import re
from pathlib import Path

import pytest

from weaklink import Trace
from weaklink_ragas.testing import ScriptedJudge

README = Path(__file__).parents[1] / "README.md"


def test_the_code_of_the_readme_runs(trace: Trace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("langchain_openai.ChatOpenAI", lambda model, temperature: ScriptedJudge())
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(block, {"trace": trace})  # noqa: S102 - our own README
    cost, score = capsys.readouterr().out.splitlines()
    assert cost.startswith("Cost(calls=2, ")
    assert score == "0.5  ('It is paid monthly.',)"
