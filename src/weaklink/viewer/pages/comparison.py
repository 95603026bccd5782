"""Two traces side by side: their strips, and step by step what changed."""

from __future__ import annotations

from collections.abc import Iterator

from weaklink.report.clean import one_line
from weaklink.report.comparison import Comparison, PassageChange, StepChange
from weaklink.report.figures import duration_text, score_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.html.links import level
from weaklink.report.html.verdict import strip_html, verdict_html
from weaklink.report.view import Report
from weaklink.viewer.pages.layout import href

_EXCERPT = 300


def comparison_page(comparison: Comparison, *, everything: bool) -> Iterator[Html]:
    """What stands in the main part."""
    first, second = comparison.first.trace.id, comparison.second.trace.id
    swap = element("a", "Swap", href=href("/diff", a=second, b=first))
    all_ = element("a", "Only my steps" if everything else "All steps",
                   href=href("/diff", a=first, b=second, everything="" if everything else "true"))  # fmt: skip
    yield element("div", element("h1", "Compare"), element("div", swap, all_, class_="actions"), class_="trace-head")
    sides = [element("div", *_side(name, report), class_="card side") for name, report in
             (("Before", comparison.first), ("After", comparison.second))]  # fmt: skip
    yield element("div", *sides, class_="sides")
    changes = comparison.changes
    same = len(comparison.steps) - len(changes)
    yield element("h2", "What changed ", element("small", f"{len(changes)} of {len(comparison.steps)} steps differ"))
    if not changes:
        yield element("p", "Nothing: both did the same, step by step.", class_="empty")
    for change in changes:
        yield element("section", *_change(change), class_="card change")
    if changes and same:
        names = ", ".join(one_line(step.row.span.name) for step in comparison.steps if not step.is_change)
        yield element("p", f"{same} unchanged: {names}", class_="soft")


def _side(name: str, report: Report) -> Iterator[Html]:
    trace = report.trace
    link = element("a", trace.id[-12:], href=f"/traces/{trace.id}", class_="mono")
    yield element("p", element("strong", name), " ", link, " ", duration_text(trace.duration_ns), class_="soft")
    yield verdict_html(report)
    # Links of the strip lead to the trace's own page.
    strip = strip_html(report.strip).replace('href="#', f'href="/traces/{trace.id}#')
    yield Html(strip)
    said = (("Question", trace.question), ("Answer", trace.answer))
    yield element(
        "dl", *(join(element("dt", word), element("dd", text or "none")) for word, text in said), class_="facts"
    )


def _change(change: StepChange) -> Iterator[Html]:
    heading: list[str] = [
        element("h3", one_line(change.row.span.name)),
        element("span", change.row.word, class_="role"),
    ]
    if change.first is None:
        heading.append(element("span", "only after", class_="pill gained"))
    elif change.second is None:
        heading.append(element("span", "only before", class_="pill lost"))
    elif change.statuses[0] != change.statuses[1]:
        heading.append(element("span", f"{change.statuses[0]} → {change.statuses[1]}", class_="pill unknown"))
    yield element("div", *heading, class_="panel-head")
    if change.scores:
        yield element("ul", *(element("li", _score(*score)) for score in change.scores), class_="scores")
    if change.model:
        yield element(
            "p", "model ", element("del", change.model[0] or "none"), " → ", element("ins", change.model[1] or "none")
        )
    if change.passages:
        yield _passages(change.passages)
    for title, lines in (("Template", change.template), ("Prompt", change.prompt)):
        if lines:
            yield element("h4", title)
            yield element("pre", *(_line(line) for line in lines), class_="lines")
    if change.output:
        yield element("h4", "Output")
        yield element("div", element("pre", change.output[0] or "nothing", class_="lost"),
                      element("pre", change.output[1] or "nothing", class_="gained"), class_="sides")  # fmt: skip


def _score(name: str, before: float | None, after: float | None) -> Html:
    return join(
        element("span", name.replace("_", " "), class_="soft"), " ",
        element("span", score_text(before) or "none", class_=level(before)), " → ",
        element("strong", score_text(after) or "none", class_=level(after)),
    )  # fmt: skip


def _passages(passages: tuple[PassageChange, ...]) -> Html:
    head = element(
        "tr", *(element("th", title, scope="col") for title in ("Passage", "Before", "After", "Source", "Text"))
    )
    rows: list[Html] = []
    for passage in passages:
        word = "lost" if passage.after is None else "gained" if passage.before is None else "moved"
        rows.append(element(
            "tr", element("td", element("span", word, class_=f"pill {word}")),
            element("td", str(passage.before or "–"), class_="n"), element("td", str(passage.after or "–"), class_="n"),
            element("td", passage.document.source), element("td", one_line(passage.document.content)[:_EXCERPT], class_="text"),
        ))  # fmt: skip
    return element("div", element("table", element("thead", head), element("tbody", *rows)), class_="scroll")


def _line(line: str) -> Html:
    name = {"+": "ins", "-": "del"}.get(line[:1], "span")
    return join(element(name, line), "\n")
