"""Where a step and a piece of its text are on a page."""

from __future__ import annotations

import hashlib

from weaklink.model import TextRange
from weaklink.report.html.elements import Html, element


def anchor(span_id: str) -> str:
    """The step's anchor on the page; ids come from outside, so only harmless characters are taken as they are."""
    if span_id.isascii() and span_id.isalnum():
        return f"s{span_id}"
    return f"x{hashlib.blake2b(span_id.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def step_link(span_id: str, *parts: str, at: TextRange | None = None, class_: str = "", title: str = "") -> Html:
    """A link to a step; with `at`, the viewer also shows and marks that piece of its text."""
    place = "" if at is None or at.end <= at.start else f"{at.field}:{at.start}:{at.end}"
    return element(
        "a", *parts, href=f"#{anchor(span_id)}", data_step=span_id, data_at=place, class_=class_, title=title
    )


def level(value: float | None) -> str:
    """The class that colours a score."""
    if value is None:
        return ""
    return "high" if value >= 0.7 else "middle" if value >= 0.4 else "low"
