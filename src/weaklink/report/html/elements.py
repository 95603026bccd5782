"""HTML that cannot be forgotten to be escaped: text is escaped wherever it goes in, and only elements are not."""

from __future__ import annotations

from html import escape

from weaklink.report.clean import clean


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: str) -> Html:
    """`value` as a page shows it: control and bidi characters written out, everything escaped."""
    return Html(escape(clean(value), quote=True))


def join(*parts: str) -> Html:
    """The parts one after the other; what is no Html is escaped."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in parts))


def element(name: str, /, *parts: str, **attributes: str) -> Html:
    """The element `name` around `parts`; `class_` and the like lose their underscore, attributes without a value stay away."""
    return Html(f"{void(name, **attributes)}{join(*parts)}</{name}>")


def void(name: str, /, **attributes: str) -> Html:
    """An element that has nothing inside and no end, such as an input; or the start of one that has."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items() if value
    )
    return Html(f"<{name}{given}>")
