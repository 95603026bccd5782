"""Scores that have no place of their own in the report: a judge's, and those of users' own scorers."""

from __future__ import annotations

from rich.console import Group, RenderableType

from weaklink.report.clean import one_line
from weaklink.report.figures import score_text
from weaklink.report.text.columns import Column, fit
from weaklink.report.text.look import Look, score_style
from weaklink.report.text.verdict import heading
from weaklink.report.view import Report, why


def scores_block(report: Report, look: Look) -> RenderableType | None:
    """A line for each score of a whole step: its name, the step, the value and why."""
    scores = report.more_scores()
    if not scores:
        return None
    name, step, value = Column("score", least=16, most=40), Column("of", least=8, most=24), Column("", right=True)
    reason = Column("why", least=12, drop=1)
    for score in scores:
        name.add(one_line(score.name))
        step.add(one_line(report.trace.get(score.span_id).name), "dim")
        value.add(score_text(score.value), score_style(score.value))
        reason.add(one_line(why(score)), "dim")
    return Group(heading("More scores", ""), fit([name, step, value, reason], look))
