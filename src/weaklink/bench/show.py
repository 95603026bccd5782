"""The result as text: in the terminal's width, plain, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from weaklink.bench.result import Result
from weaklink.bench.tables import Table, heading, left_out, small_print, tables_of
from weaklink.report.clean import clean

if TYPE_CHECKING:
    from rich.console import RenderableType

    from weaklink.bench.regression import Comparison
    from weaklink.report.text.look import Look

_GAP = 2


def as_text(result: Result, look: Look | None = None) -> str:
    """Verdict, tables, and what was left out, as wide as `look` says (by default 100 columns, no colours)."""
    from rich.console import Group

    from weaklink.report.text import draw
    from weaklink.report.text.look import Look

    drawn = look or Look(width=100, plain=True, everything=True)
    return draw(Group(*_blocks(result, drawn)), drawn)


def comparison_as_text(comparison: Comparison, look: Look) -> str:
    """What changed between two results, the regressions first."""
    from rich.console import Group
    from rich.text import Text

    from weaklink.report.text import draw

    blocks = [Text(clean(comparison.summary()), "bold red" if comparison.regressions else "bold"), Text("")]
    if comparison.warnings:
        blocks += [*(_point(line) for line in comparison.warnings), Text("")]
    return draw(Group(*blocks, _grid(comparison.table(), look)), look)


def _blocks(result: Result, look: Look) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text(clean(heading(result)), "bold")
    yield Text("")
    yield from (_point(line) for line in result.verdict)
    tables = list(tables_of(result))
    for table in tables:
        yield Text("")
        yield Text(table.title, "bold")
        yield _grid(table, look)
        yield Text(table.note, "dim")
    if lines := left_out(result):
        yield Text("")
        yield Text("Left out", "bold")
        yield from (_point(line) for line in lines)
    yield Text("")
    if any(_fitting(table, look) < len(table.columns) for table in tables):
        yield Text(f"Not all columns fit in {look.width}: a wider terminal or -o report.html shows the rest.", "dim")
    yield from (Text(clean(line), "dim") for line in small_print(result))


def _point(line: str) -> RenderableType:
    from rich.table import Table as Grid
    from rich.text import Text

    bad = line.startswith(("INVALID", "FAILED"))
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text("-"), Text(clean(line), "bold red" if bad else ""))
    return grid


def _grid(table: Table, look: Look) -> RenderableType:
    """As many columns as fit, from the left: those on the right matter least, and the JSON and HTML have all."""
    from rich.table import Table as Grid
    from rich.text import Text

    shown = _fitting(table, look)
    grid = Grid.grid(padding=(0, _GAP, 0, 0))
    for place in range(shown):
        grid.add_column(justify="left" if place == 0 else "right", no_wrap=True)
    grid.add_row(*(Text(name, "dim") for name in table.columns[:shown]))
    for row in table.rows:
        grid.add_row(*(Text(clean(cell)) for cell in row[:shown]))
    return grid


def _fitting(table: Table, look: Look) -> int:
    widths = [max(len(name), *(len(row[place]) for row in table.rows)) for place, name in enumerate(table.columns)]
    fits = (n for n in range(len(widths), 0, -1) if sum(widths[:n]) + _GAP * (n - 1) <= look.width)
    return max(2, next(fits, 2))


def as_markdown(result: Result) -> str:
    """The same for a page or a pull request."""
    parts = [
        "# Vector stores compared",
        "",
        clean(heading(result)) + ".",
        "",
        *(f"- {_escaped(line)}" for line in result.verdict),
        "",
    ]
    for table in tables_of(result):
        parts += [f"## {table.title}", "", table.note, "", *_rows(table), ""]
    if lines := left_out(result):
        parts += ["## Left out", "", *(f"- {_escaped(line)}" for line in lines), ""]
    parts += [f"{_escaped(line)}  " for line in small_print(result)]
    return "\n".join(parts) + "\n"


def _rows(table: Table) -> Iterator[str]:
    yield "| " + " | ".join(table.columns) + " |"
    yield "|---|" + "---:|" * (len(table.columns) - 1)
    yield from ("| " + " | ".join(map(_escaped, row)) + " |" for row in table.rows)


def _escaped(text: str) -> str:
    return clean(" ".join(text.split())).replace("|", "\\|").replace("<", "&lt;")
