"""One trace: verdict, strip, question and answer, the tree of steps, and the panel of the one that is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from weaklink.model import Span, TextRange
from weaklink.prices import Cost
from weaklink.report.clean import clean_json, one_line
from weaklink.report.figures import age_text, cost_text, count_text, duration_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.html.lineage import lineage_html
from weaklink.report.html.links import anchor
from weaklink.report.html.panel import step_panel
from weaklink.report.html.sentences import answer_html
from weaklink.report.html.verdict import listed, strip_html, verdict_html, why_html
from weaklink.report.view import Report, StepRow
from weaklink.store.protocol import Feedback, TraceSummary
from weaklink.viewer.pages.feedback import feedback_html, label_html
from weaklink.viewer.pages.layout import href


@dataclass(frozen=True, slots=True)
class Shown:
    """A trace as its page shows it."""

    report: Report
    """Of the whole trace; of a very large one, of its root and the steps that the diagnosis names."""
    outline: dict[str, Any]
    """The first steps of the tree, as the script draws them."""
    summary: TraceSummary
    feedback: Sequence[Feedback]
    newer: str | None
    older: str | None
    """Ids of the traces beside it in the list that it was opened from."""
    query: str
    now_ns: int
    cost: Cost | None = None
    """None where no prices are given."""


def trace_page(shown: Shown) -> Iterator[Html]:
    """What stands in the main part."""
    yield _head(shown)
    yield element("div", *_top(shown), id="top")
    tree = element("section", *_tree(shown), class_="steps-pane", aria_label="Steps")
    chosen = first_step(shown.report)
    panel = element("section", *(panel_html(shown.report, chosen, shown.feedback) if chosen else ()),
                    class_="panel", id="panel", aria_label="Step", aria_live="polite", tabindex="-1")  # fmt: skip
    yield element("div", tree, panel, class_="split")


def first_step(report: Report) -> StepRow | None:
    """The step that is chosen when the page opens: the weak link, else what wrote the answer, else the root."""
    wanted = report.trace.root.id
    if report.diagnosis is not None and report.diagnosis.culprit is not None:
        wanted = report.diagnosis.culprit.span_id
    elif report.failed is not None:
        wanted = report.failed.id
    elif report.trace.dataflow.generator is not None:
        wanted = report.trace.dataflow.generator.id
    return row_of(report, wanted) or row_of(report, report.trace.root.id)


def row_of(report: Report, span_id: str) -> StepRow | None:
    """The line of the tree for this step; None where the trace has no such step."""
    return next((row for row in report.steps(everything=True) if row.span.id == span_id), None)


def _head(shown: Shown) -> Html:
    summary = shown.summary
    figures = [
        one_line(summary.name),
        duration_text(summary.duration_ns) or "still running",
        f"{summary.spans:,} steps",
        f"{count_text(summary.usage.total_tokens)} tokens" if summary.usage else "",
        (cost_text(shown.cost.usd) or f"no cost: {shown.cost.reason}") if shown.cost else "",
        f"{age_text(summary.start_ns, shown.now_ns)} ago",
        summary.status if summary.status not in ("ok", "incomplete") else "",
    ]
    tags = [element("a", one_line(tag), href=href("/", q=f'tag:"{tag}"'), class_="tag") for tag in summary.tags]
    beside = [
        element(
            "a", sign, href=href(f"/traces/{other}", q=shown.query), class_="beside", id=name, title=f"{title} ({key})"
        )
        for sign, other, name, title, key in (
            ("‹", shown.newer, "newer", "newer", "["),
            ("›", shown.older, "older", "older", "]"),
        )
        if other
    ]
    actions = [
        element(
            "a",
            "Compare",
            href=href("/", q=shown.query),
            id="compare",
            title="Compare with another trace (d)",
            data_id=summary.id,
        ),
        element(
            "a",
            "Save as one file",
            href=f"/traces/{summary.id}/report.html",
            download=f"weaklink-{summary.id[-8:]}.html",
        ),
    ]
    return element(
        "div",
        element("nav", element("a", "Traces", href=href("/", q=shown.query)), *beside, class_="crumbs", aria_label="Traces"),
        element("p", " · ".join(filter(None, figures)), *tags, class_="figures soft"),
        element("div", *actions, class_="actions"),
        class_="trace-head", data_trace=summary.id, id="trace",
    )  # fmt: skip


def _top(shown: Shown) -> Iterator[Html]:
    report = shown.report
    why = list(why_html(report))
    verdict = verdict_html(report) if report.diagnosis else _waiting(shown)
    yield element("div", verdict, element("dl", *why, class_="facts why") if why else "", class_="card verdict-card")
    yield strip_html(report.strip)
    yield element("div", *_conversation(shown), class_="card talk")
    lineage = list(lineage_html(report))
    if lineage:
        yield element("div", *lineage, class_="card lineage", id="lineage")
    if reasons := report.unscored():
        yield element(
            "details",
            element("summary", f"{len(reasons)} scores could not be given"),
            listed(reasons),
            class_="more unscored",
        )


def _waiting(shown: Shown) -> Html:
    title = "Still running …" if shown.summary.duration_ns is None else "Diagnosing …"
    return element(
        "section",
        element("h1", title),
        element("p", "This page follows by itself."),
        class_="verdict waiting",
        id="waiting",
    )


def _conversation(shown: Shown) -> Iterator[Html]:
    report = shown.report
    if not report.trace.asks_nothing:
        yield element("dl", _said("Question", element("span", report.trace.question or "not found in the recording", class_="said-text")),
                      *_answer(report), class_="facts")  # fmt: skip
    yield feedback_html(shown.summary.id, shown.feedback)


def _answer(report: Report) -> Iterable[Html]:
    """The answer; where its sentences were judged, in their colours."""
    judged = list(answer_html(report))
    trace = report.trace
    if judged and trace.answer.strip() == trace.dataflow.generator_text:
        return [_said("Answer", judged[0])]
    parts = [_said("Answer", element("span", trace.answer or "none", class_="said-text"))]
    if judged:
        parts.append(_said("Model wrote", judged[0]))
    return parts


def _said(name: str, *parts: str) -> Html:
    return join(element("dt", name), element("dd", *parts))


def _tree(shown: Shown) -> Iterator[Html]:
    count = element("span", class_="soft", id="tree-count")
    all_ = element(
        "button",
        "Show all",
        type="button",
        id="tree-all",
        aria_pressed="false",
        title="All steps, or only your own (a)",
    )
    yield element("div", element("h2", "Steps"), count, all_, class_="tree-head")
    outline = clean_json(orjson.dumps(shown.outline).decode())
    yield element(
        "div", element("div", class_="tree-rows", id="tree-rows"),
        id="tree", class_="tree", role="tree", tabindex="0", aria_label="Steps of the call", data_outline=outline,
    )  # fmt: skip
    yield element("noscript", "The tree of steps needs the page's script; “Save as one file” does without.")


def panel_html(
    report: Report, row: StepRow, feedback: Sequence[Feedback], at: TextRange | None = None
) -> Iterator[Html]:
    """The panel of one step."""
    yield element(
        "div", *_panel_head(row), class_="panel-head", data_step=row.span.id, id=f"panel-{anchor(row.span.id)}"
    )
    yield from step_panel(report, row, at=at)
    yield label_html(row.span, feedback)
    yield element("p", f"{row.span.kind} · {row.span.id}", class_="soft mono id")


def _panel_head(row: StepRow) -> Iterator[Html]:
    span = row.span
    yield element("h2", one_line(span.name))
    yield element("span", row.word, class_="role")
    if span.status != "ok":
        yield element("span", span.status, class_=f"pill {'broken' if span.status == 'error' else 'waiting'}")
    if row.mark:
        yield element(
            "span", {"!": "weak link", "?": "suspect", "~": "made good"}[row.mark], class_=f"pill {_MARKS[row.mark]}"
        )
    yield element("span", " · ".join(filter(None, _figures(span, row))), class_="soft figures")


_MARKS = {"!": "broken", "?": "unknown", "~": "recovered"}


def _figures(span: Span, row: StepRow) -> Iterator[str]:
    yield duration_text(span.duration_ns) or "still open"
    yield f"{count_text(row.tokens)} tokens" if row.tokens is not None else ""
