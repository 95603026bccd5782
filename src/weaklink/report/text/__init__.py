"""The report for a terminal: coloured where there are colours, plain ASCII drawing where there are none."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.text import Text

from weaklink.report.text.answer import answer_block, error_block, prompt_block
from weaklink.report.text.documents import documents_block
from weaklink.report.text.lineage import funnel_block, origins_block
from weaklink.report.text.look import Look
from weaklink.report.text.scores import scores_block
from weaklink.report.text.tree import tree_block
from weaklink.report.text.verdict import (
    evidence_block,
    question_block,
    rest_block,
    strip_line,
    suspects_block,
    verdict_bar,
)
from weaklink.report.view import Report

__all__ = ["Look", "draw", "render_text", "report_blocks", "strip_line", "verdict_bar"]


def render_text(
    report: Report, *, width: int = 80, plain: bool = True, everything: bool = False, with_steps: bool = True
) -> str:
    """The whole report as text of at most `width` columns; `plain` is without colour and draws with ASCII.

    `everything` shows the framework's plumbing and every retrieval too.
    """
    look = Look(width=width, plain=plain, everything=everything)
    return draw(Group(*report_blocks(report, look, with_steps=with_steps)), look)


def report_blocks(report: Report, look: Look, *, with_steps: bool = True) -> Iterator[RenderableType]:
    """The parts of the report from the verdict down, each with an empty line before it."""
    parts = [
        verdict_bar(report, look),
        question_block(report, look),
        strip_line(report, look),
        evidence_block(report, look),
    ]
    parts += [
        suspects_block(report, look),
        error_block(report, look),
        answer_block(report, look),
        funnel_block(report, look),
        origins_block(report, look),
        documents_block(report, look),
    ]
    if with_steps:
        parts += [tree_block(report, look), prompt_block(report, look)]
    parts.append(scores_block(report, look))
    parts.append(rest_block(report))
    is_first = True
    for part in parts:
        if part is not None:
            if not is_first:
                yield Text("")
            yield part
            is_first = False


def draw(renderable: RenderableType, look: Look) -> str:
    """What rich makes of `renderable`, as a string without trailing spaces."""
    out = io.StringIO()
    console = Console(
        file=out, width=look.width, force_terminal=not look.plain, color_system=None if look.plain else "standard",
        no_color=look.plain, legacy_windows=False, highlight=False, markup=False, emoji=False, soft_wrap=False,
    )  # fmt: skip
    console.print(renderable)
    lines = out.getvalue().split("\n")
    return "\n".join(line.rstrip() for line in lines)
