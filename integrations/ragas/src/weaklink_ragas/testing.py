"""Judges for tests: they cost nothing, and their verdicts are known beforehand."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

from weaklink_ragas.asking import json_in

_FENCED = re.compile(r"<data \w+>\n(.*?)\n</data", re.DOTALL)


class ScriptedJudge:
    """Answers with what a script makes of a prompt: a JSON value, a text, or an exception to raise."""

    __name__ = "scripted"

    def __init__(self, script: Callable[[str], Any] | None = None) -> None:
        """`script` is by default `literal_verdict`."""
        self._script = script or literal_verdict
        self._lock = threading.Lock()
        self.prompts: list[str] = []
        """What it was asked, in order."""

    def __call__(self, prompt: str) -> str:
        """The answer."""
        with self._lock:
            self.prompts.append(prompt)
        given = self._script(prompt)
        if isinstance(given, BaseException):
            raise given
        return given if isinstance(given, str) else json.dumps(given)


def data_in(prompt: str) -> Any:
    """What a delimited prompt gives to judge: the JSON value between its marked lines."""
    return json_in(_FENCED.findall(prompt)[-1])


def literal_verdict(prompt: str) -> Any:
    """A judge for whom a statement is true where the passage holds it word for word, in the form that the prompt asks for.

    It serves the metrics on faithfulness, context precision, context recall, noise sensitivity and answer relevancy; for the
    last it asks the question "What?".
    """
    data = data_in(prompt)
    context = data.get("context", "")
    if "statements" in data:
        return {
            "statements": [_verdict(text, context) | {"verdict": int(text in context)} for text in data["statements"]]
        }
    if "classifications" in prompt:
        found = [_verdict(text, context) | {"attributed": int(text in context)} for text in _sentences(data["answer"])]
        return {"classifications": found}
    if context:
        verdict = any(text in context for text in _sentences(data["answer"]))
        return {"reason": f"a passage of {len(context)} characters", "verdict": int(verdict)}
    if "question" in data:
        return {"statements": _sentences(data.get("answer") or data["text"])}
    return {"question": "What?", "noncommittal": 0}


def _verdict(statement: str, context: str) -> dict[str, Any]:
    stands = "stands" if statement in context else "does not stand"
    return {"statement": statement, "reason": f"it {stands} in the passage word for word"}


def _sentences(text: str) -> list[str]:
    return [f"{part.strip()}." for part in text.split(".") if part.strip()]
