"""The top and the end of the report: verdict, question and answer, strip, evidence, what else there is to say."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from weaklink.model import Evidence, StripCell
from weaklink.report.clean import clean, one_line
from weaklink.report.figures import count_text, duration_text, score_text, sure_text
from weaklink.report.strip import rounds_of
from weaklink.report.text.look import VERDICT_STYLES, Look, score_style
from weaklink.report.view import Report

_LABEL_WIDTH = 10
_LONGEST_QUOTE = 300
_LONGEST_TEXT = 1_200
"""Characters of a question or an answer; who wants to read more asks for everything."""
# A quotation that begins like one of so many characters in the sentence before it is the same.
_SAME_START = 60


def heading(title: str, note: str = "") -> Text:
    """The title of a part of the report, with a remark beside it."""
    text = Text(title, style="bold")
    if note:
        text.append(f"  {note}", "not bold dim")
    return text


def verdict_bar(report: Report, look: Look) -> RenderableType:
    """Verdict, weak link, failure class and confidence, and below them the sentence that says it all."""
    diagnosis = report.diagnosis
    if diagnosis is None:
        return Text(f"{look.bar} NOT DIAGNOSED  {one_line(report.trace.name)}", style="bold")
    style = VERDICT_STYLES[diagnosis.verdict]
    head = Text(f"{diagnosis.verdict.upper()}", style=f"bold {style}")
    if diagnosis.culprit is not None:
        head.append(f" at {one_line(str(diagnosis.culprit))}", f"bold {style}")
        if diagnosis.failure:
            head.append(f": {one_line(diagnosis.failure)}", f"bold {style}")
    sure = Text(sure_text(diagnosis.verdict, diagnosis.confidence), style="dim")
    sentence = Text(one_line(diagnosis.summary))
    room = look.width - 2
    lines: list[Text] = []
    if head.cell_len + sure.cell_len + 2 <= room:
        head.pad_right(room - head.cell_len - sure.cell_len)
        lines.append(Text.assemble(head, sure))
    else:
        lines += [*_wrapped(head, room), sure]
    lines += _wrapped(sentence, room)
    return Group(*(Text.assemble((f"{look.bar} ", style), line) for line in lines))


def question_block(report: Report, look: Look) -> RenderableType:
    """What was asked and what came out, with the trace's figures."""
    grid = _grid()
    if not report.trace.asks_nothing:
        question, answer = report.trace.question, report.trace.answer
        grid.add_row(_label("Question"), _excerpt(question, look) if question else Text("not found", "dim"))
        nothing = "none: the chain failed" if report.trace.status == "error" else "none"
        failed = report.trace.status == "error" and report.trace.root.output is None
        grid.add_row(_label("Answer"), _excerpt(answer, look) if answer and not failed else Text(nothing, "dim"))
    grid.add_row(_label("Trace"), Text(_figures(report), "dim"))
    return grid


def _excerpt(text: str, look: Look) -> Text:
    """The text, or its beginning and how much is left."""
    if look.everything or len(text) <= _LONGEST_TEXT:
        return _text(text)
    left = count_text(len(text) - _LONGEST_TEXT)
    shown = _text(text[:_LONGEST_TEXT].rstrip())
    return shown.append(f"{look.ellipsis} and {left} more characters, --all shows them", "dim")


def strip_line(report: Report, look: Look) -> RenderableType | None:
    """The steps of the pipeline with their scores; a line breaks between steps, never inside one."""
    if not report.strip:
        return None
    lines: list[Text] = [Text()]
    used = 0
    for number, drawn in enumerate(_drawn(report, look)):
        arrow = " > " if look.plain else " › "
        extra = len(arrow) if number else 0
        if used and used + extra + drawn.cell_len + 2 > look.width:
            lines[-1].append(arrow.rstrip(), "dim")
            lines.append(Text("  "))
            used = 2
        elif number:
            lines[-1].append(arrow, "dim")
            used += extra
        lines[-1].append_text(drawn)
        used += drawn.cell_len
    return Group(*lines)


def _drawn(report: Report, look: Look) -> Iterator[Text]:
    for cells, times in rounds_of(report.strip):
        for number, cell in enumerate(cells, start=1):
            drawn = _cell(cell, look)
            if times > 1:
                opening, closing = ("(" if number == 1 else ""), (")" if number == len(cells) else "")
                drawn = Text.assemble(opening if len(cells) > 1 else "", drawn, closing if len(cells) > 1 else "")
                if number == len(cells):
                    drawn.append(f" {'x' if look.plain else '×'}{times}", "bold")
            yield drawn


