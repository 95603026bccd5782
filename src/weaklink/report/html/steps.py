"""The tree of steps in HTML: each step opens to what went in and what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import orjson
from pydantic import JsonValue

from weaklink.model import Score
from weaklink.report.figures import count_text, duration_text, score_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.view import Report, StepRow

_LONGEST_VALUE = 20_000
_MOST_STEPS = 2_000
_MARKS = {"!": "weak link", "?": "suspect", "~": "made good"}


def anchor(span_id: str) -> str:
    """The step's anchor on the page; ids come from outside, so only harmless characters are taken as they are."""
    if span_id.isascii() and span_id.isalnum():
        return f"s{span_id}"
    return f"x{hashlib.blake2b(span_id.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def level(value: float | None) -> str:
    """The class that colours a score."""
    if value is None:
        return ""
    return "high" if value >= 0.7 else "middle" if value >= 0.4 else "low"


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
    summary = element(
        "summary",
        element("span", span.name, class_="name", style=f"padding-left:{len(row.guides) * 18}px"),
        element("span", row.word, class_="role"),
        element("span", score_text(row.score), class_=f"score {level(row.score)}"),
        element("span", duration_text(span.duration_ns), class_="time"),
        element("span", count_text(row.tokens), class_="tokens"),
        _bar(report, row),
        element("span", said, class_="said"),
    )
    classes = " ".join(filter(None, ("plumbing" if span.plumbing else "", "weak" if row.mark == "!" else "")))
    return element("details", summary, element("div", *_body(row), class_="body"), id=anchor(span.id), class_=classes)


def _bar(report: Report, row: StepRow) -> Html:
    whole, span = report.trace.duration_ns, row.span
    if not whole or span.duration_ns is None:
        return element("span", class_="bar")
    left = min(99.0, max(0.0, (span.start_ns - report.trace.start_ns) / whole * 100))
    width = min(100 - left, max(1.0, span.duration_ns / whole * 100))
    return element("span", element("i", style=f"margin-left:{left:.1f}%;width:{width:.1f}%"), class_="bar")


def _body(row: StepRow) -> Iterator[Html]:
    span = row.span
    if row.scores:
        yield element("h3", "Scores")
        yield element("ul", *(element("li", _score(score)) for score in row.scores), class_="plain")
    if span.error is not None:
        yield element("h3", "Error")
        yield element(
            "pre", "\n".join([f"{span.error.type}: {span.error.message}", *span.error.causes, *span.error.stack])
        )
    for title, value in (("Input", span.input), ("Output", span.output)):
        if value is not None:
            yield element("h3", title)
            yield element("pre", _value(value))
    if span.documents:
        yield element("h3", f"Documents ({len(span.documents)})")
        yield element("pre", _value("\n\n".join(f"{document.rank}. {document.content}" for document in span.documents)))
    facts: dict[str, JsonValue] = {"model": span.model.model_dump(mode="json", exclude_defaults=True) if span.model else None,
             "attributes": span.attributes, "metadata": span.metadata, "tags": [*span.tags], "notes": [*span.notes]}  # fmt: skip
    left: JsonValue = {name: value for name, value in facts.items() if value}
    if left:
        yield element("h3", "Known of it")
        yield element("pre", _value(left))
    yield element("p", f"{span.kind}, {span.id}", class_="soft mono")


def _score(score: Score) -> Html:
    value = (
        element("strong", score_text(score.value), class_=level(score.value))
        if score.value is not None
        else "not scored"
    )
    bounds = (
        f" ({score_text(score.low)} to {score_text(score.high)})"
        if score.low is not None and score.high is not None
        else ""
    )
    reason = element("span", f" {score.reason}" if score.reason else "", class_="soft")
    return join(f"{score.name} ", value, bounds, reason)


def _value(value: JsonValue) -> str:
    """A recorded value for reading: a text as it is, all else as indented JSON."""
    if isinstance(value, str):
        shown = value
    else:
        try:
            shown = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
        except TypeError:  # lone surrogates
            shown = str(value)
    cut = len(shown) - _LONGEST_VALUE
    return shown if cut <= 0 else f"{shown[:_LONGEST_VALUE]}\n... {cut} more characters"
