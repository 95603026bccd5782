"""Two traces beside each other, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from weaklink.report.clean import clean, one_line
from weaklink.report.comparison import Comparison, PassageChange, StepChange
from weaklink.report.figures import count_text, duration_text, score_text
from weaklink.report.text.look import VERDICT_STYLES, Look
from weaklink.report.text.verdict import heading
from weaklink.report.view import Report

_LABEL_WIDTH = 11


def difference_block(comparison: Comparison, look: Look) -> RenderableType:
    """Verdicts, questions and answers of both, then each step that changed."""
    parts: list[RenderableType] = [_tops(comparison)]
    changes = comparison.changes
    same = len(comparison.steps) - len(changes)
    parts += [Text(""), heading("Steps", f"{len(changes)} changed, {same} the same")]
    for change in changes:
        parts.append(_step(change, look))
    return Group(*parts)


def _tops(comparison: Comparison) -> RenderableType:
    first, second = comparison.first, comparison.second
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    for sign, report in (("-", first), ("+", second)):
        grid.add_row(Text(f"{sign} {report.trace.id[-8:]}", "bold"), _verdict(report))
    questions = (one_line(first.trace.question), one_line(second.trace.question))
    _pair(grid, "question", *questions)
    _pair(grid, "answer", one_line(first.trace.answer), one_line(second.trace.answer))
    _pair(grid, "time", duration_text(first.trace.duration_ns), duration_text(second.trace.duration_ns))
    tokens = [count_text(report.trace.usage.total_tokens) if report.trace.usage else "" for report in (first, second)]
    _pair(grid, "tokens", *tokens)
    return grid


def _pair(grid: Table, name: str, before: str, after: str) -> None:
    if before == after:
        if before:
            grid.add_row(Text(f"  {name}", "dim"), Text(before))
        return
    grid.add_row(Text(f"- {name}", "red"), Text(before or "none"))
    grid.add_row(Text(f"+ {name}", "green"), Text(after or "none"))


def _verdict(report: Report) -> Text:
    diagnosis = report.diagnosis
    if diagnosis is None:
        return Text("not diagnosed", "dim")
    text = Text(diagnosis.verdict.upper(), f"bold {VERDICT_STYLES[diagnosis.verdict]}")
    if diagnosis.culprit is not None:
        step = diagnosis.culprit
        text.append(f" at {step.role or one_line(step.name)}: {one_line(diagnosis.failure or '')}".rstrip(": "))
    text.append(f"  {one_line(diagnosis.summary)}", "not bold dim")
    return text


def _step(change: StepChange, look: Look) -> RenderableType:
    title = Text("\n  ")
    title.append(one_line(change.row.span.name), "bold")
    title.append(f"  {change.row.word}", "dim")
    if change.first is None:
        title.append("  new", "green")
    elif change.second is None:
        title.append("  gone", "red")
    elif change.first.span.name != change.second.span.name:
        title.append(f"  was {one_line(change.first.span.name)}", "dim")
    lines: list[RenderableType] = []
    if change.first and change.second and change.statuses[0] != change.statuses[1]:
        lines.append(Text(f"ended {change.statuses[1]}, was {change.statuses[0]}", "yellow"))
    if change.model:
        lines.append(
            Text(f"model {one_line(change.model[1]) or 'not known'}, was {one_line(change.model[0]) or 'not known'}")
        )
    lines += [_score(*score) for score in change.scores]
    lines += [_passage(passage, look) for passage in change.passages]
    for name, changed in (("template", change.template), ("prompt", change.prompt)):
        if changed:
            lines.append(Text(name, "dim"))
            lines += [_line(line, look) for line in changed]
    if change.output:
        lines.append(Text(f"- {one_line(change.output[0]) or 'nothing'}", "red"))
        lines.append(Text(f"+ {one_line(change.output[1]) or 'nothing'}", "green"))
    return Group(title, *(Padding(line, (0, 0, 0, 4)) for line in lines))


def _line(line: str, look: Look) -> Text:
    """A changed line of a prompt; whole only where everything is asked for."""
    shown = clean(line) if look.everything else look.short(line, look.width - 4)
    return Text(shown, "green" if line.startswith("+") else "red")


def _score(name: str, before: float | None, after: float | None) -> Text:
    text = Text(f"{one_line(name)} {score_text(before) or 'none'} -> {score_text(after) or 'none'}")
    if before is not None and after is not None:
        change = after - before
        text.append(
            f"  {'+' if change > 0 else '-'}{score_text(abs(change)) or '.00'}", "green" if change > 0 else "red"
        )
    return text


def _passage(change: PassageChange, look: Look) -> Text:
    if change.after is None:
        head, style = f"lost     {change.before}", "red"
    elif change.before is None:
        head, style = f"gained   {change.after}", "green"
    else:
        head, style = f"moved    {change.before} to {change.after}", "yellow"
    source = look.short(change.document.source, 24)
    excerpt = look.short(change.document.content, max(20, look.width - len(head) - len(source) - 10))
    text = Text(head, style)
    text.append(f"  {source}  ", "dim")
    text.append(excerpt, "")
    return text
