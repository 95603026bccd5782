"""What the renderers show of a diagnosis's funnel and origins, and in which words."""

from __future__ import annotations

from weaklink.model import Funnel, Origin
from weaklink.report.clean import one_line
from weaklink.report.view import Report

LOST_WORDS = "what no step before the model had is written by the model itself"


def shown_funnel(report: Report, *, everything: bool = False) -> Funnel | None:
    """The funnel, where it has something to tell: the trace is not ok, or the funnel is exact, or `everything` is asked for."""
    diagnosis = report.diagnosis
    if diagnosis is None or diagnosis.funnel is None or not diagnosis.funnel.rows:
        return None
    is_wanted = everything or diagnosis.funnel.exact or diagnosis.verdict not in ("ok", "recovered")
    return diagnosis.funnel if is_wanted else None


def funnel_title(funnel: Funnel) -> str:
    """What the pieces are, and so how far to trust the funnel."""
    return "exact: the claims of the reference answer" if funnel.exact else "estimated from the words of the question"


def shown_origins(report: Report, *, everything: bool = False) -> list[Origin]:
    """The values of the answer, all of them where one is unsupported or `everything` is asked for, else none."""
    if report.diagnosis is None:
        return []
    origins = list(report.diagnosis.origins)
    is_wanted = everything or any(not origin.is_supported for origin in origins)
    return origins if is_wanted else []


def source_text(report: Report, origin: Origin) -> str:
    """Where a value comes from, for people: "search passage 1", "written by llm"."""
    name = one_line(origin.born.name)
    if origin.source == "written":
        return f"written by {name}"
    if origin.source == "computed":
        return f"computed by {name} from numbers it was shown"
    return one_line(report.place(origin.place)) if origin.place is not None else name
