"""Which step broke, why, and how sure we are."""

from typing import Literal, get_args

from pydantic import BaseModel, Field

from weaklink.model.funnel import Funnel
from weaklink.model.notebook import shown_in_notebook
from weaklink.model.origin import Origin
from weaklink.model.roles import Role
from weaklink.model.score import TextRange
from weaklink.model.step import Step

Verdict = Literal["ok", "recovered", "degraded", "broken", "unknown"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Evidence(BaseModel, frozen=True):
    """One observation that speaks for a finding, and where to see it."""

    says: str
    """The observation, in one sentence."""
    at: TextRange | None = None
    """Where to look: span, field and characters; None where the evidence is an absence."""


class Suspect(BaseModel, frozen=True):
    """A step that may be the weak link."""

    step: Step
    failure: str
    """The failure class, which is the name of the rule that found it."""
    probability: float = Field(ge=0, le=1)
    """Probability that this step, failing in this way, is what broke the answer."""
    summary: str
    """What happened, in one sentence."""
    evidence: tuple[Evidence, ...] = ()
    advice: str = ""
    """What to do about it."""


class StripCell(BaseModel, frozen=True):
    """One cell of the pipeline strip."""

    span_id: str
    role: Role
    name: str
    score: float | None = None
    """The score that belongs to the role; None where the step has none."""
    mark: Literal["", "!", "~", "?"] = ""
    """"!" the weak link, "~" failed but made good, "?" a suspect."""


class Diagnosis(BaseModel, frozen=True):
    """The verdict on one trace."""

    trace_id: str
    verdict: Verdict
    """"ok"; "recovered": something failed and was made good; "degraded": the answer stands but a step was weak;
    "broken"; "unknown": the evidence carries no verdict, and `capture` says what would."""
    culprit: Step | None = None
    """The weak link; None where nothing broke or it is not known."""
    failure: str | None = None
    """How the culprit failed; None where nothing broke or it is not known."""
    confidence: float = Field(ge=0, le=1)
    """Probability that verdict and culprit are right; of an unknown one, that of the first suspect."""
    summary: str
    """The verdict in one sentence."""
    suspects: tuple[Suspect, ...] = ()
    """All suspects, the most probable first; the culprit is the first of them."""
    evidence: tuple[Evidence, ...] = ()
    advice: str = ""
    capture: tuple[str, ...] = ()
    """What to record so that the next diagnosis can decide."""
    strip: tuple[StripCell, ...] = ()
    """The steps of the pipeline in order, as the strip shows them."""
    question: str = ""
    answer: str = ""
    funnel: Funnel | None = None
    """Which piece of the evidence that the answer needs got how far; None where nobody looked."""
    origins: tuple[Origin, ...] = ()
    """The values of the answer, each with the earliest step that contained it."""
    unscored: tuple[str, ...] = ()
    """Scores that could not be given, each with its reason."""

    @property
    def strip_text(self) -> str:
        """The pipeline strip in one line, such as "rewrite .91 > retrieve .88 > rerank .21! > pack > generate .34"."""
        return " > ".join(_cell_text(cell) for cell in self.strip)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        return shown_in_notebook(self)

    def __str__(self) -> str:
        """The report in plain text: verdict, strip, evidence, advice."""
        where = f" at {self.culprit.name}: {self.failure}" if self.culprit else ""
        sure = "" if self.verdict == "unknown" else f"  (confidence {self.confidence:.2f})"
        lines = [f"{self.verdict.upper()}{where}{sure}", self.summary]
        if self.strip:
            lines += ["", self.strip_text]
        if self.evidence:
            lines += ["", *(f"- {item.says}" for item in self.evidence)]
        if self.advice:
            lines += ["", f"Try: {self.advice}"]
        if self.capture:
            lines += ["", *(f"To decide: {item}" for item in self.capture)]
        others = self.suspects[1:] if self.culprit else self.suspects
        if others:
            lines += [
                "",
                "Other suspects: " + ", ".join(f"{s.step.name} ({s.failure} {s.probability:.2f})" for s in others),
            ]
        lines += [f"Not scored: {reason}" for reason in self.unscored]
        return "\n".join(lines)


def _cell_text(cell: StripCell) -> str:
    name = cell.role or cell.name
    if cell.score is None:
        return f"{name}{' ' if cell.mark else ''}{cell.mark}"
    return f"{name} {'1.0' if cell.score >= 0.995 else f'{cell.score:.2f}'.lstrip('0')}{cell.mark}"
