"""The page from its head to its foot."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from weaklink import __version__
from weaklink.report.clean import one_line
from weaklink.report.figures import count_text, duration_text
from weaklink.report.html.elements import Html, element, join, void
from weaklink.report.html.lineage import lineage_html
from weaklink.report.html.links import step_link
from weaklink.report.html.passages import tables_html
from weaklink.report.html.sentences import answer_html
from weaklink.report.html.steps import steps_html
from weaklink.report.html.verdict import listed, strip_html, verdict_html, why_html
from weaklink.report.view import Report

_LONGEST_TITLE = 80


def render_html(report: Report) -> str:
    """The whole page; every text of the trace is escaped."""
    question = one_line(report.trace.question)[:_LONGEST_TITLE]
    verdict = report.diagnosis.verdict if report.diagnosis else "trace"
    head = join(
        Html('<meta charset="utf-8">'),
        void("meta", http_equiv="Content-Security-Policy", content=_policy()),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="referrer" content="no-referrer">'),
        element("title", f"{verdict}: {question}"),
        Html(f"<style>{_style()}</style>"),
    )
    body = element("body", element("main", *_parts(report)))
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n{body}\n</html>\n'


@cache
def _policy() -> str:
    """Nothing may be loaded and nothing may run; the page's own style stands in it, and no other."""
    style = b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"


@cache
def _style() -> str:
    return (files("weaklink.report.html") / "page.css").read_text("utf-8")


def _parts(report: Report) -> Iterator[Html]:
    yield verdict_html(report)
    yield strip_html(report.strip)
    yield facts_html(report)
    yield from _error(report)
    yield from _answer(report)
    yield from lineage_html(report)
    yield from tables_html(report)
    yield from steps_html(report)
    yield from _prompts(report)
    yield from _unscored(report)
    yield element("footer", f"Weaklink {__version__}, trace {report.trace.id}")


def facts_html(report: Report) -> Html:
    """Question, answer and figures of the trace, and why the verdict is what it is."""
    trace = report.trace
    figures = [
        trace.name,
        duration_text(trace.duration_ns) or "never ended",
        trace.status if trace.status != "ok" else "",
    ]
    if trace.usage is not None:
        figures.append(f"{count_text(trace.usage.total_tokens)} tokens")
    said = [("Question", [trace.question or "not found"]), ("Answer", [trace.answer or "none"])]
    facts = [*([] if trace.asks_nothing else said), ("Trace", [", ".join(filter(None, figures))])]
    named = [join(element("dt", name), element("dd", *parts)) for name, parts in facts]
    return element("dl", *named, *why_html(report), class_="facts")


def _error(report: Report) -> Iterator[Html]:
    span = report.failed
    if span is None or span.error is None:
        return
    error = span.error
    lines = [f"{error.type}: {error.message}", *(f"caused by {cause}" for cause in error.causes)]
    lines += [f"at {frame}" for frame in reversed(error.stack)]
    yield element("h2", "Error in ", step_link(span.id, span.name))
    yield element("pre", "\n".join(lines))


def _answer(report: Report) -> Iterator[Html]:
    if report.sentences():
        yield element("h2", "What the model wrote")
        yield from answer_html(report)


def _prompts(report: Report) -> Iterator[Html]:
    for name, template in report.templates():
        yield element("h2", "Prompt template ", element("small", name))
        yield element("pre", template)


def _unscored(report: Report) -> Iterator[Html]:
    reasons = report.unscored()
    if reasons:
        yield element("h2", "Not scored")
        yield listed(reasons)
