"""The evidence funnel and the origins of the answer's values as HTML tables."""

from __future__ import annotations

from collections.abc import Iterator

from weaklink.model import FunnelCell, FunnelRow, Origin
from weaklink.report.html.elements import Html, element
from weaklink.report.html.links import step_link
from weaklink.report.lineage import LOST_WORDS, funnel_title, shown_funnel, shown_origins, source_text
from weaklink.report.view import Report

_SIGNS = {
    "held": ("●", "there"),
    "partly": ("◐", "in part"),
    "lost": ("○", "not there"),
    "unknown": ("?", "nobody looked"),
}


def lineage_html(report: Report) -> Iterator[Html]:
    """A heading and a table for the evidence, and for the values; nothing where neither has something to tell."""
    funnel = shown_funnel(report, everything=True)
    if funnel is not None:
        yield element("h2", "Evidence ", element("small", funnel_title(funnel)))
        head = element("tr", *(element("th", title, scope="col") for title in ("piece", *funnel.stages, "last seen")))
        body = element("tbody", *(_row(row) for row in funnel.rows))
        yield element("div", element("table", element("thead", head), body, class_="funnel"), class_="scroll")
    origins = shown_origins(report, everything=True)
    if origins:
        note = LOST_WORDS if any(not origin.is_supported for origin in origins) else ""
        yield element("h2", "Values of the answer ", element("small", note))
        head = element("tr", *(element("th", title, scope="col") for title in ("value", "is", "comes from")))
        body = element("tbody", *(_origin(report, origin) for origin in origins))
        yield element("div", element("table", element("thead", head), body), class_="scroll")


def _row(row: FunnelRow) -> Html:
    piece = element("q" if row.kind == "claim" else "span", row.piece)
    last = element("td", row.last_seen or "nowhere", class_="" if row.lost_at is None else "low")
    return element("tr", element("th", piece, scope="row"), *map(_cell, row.cells), last)


def _cell(cell: FunnelCell) -> Html:
    sign, words = _SIGNS.get(cell.state, ("", ""))
    title = f"{cell.stage}: {words}{f', {cell.note}' if cell.note else ''}" if words else ""
    shown = element("span", sign, title=title, aria_label=title, role="img" if title else "")
    if cell.span_id is not None and sign:
        shown = step_link(cell.span_id, shown)
    return element("td", shown, class_=cell.state)


def _origin(report: Report, origin: Origin) -> Html:
    link = step_link(origin.born.span_id, source_text(report, origin), at=origin.place)
    weak = "" if origin.is_supported else "low"
    return element(
        "tr", element("td", origin.text, class_="text"), element("td", origin.kind), element("td", link, class_=weak)
    )
