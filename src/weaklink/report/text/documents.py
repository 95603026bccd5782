"""The passages of each retrieval as a table."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from weaklink.report.clean import one_line
from weaklink.report.figures import plain_number, score_text, share_text
from weaklink.report.passages import PassageRow, RetrievalTable
from weaklink.report.text.columns import Column, fit
from weaklink.report.text.look import Look, score_style
from weaklink.report.text.verdict import heading
from weaklink.report.view import Report

_MOST_ROWS = 12
_RELEVANT = 0.7
_USED = {"supports": ("yes", "green"), "contradicts": ("contradicts", "red")}


def documents_block(report: Report, look: Look) -> RenderableType | None:
    """One table for each retrieval whose passages should have reached the prompt; the others in one line each."""
    tables = report.tables()
    if not tables:
        return None
    culprit = report.diagnosis.culprit.span_id if report.diagnosis and report.diagnosis.culprit else ""
    parts: list[RenderableType] = []
    for table in tables:
        is_shown = look.everything or table.is_last or any(span.id == culprit for span in table.steps)
        if parts and is_shown:
            parts.append(Text(""))
        parts.append(_title(table, look, is_shown=is_shown, query=_query(report, table)))
        if is_shown and table.rows:
            parts += _rows(table, look)
    return Group(*parts)


def _title(table: RetrievalTable, look: Look, *, is_shown: bool, query: str) -> RenderableType:
    names = one_line(table.title(">"))
    found = f"{table.found} {'passage' if table.found == 1 else 'passages'}"
    note = found if table.kept == table.found else f"{found} found, {table.kept} kept"
    if not table.rows:
        status = table.steps[-1].status
        note = "nothing found" if status == "ok" else f"nothing, {status}"
    title = heading(names, note if is_shown else f"{note}; --all shows them")
    if not query:
        return title
    return Group(title, Padding(Text(f"searched for: {query}", "dim"), (0, 0, 0, 2)))


def _query(report: Report, table: RetrievalTable) -> str:
    """What was searched for, where that is not the question itself."""
    query = one_line(table.query)
    return "" if query == one_line(report.trace.question) else query


def _rows(table: RetrievalTable, look: Look) -> list[RenderableType]:
    rows = table.rows if look.everything else table.rows[:_MOST_ROWS]
    place, was = Column("#", right=True), Column("was", right=True)
    store, reranked = Column(_store_title(table, look), right=True, drop=3), Column("rerank", right=True, drop=4)
    relevance, prompt, used = (
        Column("relevance" if look.width >= 100 else "rel.", right=True),
        Column("prompt", right=True),
        Column("used"),
    )
    has_paths = any("/" in row.document.source for row in rows)  # their ends tell them apart
    source = Column("source", least=10, most=30 if look.width >= 120 else 16, middle=has_paths, drop=2)
    excerpt = Column("text", least=24)
    has_model = any(row.share is not None for row in rows)
    for row in rows:
        is_kept = row.rank is not None
        style = "" if is_kept else "dim"
        place.add(str(row.rank) if is_kept else "-", style)
        was.add("" if row.before is None else str(row.before), style)
        store.add(plain_number(row.store_score), style)
        reranked.add(plain_number(row.rerank_score), style)
        is_lost = not is_kept and (row.relevance or 0) >= _RELEVANT
        relevance.add(score_text(row.relevance), score_style(row.relevance) if is_kept or is_lost else "dim")
        prompt.add(*_prompt(row, has_model=has_model))
        used.add(*_USED.get(row.used, ("", "")))
        source.add(one_line(row.document.source), "dim")
        excerpt.add(one_line(row.document.content), style)
    parts: list[RenderableType] = [fit([place, was, store, reranked, relevance, prompt, used, source, excerpt], look)]
    if len(rows) < len(table.rows):
        parts.append(Text(f"  and {len(table.rows) - len(rows)} more, --all shows them", "dim"))
    return parts


def _prompt(row: PassageRow, *, has_model: bool) -> tuple[str, str]:
    if row.rank is None:
        return "dropped", "yellow"
    if row.share is None or not has_model:
        return "", ""
    if row.share == 0:
        return "missing", "red"
    return share_text(row.share), "" if row.share > 0.99 else "yellow"


def _store_title(table: RetrievalTable, look: Look) -> str:
    """The kind of the store's score, with an arrow that says which way is better."""
    down, up = ("v", "^") if look.plain else ("↓", "↑")
    way = table.higher_is_better
    return one_line(table.score_kind) + ("" if way is None else f" {up if way else down}")
