"""A markdown table that also reads well in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.overhead.summary import Spread

UNKNOWN = "-"


def number(value: float | None, decimals: int = 0) -> str:
    """A number, or a dash for one that is not known."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def spread(value: Spread | None, decimals: int = 0) -> str:
    """median [min-max], with "to" between negative numbers."""
    if value is None:
        return UNKNOWN
    between = " to " if value.min < 0 else "-"
    return f"{value.median:,.{decimals}f} [{value.min:,.{decimals}f}{between}{value.max:,.{decimals}f}]"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(cells: Sequence[str]) -> str:
        padded = [cells[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))]
        return "| " + " | ".join(padded) + " |"

    return "\n".join([line(head), line(rule), *map(line, rows)])
