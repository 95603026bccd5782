"""A trace or a diagnosis as the output of a notebook's cell: in the notebook's light or dark, and touching nothing around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from weaklink.model import Diagnosis, Span, Trace
from weaklink.report.html.elements import Html, element
from weaklink.report.html.page import facts_html
from weaklink.report.html.passages import tables_html
from weaklink.report.html.steps import steps_html
from weaklink.report.html.verdict import strip_html, verdict_html, why_html
from weaklink.report.view import Report, report_of

_CLASS = "weaklink-report"
# JupyterLab and VS Code say themselves whether they are dark, which need not be what the system is.
_LIGHT_HOSTS = ("[data-jp-theme-light=true]", "body.vscode-light")
_DARK_HOSTS = (
    "[data-jp-theme-light=false]",
    "body.vscode-dark",
    "body.vscode-high-contrast:not(.vscode-high-contrast-light)",
)

# What JupyterLab says of all tables and lists in outputs (4.4), and a report does not. Its rules have one class: ours have two.
_AGAINST_HOSTS = (
    "table { table-layout: auto; margin: 0; } tbody tr, tbody tr:hover { background: none; } td { max-width: none; } "
    "dt, dd { float: none; width: auto; padding: 0; }"
)


def notebook_html(what: Trace | Diagnosis) -> str:
    """The HTML that Jupyter and VS Code show for `what`; computes no score and no diagnosis."""
    parts = _trace(report_of(what)) if isinstance(what, Trace) else _diagnosis(what)
    return element("div", Html(f"<style>{_style()}</style>"), *parts, class_=_CLASS)


def _trace(report: Report) -> Iterator[Html]:
    yield element("h2", report.trace.name)
    yield strip_html(report.strip)
    yield facts_html(report)
    yield from tables_html(report)
    yield from steps_html(report)


def _diagnosis(diagnosis: Diagnosis) -> Iterator[Html]:
    report = report_of(_known_of(diagnosis), (), diagnosis)
    yield verdict_html(report)
    yield strip_html(report.strip)
    said = (("Question", diagnosis.question), ("Answer", diagnosis.answer))
    asked = [part for name, text in said if text for part in (element("dt", name), element("dd", text))]
    yield element("dl", *asked, *why_html(report), class_="facts")


def _known_of(diagnosis: Diagnosis) -> Trace:
    """The steps that a diagnosis names: without its trace, that is all there is of them."""
    steps = [suspect.step for suspect in diagnosis.suspects] + ([diagnosis.culprit] if diagnosis.culprit else [])
    names = {cell.span_id: cell.name for cell in diagnosis.strip} | {step.span_id: step.name for step in steps}
    root = names.pop(diagnosis.trace_id, "the call")
    return Trace.of(
        Span(id=span_id, trace_id=diagnosis.trace_id, name=name, kind="chain", status="ok", start_ns=0)
        for span_id, name in ((diagnosis.trace_id, root), *names.items())
    )


@cache
def _style() -> str:
    """The report's own style, for the cell's output alone."""
    page = (files("weaklink.report.html") / "page.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    rest = re.sub(r"(?m)^body \{", "& {", page[page.index("* { box-sizing") :])
    scope = f".{_CLASS}"
    on_light = ", ".join(f"{host} {scope}" for host in _LIGHT_HOSTS)
    on_dark = ", ".join(f"{host} {scope}" for host in _DARK_HOSTS)
    # The system's choice is put in :where(), so that what the notebook says of itself outweighs it.
    return (
        f":where({scope}) {{{light}}} @media (prefers-color-scheme: dark) {{ :where({scope}) {{{dark}}} }} "
        f"{on_light} {{{light} color-scheme: light;}} {on_dark} {{{dark} color-scheme: dark;}} "
        f"{scope}{scope} {{ {rest} {_AGAINST_HOSTS} & {{ padding: 12px 14px; border-radius: 8px; }} }}"
    )
