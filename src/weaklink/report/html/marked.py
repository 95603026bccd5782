"""Text with parts of it marked."""

from __future__ import annotations

from collections.abc import Iterable

from weaklink.report.html.elements import Html, element, join


def marked_text(text: str, marks: Iterable[tuple[int, int, str]]) -> Html:
    """`text` with each (start, end, class) marked; of two that overlap, the later one begins where the earlier one ends."""
    parts: list[str] = []
    place = 0
    for start, end, class_ in sorted(marks):
        begin, stop = max(place, start), min(end, len(text))
        if begin < stop:
            parts += [text[place:begin], element("mark", text[begin:stop], class_=class_)]
            place = stop
    return join(*parts, text[place:])
