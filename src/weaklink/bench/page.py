"""The result as a page: verdict, charts, tables; nothing is loaded and nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from weaklink.bench.charts import latency_chart, pareto_chart, wins_chart
from weaklink.bench.result import Result
from weaklink.bench.tables import Table, heading, left_out, small_print, tables_of
from weaklink.report.html.elements import Html, element, join

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@cache
def _style() -> str:
    return (files("weaklink.report.html") / "page.css").read_text("utf-8")


def as_html(result: Result) -> str:
    """The whole page; every text is escaped."""
    head = join(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", "Vector stores compared"),
        Html(f"<style>{_style()}td:first-child{{white-space:nowrap}}.wl{{min-width:640px}}</style>"),
    )
    body = element("body", element("main", *_parts(result)))
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n{body}\n</html>\n'


def _parts(result: Result) -> Iterator[Html]:
    is_bad = any(store.status in ("invalid", "failed") for store in result.stores)
    lines = element("ul", *(element("li", line) for line in result.verdict), class_="plain")
    yield element(
        "section", element("h1", "Vector stores compared"), lines, class_=f"verdict {'degraded' if is_bad else 'ok'}"
    )
    yield element("p", heading(result), class_="soft")
    charts = (
        (
            "Recall and speed",
            "The best are at the top left. No store off the dashed line is both faster and better than one on it. A dot without a name "
            "says it under the mouse.",
            pareto_chart(result),
        ),
        ("How long a search takes", "", latency_chart(result)),
        ("Query by query", "By nDCG against the labels, or by recall where there are none.", wins_chart(result)),
    )
    for title, note, chart in charts:
        if chart:
            yield element("h2", title, " ", element("small", note))
            yield element("div", Html(chart), class_="scroll")
    for table in tables_of(result):
        yield element("h2", table.title)
        yield _table(table)
        yield element("p", table.note, class_="soft")
    yield from _lists(result)
    yield element("footer", *(element("p", line) for line in small_print(result)))


def _table(table: Table) -> Html:
    head = element(
        "tr", *(element("th", name, class_="n" if place else "") for place, name in enumerate(table.columns))
    )
    rows = (
        element("tr", *(element("td", cell, class_="n" if place else "") for place, cell in enumerate(row)))
        for row in table.rows
    )
    return element("div", element("table", element("thead", head), element("tbody", *rows)), class_="scroll")


def _lists(result: Result) -> Iterator[Html]:
    if lines := left_out(result):
        yield element("h2", "Left out")
        yield element("ul", *(element("li", line) for line in lines), class_="plain")
    wrong = [(store, query) for store in result.measured for query in store.only_wrong]
    if wrong:
        yield element("h2", "Queries that only one store gets wrong")
        yield element(
            "ul", *(_wrong(store.name, query.question, query.traces) for store, query in wrong), class_="plain"
        )
    unsupported = [(effect, query) for effect in result.answers for query in effect.only_wrong]
    if unsupported:
        yield element("h2", "Answers that are unsupported with one store alone")
        yield element(
            "ul", *(_wrong(effect.store, query.question, query.traces) for effect, query in unsupported), class_="plain"
        )
    changed = [(effect.store, question) for effect in result.answers for question in effect.changed_questions]
    if changed:
        yield element("h2", "Questions whose answer changes")
        yield element("ul", *(_wrong(store, question, ()) for store, question in changed), class_="plain")
    if packages := sorted({f"{name} {version}" for store in result.stores for name, version in store.versions.items()}):
        yield element("h2", "Versions")
        yield element("p", ", ".join(packages))


def _wrong(store: str, question: str, traces: tuple[str, ...]) -> Html:
    shown = f" (weaklink show {traces[0][-12:]})" if traces else ""
    return element("li", element("b", store), ": ", question, element("span", shown, class_="soft"))
