"""The page from its head to its foot."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from weaklink import __version__
from weaklink.model import StripCell
from weaklink.report.clean import one_line
from weaklink.report.figures import confidence_text, count_text, duration_text, score_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.html.lineage import lineage_html
from weaklink.report.html.passages import tables_html
from weaklink.report.html.steps import anchor, level, steps_html
from weaklink.report.sentences import Sentence
from weaklink.report.view import Report

# Nothing may be loaded and nothing may run; the page's own style stands in it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LONGEST_TITLE = 80


def render_html(report: Report) -> str:
    """The whole page; every text of the trace is escaped."""
    question = one_line(report.trace.question)[:_LONGEST_TITLE]
    verdict = report.diagnosis.verdict if report.diagnosis else "trace"
    head = join(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="referrer" content="no-referrer">'),
        element("title", f"{verdict}: {question}"),
        Html(f"<style>{_style()}</style>"),
    )
    body = element("body", element("main", *_parts(report)))
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n{body}\n</html>\n'


@cache
def _style() -> str:
    return (files("weaklink.report.html") / "page.css").read_text("utf-8")


def _parts(report: Report) -> Iterator[Html]:
    yield _verdict(report)
    yield _strip(report)
    yield _facts(report)
    yield from _error(report)
    yield from _answer(report)
    yield from lineage_html(report)
    yield from tables_html(report)
    yield from steps_html(report)
    yield from _prompts(report)
    yield from _unscored(report)
    yield element("footer", f"Weaklink {__version__}, trace {report.trace.id}")


def _verdict(report: Report) -> Html:
    diagnosis = report.diagnosis
    if diagnosis is None:
        return element("section", element("h1", f"Not diagnosed: {report.trace.name}"), class_="verdict unknown")
    title = [diagnosis.verdict.upper()]
    if diagnosis.culprit is not None:
        step = diagnosis.culprit
        link = element("a", step.name, href=f"#{anchor(step.span_id)}")
        title += [" at ", f"{step.role}: " if step.role and step.role != step.name else "", link]
    failure = [": ", element("code", diagnosis.failure)] if diagnosis.failure else []
    sure = element("span", f"confidence {confidence_text(diagnosis.confidence)}", class_="sure")
    heading = element("h1", sure, *title, *failure)
    return element("section", heading, element("p", diagnosis.summary), class_=f"verdict {diagnosis.verdict}")


def _strip(report: Report) -> Html:
    return (
        element("ol", *(element("li", _cell(cell)) for cell in report.strip), class_="strip")
        if report.strip
        else Html("")
    )


def _cell(cell: StripCell) -> Html:
    words = {"!": ("culprit", " weak link"), "?": ("suspect", " ?"), "~": ("", " made good")}
    class_, word = words.get(cell.mark, ("", ""))
    score = (
        join(" ", element("span", score_text(cell.score), class_=level(cell.score)))
        if cell.score is not None
        else Html("")
    )
    parts = (cell.role or cell.name, score, word)
    return element("a", *parts, href=f"#{anchor(cell.span_id)}", title=cell.name, class_=class_)


def _facts(report: Report) -> Html:
    trace, diagnosis = report.trace, report.diagnosis
    figures = [
        trace.name,
        duration_text(trace.duration_ns) or "never ended",
        trace.status if trace.status != "ok" else "",
    ]
    if trace.usage is not None:
        figures.append(f"{count_text(trace.usage.total_tokens)} tokens")
    facts: list[tuple[str, list[str]]] = [
        ("Question", [trace.question or "not found"]),
        ("Answer", [trace.answer or "none"]),
        ("Trace", [", ".join(filter(None, figures))]),
    ]
    if diagnosis is not None:
        facts.append(("Why", [_evidence(report)] if diagnosis.evidence else []))
        facts.append(("Try", [diagnosis.advice] if diagnosis.advice else []))
        facts.append(("To decide", [_list(diagnosis.capture)] if diagnosis.capture else []))
        lines = [f"{s.step.name}: {s.failure} {score_text(s.probability)}. {s.summary}" for s in report.suspects()]
        facts.append(("Or else", [_list(lines)] if lines else []))
    return element("dl", *(join(element("dt", name), element("dd", *parts)) for name, parts in facts if parts))


def _list(lines: Iterator[str] | list[str] | tuple[str, ...]) -> Html:
    return element("ul", *(element("li", line) for line in lines), class_="plain")


def _evidence(report: Report) -> Html:
    evidence = report.diagnosis.evidence if report.diagnosis else ()
    items: list[Html] = []
    for item in evidence:
        link = Html("")
        if item.at is not None and any(span.id == item.at.span_id for span in report.trace.spans):
            link = join(" (", element("a", report.place(item.at), href=f"#{anchor(item.at.span_id)}"), ")")
        items.append(element("li", item.says, element("span", link, class_="soft")))
    return element("ul", *items, class_="plain")


def _error(report: Report) -> Iterator[Html]:
    span = report.failed
    if span is None or span.error is None:
        return
    error = span.error
    lines = [f"{error.type}: {error.message}", *(f"caused by {cause}" for cause in error.causes)]
    lines += [f"at {frame}" for frame in reversed(error.stack)]
    yield element("h2", "Error in ", element("a", span.name, href=f"#{anchor(span.id)}"))
    yield element("pre", "\n".join(lines))


def _answer(report: Report) -> Iterator[Html]:
    sentences = report.sentences()
    if not sentences:
        return
    yield element("h2", "What the model wrote")
    marked = (
        join(element("mark", sentence.text, class_=sentence.label or "not_a_claim"), " ") for sentence in sentences
    )
    yield element("p", *marked, class_="answer")
    yield element(
        "ul",
        *(_claim(sentence) for sentence in sentences if sentence.label not in ("", "not_a_claim")),
        class_="claims",
    )


def _claim(sentence: Sentence) -> Html:
    label = element("span", sentence.label, class_=f"label {sentence.label}")
    score = element("span", f" {score_text(sentence.value)}", class_="soft")
    detail = f": {', '.join(sentence.detail)}" if sentence.detail else ""
    word = {"supported": "carried by ", "contradicted": "against "}.get(sentence.label, "nearest passage: ")
    passage = Html("")
    if sentence.passage and sentence.label != "abstention":
        source = element("span", f" ({sentence.source})", class_="soft")
        passage = join(Html("<br>"), element("span", word, class_="soft"), element("q", sentence.passage), source)
    return element("li", sentence.text, " ", label, score, detail, passage)


def _prompts(report: Report) -> Iterator[Html]:
    for span, template in report.templates():
        yield element("h2", "Prompt template ", element("small", span.name))
        yield element("pre", template)


def _unscored(report: Report) -> Iterator[Html]:
    reasons = report.unscored()
    if reasons:
        yield element("h2", "Not scored")
        yield _list(reasons)
