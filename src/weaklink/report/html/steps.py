"""The tree of steps in HTML: each step opens to what went in and what came out."""

from __future__ import annotations

from collections.abc import Iterator

from weaklink.report.figures import count_text, duration_text, score_text
from weaklink.report.html.elements import Html, element
from weaklink.report.html.links import anchor, level
from weaklink.report.html.panel import step_panel
from weaklink.report.view import Report, StepRow

_MOST_STEPS = 2_000
_DEEPEST = 16
_MARKS = {"!": "weak link", "?": "suspect", "~": "made good"}


def steps_html(report: Report) -> Iterator[Html]:
    """A heading, and each step as a <details>."""
    rows = report.steps(everything=True)
    folded = sum(row.span.plumbing for row in rows)
    note = f"{len(rows)} steps" + (f", {folded} of them the framework's own" if folded else "")
    yield element("h2", "Steps ", element("small", note))
    yield element("div", *(_step(report, row) for row in rows[:_MOST_STEPS]), class_="steps")
    if len(rows) > _MOST_STEPS:
        yield element("p", f"and {len(rows) - _MOST_STEPS} more", class_="soft")


def _step(report: Report, row: StepRow) -> Html:
    span = row.span
    said = ", ".join(filter(None, ("" if span.status == "ok" else span.status, _MARKS.get(row.mark))))
    cells = (
        element("span", span.name, class_=f"name d{min(len(row.guides), _DEEPEST)}"),
        element("span", row.word, class_="role"),
        element("span", score_text(row.score), class_=f"score {level(row.score)}"),
        element("span", duration_text(span.duration_ns), class_="time"),
        element("span", count_text(row.tokens), class_="tokens"),
        _bar(report, row),
        element("span", said, class_="said"),
    )
    # A notebook that is not trusted, and GitHub, show it without any style: then the spaces keep the words apart.
    summary = element("summary", *(part for cell in cells for part in (cell, " ")))
    classes = " ".join(filter(None, ("plumbing" if span.plumbing else "", "weak" if row.mark == "!" else "")))
    # A browser opens a <details> when a link leads into it, not when it leads to it.
    body = element("div", *step_panel(report, row, alone=False), id=anchor(span.id), class_="body")
    return element("details", summary, body, class_=classes)


def _bar(report: Report, row: StepRow) -> Html:
    """When the step ran, within the whole call."""
    whole, span = report.trace.duration_ns, row.span
    if not whole or span.duration_ns is None:
        return element("span", class_="bar")
    left = min(99.0, max(0.0, (span.start_ns - report.trace.start_ns) / whole * 100))
    width = min(100 - left, max(1.0, span.duration_ns / whole * 100))
    line = element("rect", x=f"{left:.1f}", width=f"{width:.1f}", height="8", y="0")
    return element("svg", line, class_="bar", viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true")
