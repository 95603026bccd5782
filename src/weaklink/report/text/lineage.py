"""Which piece of evidence got how far, and where the values of the answer come from."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from weaklink.report.clean import one_line
from weaklink.report.lineage import LOST_WORDS, funnel_title, shown_funnel, shown_origins, source_text
from weaklink.report.text.columns import Column, fit
from weaklink.report.text.look import Look
from weaklink.report.text.verdict import heading
from weaklink.report.view import Report

_SIGNS = {
    "held": ("●", "+", "green"),
    "partly": ("◐", "~", "yellow"),
    "lost": ("○", "-", "red"),
    "unknown": ("?", "?", "dim"),
}
_SOURCE_STYLES = {"written": "yellow", "computed": "cyan"}


def funnel_block(report: Report, look: Look) -> RenderableType | None:
    """A row for each piece of evidence, a cell for each stage, and where the piece was seen last."""
    funnel = shown_funnel(report, everything=look.everything)
    if funnel is None:
        return None
    piece, last = Column("piece", least=16, most=48), Column("last seen", drop=1)
    stages = [Column(stage) for stage in funnel.stages]
    for row in funnel.rows:
        text = one_line(row.piece)
        piece.add(f'"{text}"' if row.kind == "claim" else text, "italic" if row.kind == "kind of answer" else "")
        for column, cell in zip(stages, row.cells, strict=True):
            rich, plain, style = _SIGNS.get(cell.state, (" ", " ", ""))
            column.add(plain if look.plain else rich, style)
        last.add(row.last_seen or "nowhere", "" if row.lost_at is None else "red" if funnel.exact else "yellow")
    seen = {cell.state for row in funnel.rows for cell in row.cells}
    words = {"held": "there", "partly": "in part", "lost": "not there", "unknown": "nobody looked"}
    legend = "  ".join(
        f"{_SIGNS[state][1 if look.plain else 0]} {word}" for state, word in words.items() if state in seen
    )
    return Group(
        heading("Evidence", funnel_title(funnel)), fit([piece, *stages, last], look), Text(f"  {legend}", "dim")
    )


def origins_block(report: Report, look: Look) -> RenderableType | None:
    """Each value of the answer with the step that had it first; without `everything` only where one came from nowhere."""
    origins = shown_origins(report, everything=look.everything)
    if not origins:
        return None
    value, kind, source = Column("value", least=8, most=40), Column("is", drop=1), Column("comes from", least=16)
    for origin in origins:
        value.add(one_line(origin.text), "")
        kind.add(origin.kind, "dim")
        source.add(source_text(report, origin), _SOURCE_STYLES.get(origin.source, ""))
    note = LOST_WORDS if any(not origin.is_supported for origin in origins) else ""
    return Group(heading("Values of the answer", note), fit([value, kind, source], look))
