"""Text out of a trace, made safe to show: no control character of it reaches a terminal or a page."""

import re
import unicodedata

from rich.cells import cell_len, set_cell_size

_KEPT = frozenset("\n\t")
# Cf characters that people write with: joiners of Indic scripts and emoji, soft hyphen.
_WANTED_FORMATS = frozenset("\u200c\u200d\u00ad")


# What JSON lets stand in a string, and a terminal obeys: DEL, C1 controls, line separators, bidi marks.
_RAW_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def clean_json(text: str) -> str:
    """JSON text with the characters escaped that steer a terminal: the same data, and safe to show."""
    return (
        text
        if text.isascii() and "\x7f" not in text
        else _RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    )


def clean(text: str) -> str:
    """`text` with each control, bidi and unpaired surrogate character written out, such as \\x1b; new lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text.replace("\r\n", "\n")))


def one_line(text: str) -> str:
    """`text` cleaned, all white space in it one space."""
    return " ".join(clean(text).split())


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` on one line of at most `width` terminal cells, cut at its end where it has to be."""
    line = one_line(text)
    if cell_len(line) <= width:
        return line
    room = width - cell_len(ellipsis)
    return set_cell_size(line, room).rstrip() + ellipsis if room > 0 else set_cell_size(line, max(width, 0))


def shorten_middle(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` on one line of at most `width` cells, cut in its middle: for paths and names, whose ends tell them apart."""
    line = one_line(text)
    room = width - cell_len(ellipsis)
    if cell_len(line) <= width or room < 4:
        return shorten(line, width, ellipsis)
    tail = line[len(line) - room * 2 // 3 :]
    return (
        set_cell_size(line, room - cell_len(tail)).rstrip() + ellipsis + tail
        if cell_len(tail) < room
        else shorten(line, width)
    )


def _shown(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    category = unicodedata.category(character)
    if category == "Zs" or character in _WANTED_FORMATS or category == "Co":
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
