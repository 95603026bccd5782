"""The tree of steps."""

from __future__ import annotations

from rich.console import Group, RenderableType

from weaklink.model import Span
from weaklink.report.clean import one_line
from weaklink.report.figures import count_text, duration_text, score_text
from weaklink.report.text.columns import Column, fit
from weaklink.report.text.look import STATUS_STYLES, Look, score_style
from weaklink.report.text.verdict import heading
from weaklink.report.view import Report, StepRow

_TIMELINE = 24
_MARKS = {"!": ("weak link", "bold red"), "?": ("suspect", "yellow"), "~": ("made good", "cyan")}


def tree_block(report: Report, look: Look) -> RenderableType:
    """Each step with what it does, its score, how long it took, its tokens, and how it ended where that was not well."""
    rows = report.steps(everything=look.everything)
    total = len(report.trace.spans)
    note = (
        f"{total} steps"
        if len(rows) == total
        else f"{len(rows)} of {total} steps shown, --all shows the framework's own too"
    )
    step, does, score = Column("step", least=24), Column("does"), Column("score", right=True)
    time, tokens = Column("time", right=True), Column("tokens", right=True, drop=2)
    line, said = Column("", drop=3), Column("ended", drop=0)
    for row in rows:
        span = row.span
        style = "bold red" if row.mark == "!" else "dim" if span.plumbing else ""
        step.add(_guides(row, look) + one_line(span.name), style)
        does.add("" if row.word == "chain" else row.word, "dim" if not row.role else "")
        score.add(score_text(row.score), score_style(row.score))
        time.add(duration_text(span.duration_ns), "dim")
        tokens.add(count_text(row.tokens), "dim")
        line.add(_timeline(report, span, look), "blue")
        said.add(*_said(row))
    said.title = ""
    columns = [step, does, score, time, tokens, said]
    if look.width >= 110:
        columns.insert(5, line)
    return Group(heading("Steps", note), fit(columns, look))


def _guides(row: StepRow, look: Look) -> str:
    through, fork, corner, none = ("|  ", "|- ", "`- ", "   ") if look.plain else ("│  ", "├─ ", "└─ ", "   ")
    if not row.guides:
        return ""
    above = "".join(through if more else none for more in row.guides[:-1])
    return above + (fork if row.guides[-1] else corner)


def _said(row: StepRow) -> tuple[str, str]:
    """How the step ended, where not well, and what the diagnosis thinks of it."""
    words: list[str] = []
    style = ""
    if row.span.status != "ok":
        words.append(row.span.status)
        style = STATUS_STYLES[row.span.status]
    if row.mark in _MARKS and not (row.mark == "~" and row.span.status == "recovered"):
        word, mark_style = _MARKS[row.mark]
        words.append(word)
        style = style or mark_style
    return ", ".join(words), style


def _timeline(report: Report, span: Span, look: Look) -> str:
    """A bar where the step ran within the whole call."""
    whole = (
        report.trace.duration_ns
        or max((other.end_ns or other.start_ns) for other in report.trace.spans) - report.trace.start_ns
    )
    if not whole or span.duration_ns is None:
        return ""
    start = min(max(span.start_ns - report.trace.start_ns, 0) / whole, 1.0)
    length = max(1, round(span.duration_ns / whole * _TIMELINE))
    offset = min(round(start * _TIMELINE), _TIMELINE - 1)
    return " " * offset + ("=" if look.plain else "━") * min(length, _TIMELINE - offset)