def evidence_block(report: Report, look: Look) -> RenderableType | None:
    """Why the verdict is what it is, what to do about it, and what to capture where it is not known."""
    diagnosis = report.diagnosis
    if diagnosis is None or not (diagnosis.evidence or diagnosis.advice or diagnosis.capture):
        return None
    grid = _grid()
    for number, item in enumerate(diagnosis.evidence):
        grid.add_row(_label("Why" if number == 0 else ""), _evidence(item, report))
    if diagnosis.advice:
        grid.add_row(_label("Try"), _text(diagnosis.advice))
    for number, item in enumerate(diagnosis.capture):
        grid.add_row(_label("To decide" if number == 0 else ""), _text(item))
    return grid


def suspects_block(report: Report, look: Look) -> RenderableType | None:
    """What else it may be, the most probable first."""
    grid = _grid()
    for number, suspect in enumerate(report.suspects(everything=look.everything)):
        line = Text(f"{one_line(suspect.step.name)}: {one_line(suspect.failure)} {score_text(suspect.probability)}")
        line.append(f"  {one_line(suspect.summary)}", "dim")
        grid.add_row(_label("Or else" if number == 0 else ""), line)
    return grid if grid.row_count else None


def rest_block(report: Report) -> RenderableType | None:
    """Scores that could not be given, and what was lost in recording."""
    grid = _grid()
    for number, reason in enumerate(report.unscored()):
        grid.add_row(_label("No score" if number == 0 else ""), Text(one_line(reason), "dim"))
    notes = [f"{span.name}: {note}" for span in report.trace.spans for note in span.notes]
    for number, note in enumerate(notes):
        grid.add_row(_label("Recorded" if number == 0 else ""), Text(one_line(note), "dim"))
    return grid if grid.row_count else None


def _figures(report: Report) -> str:
    trace = report.trace
    parts = [trace.id[-12:], one_line(trace.name)]
    if trace.duration_ns is not None:
        parts.append(duration_text(trace.duration_ns))
    if trace.usage is not None and trace.usage.total_tokens is not None:
        parts.append(f"{count_text(trace.usage.total_tokens)} tokens")
    if trace.status != "ok":
        parts.append(trace.status)
    return ", ".join(parts)


def _cell(cell: StripCell, look: Look) -> Text:
    text = Text(cell.role or one_line(cell.name))
    if cell.score is not None:
        text.append(f" {score_text(cell.score)}", score_style(cell.score))
    elif cell.mark and look.plain:
        text.append(" ")
    text.append(cell.mark)
    if cell.mark == "!":
        text.stylize("bold red" if look.plain else "bold white on red")
    elif cell.mark:
        text.stylize("yellow" if cell.mark == "?" else "cyan")
    return text


def _evidence(item: Evidence, report: Report) -> RenderableType:
    says = _text(item.says)
    quote = one_line(item.at.text) if item.at is not None else ""
    if item.at is None or not quote or quote[:_SAME_START] in one_line(item.says):
        return says
    shown = Text(f'"{quote[:_LONGEST_QUOTE]}"', "italic")
    shown.append(f" ({one_line(report.place(item.at))})", "not italic dim")
    return Group(says, Padding(shown, (0, 0, 0, 2)))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _label(text: str) -> Text:
    return Text(text, style="bold")


def _text(text: str) -> Text:
    return Text(clean(text.strip()))


def _wrapped(text: Text, width: int) -> list[Text]:
    """`text` in lines of at most `width` columns, broken between words where there are any."""
    lines: list[Text] = []
    rest = text
    while rest.cell_len > width:
        room = _prefix(rest.plain, width)
        space = rest.plain.rfind(" ", 0, room + 1)
        cut = space if space > 0 else room
        lines.append(rest[:cut])
        rest = rest[cut:].copy()
        skip = len(rest.plain) - len(rest.plain.lstrip())
        rest = rest[skip:]
    return [*lines, rest]


def _prefix(text: str, width: int) -> int:
    """How many characters of `text` fit into `width` columns; at least one."""
    used = 0
    for number, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return max(number, 1)
    return len(text)
