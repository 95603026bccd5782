"""A recorded text: a short one as it is, of a long one the beginning, and all of it where somebody asks for it."""

from __future__ import annotations

from weaklink.report.figures import bytes_text
from weaklink.report.html.elements import Html, element

_LONGEST = 4_000
_BEGINNING = 1_500
_LONGEST_FACT = 300
_BEGINNING_OF_FACT = 200
_MOST_IN_A_FILE = 20_000


def recorded(text: str, *, in_file: bool, class_: str = "") -> Html:
    """A text of its own; in a file that is sent around, all of it ends after 20,000 characters."""
    if len(text) <= _LONGEST:
        return element("pre", text, class_=class_)
    return _folded(
        element("pre", _start(text, _BEGINNING), class_=f"beginning {class_}".strip()), text, in_file, class_
    )


def recorded_fact(text: str, *, in_file: bool) -> Html:
    """The same within a line of facts, which is short."""
    if len(text) <= _LONGEST_FACT:
        return element("span", text)
    return _folded(element("span", _start(text, _BEGINNING_OF_FACT), class_="beginning"), text, in_file)


def _folded(beginning: Html, text: str, in_file: bool, class_: str = "") -> Html:
    size = bytes_text(len(text.encode("utf-8", "surrogatepass")))
    left = len(text) - _MOST_IN_A_FILE if in_file else 0
    whole = text if left <= 0 else f"{text[:_MOST_IN_A_FILE]}\n... {left:,} more characters"
    summary = element("summary", f"Show all ({size})" if left <= 0 else f"Show more (of {size})")
    opened = element("details", summary, element("pre", whole, class_=class_, tabindex="0"), class_="whole")
    return element("div", beginning, opened, class_="long")


def _start(text: str, length: int) -> str:
    """The beginning, up to the end of a word where there is one near."""
    start = text[:length]
    word_end = max(start.rfind(" "), start.rfind("\n"))
    return f"{start[:word_end] if word_end > length // 2 else start} …"
