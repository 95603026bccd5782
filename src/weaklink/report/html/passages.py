"""The passages of each retrieval as an HTML table."""

from __future__ import annotations

from collections.abc import Iterator

from weaklink.model import TextRange
from weaklink.report.clean import one_line
from weaklink.report.figures import plain_number, score_text, share_text
from weaklink.report.html.elements import Html, element
from weaklink.report.html.links import level, step_link
from weaklink.report.html.marked import marked_text
from weaklink.report.passages import PassageRow, RetrievalTable, document_at
from weaklink.report.view import Report

_EXCERPT = 180


def tables_html(report: Report) -> Iterator[Html]:
    """A heading and a table for each retrieval."""
    for table in report.tables():
        names: list[str] = []
        for span in table.steps:
            arrow = " › " if span is table.steps[-1] else " + "
            names += [arrow if names else "", step_link(span.id, span.name)]
        kept = "" if table.kept == table.found else f", {table.kept} kept"
        count = f"{table.found} found{kept}" if table.rows else "nothing found"
        is_other = one_line(table.query) != one_line(report.trace.question)
        searched = f", searched for: {table.query}" if table.query and is_other else ""
        yield element("h2", *names, " ", element("small", count + searched))
        if table.rows:
            yield table_html(report, table)


def table_html(report: Report, table: RetrievalTable, at: TextRange | None = None) -> Html:
    """The passages of one retrieval, each a line of figures and its text; the one that `at` lies in is open, and marked."""
    wanted = document_at(report.trace, at.span_id, at.field) if at is not None else None
    store = table.score_kind + {True: " ↑", False: " ↓", None: ""}[table.higher_is_better]
    numbers = ("#", "was", store, "rerank", "relevance", "in prompt")
    titles = [*((title, "n") for title in numbers), ("used", ""), ("source", "source")]
    rows = [_cells(row) for row in table.rows]
    shown = [number for number in range(len(titles)) if any(cells[number][0] for cells in rows)]
    head = element("tr", *(element("th", titles[n][0], class_=titles[n][1], scope="col") for n in shown))
    bodies: list[Html] = []
    for row, cells in zip(table.rows, rows, strict=True):
        figures = element("tr", *(element("td", cells[n][0], class_=cells[n][1]) for n in shown))
        place = at if wanted is not None and wanted.key == row.document.key else None
        passage = element("tr", element("td", _text(row, place), class_="text", colspan=str(len(shown))))
        bodies.append(element("tbody", figures, passage, class_="dropped" if row.rank is None else ""))
    return element("div", element("table", element("thead", head), *bodies, class_="passages"), class_="scroll")


def _cells(row: PassageRow) -> list[tuple[str, str]]:
    """Each cell's content and class, in the order of the titles."""
    share = "dropped" if row.rank is None else "missing" if row.share == 0 else share_text(row.share)
    weak = row.rank is not None and row.share is not None and row.share <= 0.99
    used = {"supports": "supported", "contradicts": "contradicted"}.get(row.used, "")
    return [
        ("" if row.rank is None else str(row.rank), "n"),
        ("" if row.before is None else str(row.before), "n"),
        (plain_number(row.store_score), "n"),
        (plain_number(row.rerank_score), "n"),
        (score_text(row.relevance), f"n {level(row.relevance)}"),
        (share, "n low" if weak else "n"),
        (element("span", row.used, class_=f"label {used}") if used else "", ""),
        (row.document.source, "source"),
    ]


def _text(row: PassageRow, at: TextRange | None) -> Html:
    """The passage with what it does to the answer marked; a long one folded after its start."""
    content = row.document.content
    marks = [*row.marks] if at is None else [(at.start, at.end, "at")]
    if len(content) <= _EXCERPT:
        return marked_text(content, marks)
    start = one_line(content[:_EXCERPT].rsplit(" ", 1)[0])
    open_ = "open" if at is not None else ""
    return element("details", element("summary", f"{start} …"), element("pre", marked_text(content, marks)), open=open_)
