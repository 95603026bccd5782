"""What the command line writes to: how wide it is, whether it has colours."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from weaklink.report.text.look import Look

_T = TypeVar("_T")
_WIDEST = 160
_PIPE_WIDTH = 80


def is_plain() -> bool:
    """No colours and no drawing but ASCII: a pipe, a file, NO_COLOR, a dumb or non-UTF-8 terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return True
    return "utf" not in (sys.stdout.encoding or "").lower()


def screen_width() -> int:
    """Columns to draw in: the terminal's, at most 160; COLUMNS or 80 where stdout is no terminal."""
    fallback = _PIPE_WIDTH
    if not sys.stdout.isatty():
        columns = os.environ.get("COLUMNS", "")
        return max(40, int(columns)) if columns.isdecimal() else fallback
    return max(40, min(shutil.get_terminal_size((fallback, 24)).columns, _WIDEST))


def look(width: int | None = None, *, everything: bool = False) -> Look:
    """How to draw on this screen."""
    from weaklink.report.text.look import Look

    return Look(width=width or screen_width(), plain=is_plain(), everything=everything)


def show_text(text: str) -> None:
    """Write text that is safe to show already."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def show_block(block: RenderableType, drawn: Look) -> None:
    """Draw something."""
    from weaklink.report.text import draw

    show_text(draw(block, drawn))


def show_json(data: Any) -> None:
    """Write JSON, the only thing on stdout."""
    from weaklink.report.json import dump_json

    sys.stdout.write(dump_json(data))


def hint(text: str) -> None:
    """Say something beside the result, on stderr."""
    typer.echo(text, err=True)


def counting(items: Iterable[_T], text: str, total: int) -> Iterator[_T]:
    """The same items, with a bar on stderr where somebody looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(elapsed_when_finished=True))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(items, total=total)


@contextmanager
def waiting(text: str) -> Generator[None]:
    """A spinner on stderr while the block runs, where somebody looks at it."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
