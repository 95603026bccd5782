"""Text out of files, whatever they hold: which encoding it is in, and what is no text at all."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# Text has line ends, tabs, form feeds and at most an escape sequence; pictures, archives and PDFs have all the others.
_CONTROLS = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_NAMED = 3
GUESSED = "Windows-1252"
"""The encoding of what is in no other: every byte means something in it."""


class Text(NamedTuple):
    """What a file says."""

    text: str
    encoding: str
    """ "UTF-8", "UTF-16" or `GUESSED`."""


def read_text(path: Path) -> Text | None:
    """The text of a file; None where it holds something else. Raises OSError."""
    return decoded(path.read_bytes())


def decoded(data: bytes) -> Text | None:
    """The text in `data`; None where it is no text."""
    found = _in_unicode(data) or Text(data.decode("cp1252", "replace"), GUESSED)
    return None if _CONTROLS.search(found.text) else found._replace(text=_with_plain_line_ends(found.text))


def _in_unicode(data: bytes) -> Text | None:
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return Text(data.decode("utf-16"), "UTF-16") if is_wide else Text(data.decode("utf-8-sig"), "UTF-8")
    except UnicodeDecodeError:
        return None


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def some_of(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    """The first few names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def counted(count: int, one: str, many: str) -> str:
    """ "1 file", "3 files"."""
    return f"{count:,} {one if count == 1 else many}"
