"""The questions of the demo, and what a diagnosis of each ought to say."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel

from weaklink.model import Diagnosis, Role, Verdict

_ABSTENTION = re.compile(r"\b(not know|don't know|unknown|cannot answer|not (say|state|mention|specif)|no information)")


class Blame(BaseModel, frozen=True, extra="forbid"):
    """A step that may rightly be named as the weak link, and how it failed."""

    role: Role
    failures: tuple[str, ...]
    """Acceptable failure classes, the most fitting first."""


class DemoCase(BaseModel, frozen=True, extra="forbid"):
    """One question, asked of a healthy chain or of a broken one."""

    id: str
    question: str
    pipeline: Literal["text", "amount", "agent"] = "text"
    """Which chain is asked: the one that answers in prose, the one that returns an amount, or the agent with tools."""
    kind: Literal["right", "natural", "sabotage"]
    """"right": all is well; "natural": the model fails by itself; "sabotage": a step was broken on purpose."""
    sabotage: str = ""
    """What is broken on purpose: the name of a function in the integration's `sabotages.py`; "" for nothing."""
    story: str
    """What happens in this case, in plain words, for people."""
    gold: str = ""
    """The id of the passage that holds the answer; "" where the handbook does not hold it."""
    answer: str = ""
    """The right answer, for people and tests; a diagnosis never sees it."""
    values: tuple[str, ...] = ()
    """What a right answer states, each as a word of its own. Empty where only "I do not know" is right."""
    verdict: Verdict = "broken"
    """What the diagnosis ought to say when the run went as expected."""
    blames: tuple[Blame, ...] = ()
    """Which steps may be named, the most fitting first; empty where nothing broke."""
    scripted: str
    """What the real model said, for `--llm scripted`."""

    def is_right(self, result: object) -> bool:
        """Whether all `values` stand in the result, or, where there are none, it says that it does not know."""
        text = str(result)
        if not self.values:
            return _ABSTENTION.search(text.lower()) is not None
        patterns = (rf"(?<![\w.,]){re.escape(value)}(?!\w|[.,]\d)" for value in self.values)
        return all(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)

    def agrees(self, diagnosis: Diagnosis, result: object) -> bool:
        """Whether the diagnosis says what it ought to, given what the chain really answered.

        Another processor may round differently, and the model then say something else: an undisturbed chain that
        answered right is expected to be called ok, and one that answered wrong to be blamed on the model.
        """
        if self.kind != "sabotage" and self.is_right(result):
            return diagnosis.verdict == "ok"
        if diagnosis.verdict != "broken" or diagnosis.culprit is None:
            return False
        if self.kind == "right":
            return diagnosis.culprit.role == "generate"
        return any(
            diagnosis.culprit.role == blame.role and diagnosis.failure in blame.failures for blame in self.blames
        )


@cache
def load_cases() -> tuple[DemoCase, ...]:
    """All cases, in the order in which the demo shows them."""
    text = (files("weaklink.demo") / "questions.toml").read_text("utf-8")
    return tuple(DemoCase.model_validate(table) for table in tomllib.loads(text)["case"])
