"""The README's code runs as it stands."""

import re
from pathlib import Path

from llama_index.core import Settings

import weaklink

README = Path(__file__).parent.parent / "README.md"


def test_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WEAKLINK_STORE", raising=False)
    before = Settings._callback_manager
    known = {}
    try:
        for block in re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL):
            exec(block, known)  # noqa: S102
    finally:
        Settings._callback_manager = before
        known["handler"].detach()
        weaklink.flush()
    assert len(list(weaklink.open_store(".weaklink/traces.db").traces())) == 2
    assert "at MockLLM" in capsys.readouterr().out
