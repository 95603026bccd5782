"""The verdict, the pipeline strip, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weaklink.model import Diagnosis, StripCell
from weaklink.report.figures import score_text, sure_text
from weaklink.report.html.elements import Html, element, join
from weaklink.report.html.links import level, step_link
from weaklink.report.strip import rounds_of
from weaklink.report.view import Report

_MARKS = {"!": ("culprit", "weak link"), "?": ("suspect", "suspect"), "~": ("recovered", "made good")}


def verdict_html(report: Report) -> Html:
    """The verdict: which step, how it failed, how sure that is, in one sentence."""
    diagnosis = report.diagnosis
    if diagnosis is None:
        heading = element("h1", f"Not diagnosed: {report.trace.name}")
        return element("section", heading, class_="verdict unknown", aria_label="Verdict")
    title: list[str] = [element("span", diagnosis.verdict.upper(), class_="word")]
    if diagnosis.culprit is not None:
        step = diagnosis.culprit
        title += [
            " at ",
            f"{step.role}: " if step.role and step.role != step.name else "",
            step_link(step.span_id, step.name),
        ]
    if diagnosis.failure:
        title += [" ", element("code", diagnosis.failure)]
    heading = element("h1", _sure(diagnosis), " ", *title)
    return element(
        "section", heading, element("p", diagnosis.summary), class_=f"verdict {diagnosis.verdict}", aria_label="Verdict"
    )


def _sure(diagnosis: Diagnosis) -> Html:
    return element("span", sure_text(diagnosis.verdict, diagnosis.confidence), class_="sure")


def strip_html(cells: Iterable[StripCell]) -> Html:
    """The steps of the pipeline in order, each with its score; nothing where there are none."""
    items = list(_items(tuple(cells)))
    return element("ol", *items, class_="strip", aria_label="Pipeline") if items else Html("")


def _items(cells: tuple[StripCell, ...]) -> Iterator[Html]:
    for round_, times in rounds_of(cells):
        steps = [element("li", _cell(cell)) for cell in round_]
        if times == 1:
            yield from steps
        else:
            again = element("span", f"{times} times", class_="times")
            yield element("li", element("div", element("ol", *steps), again, class_="rounds"))


def _cell(cell: StripCell) -> Html:
    class_, word = _MARKS.get(cell.mark, ("", ""))
    parts: list[str] = [element("span", cell.role or cell.name, class_="role")]
    if cell.score is not None:
        parts += [" ", element("span", score_text(cell.score), class_=f"score {level(cell.score)}")]
    if word:
        parts += [" ", element("span", word, class_="mark")]
    return step_link(cell.span_id, *parts, title=cell.name, class_=class_)


def strip_in_miniature(cells: Iterable[StripCell]) -> Html:
    """The same as a row of small bars, for lists."""
    shown = list(cells)[:24]
    bars = [_bar(number, cell) for number, cell in enumerate(shown)]
    words = " > ".join(" ".join(filter(None, (cell.role or cell.name, score_text(cell.score), _MARKS.get(cell.mark, ("", ""))[1])))
                       for cell in shown)  # fmt: skip
    width = max(1, len(shown)) * 14
    return element("svg", element("title", words), *bars, class_="mini", role="img", aria_label=words,
                   width=str(width), height="16", viewBox=f"0 0 {width} 16")  # fmt: skip


def _bar(number: int, cell: StripCell) -> Html:
    """As high as the score; the weak link is full, and red."""
    is_culprit = cell.mark == "!"
    height = 16 if is_culprit else 4 if cell.score is None else max(3, round(cell.score * 14))
    class_ = "culprit" if is_culprit else level(cell.score) or "none"
    return element(
        "rect", x=str(number * 14), y=str(16 - height), width="10", height=str(height), rx="2", class_=class_
    )


def why_html(report: Report) -> Iterator[Html]:
    """Evidence, advice, what would decide, and who else it may be: each as a name and its text."""
    diagnosis = report.diagnosis
    if diagnosis is None:
        return
    if diagnosis.evidence:
        yield _fact("Why", evidence_html(report))
    if diagnosis.advice:
        yield _fact("Try", diagnosis.advice)
    if diagnosis.capture:
        yield _fact("To decide", listed(diagnosis.capture))
    others = [
        join(step_link(s.step.span_id, s.step.name), f": {s.failure} {score_text(s.probability)}. {s.summary}")
        for s in report.suspects()
    ]
    if others:
        yield _fact("Or else", listed(others))


def _fact(name: str, *parts: str) -> Html:
    return join(element("dt", name), element("dd", *parts))


def listed(lines: Iterable[str]) -> Html:
    """A plain list."""
    return element("ul", *(element("li", line) for line in lines), class_="plain")


def evidence_html(report: Report) -> Html:
    """Each observation, with a link to where it can be seen."""
    known = {span.id for span in report.trace.spans}
    items: list[Html] = []
    for item in report.diagnosis.evidence if report.diagnosis else ():
        link = Html("")
        if item.at is not None and item.at.span_id in known:
            link = join(" ", step_link(item.at.span_id, report.place(item.at), at=item.at, class_="place"))
        items.append(element("li", item.says, link))
    return element("ul", *items, class_="plain evidence")
