"""Tables that fit: columns are dropped and shortened by width, and a row is always one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from weaklink.report.text.look import Look

_GAP = 2


@dataclass(slots=True, eq=False)
class Column:
    """One column: its title and its cells, each a text and a style."""

    title: str
    cells: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    right: bool = False
    least: int | None = None
    """To how many columns it may be shortened; None: not at all."""
    middle: bool = False
    """Shortened in the middle rather than at the end."""
    most: int = 1_000
    drop: int = 0
    """The column with the highest number goes first where room is short; 0 always stays."""

    def add(self, text: str, style: str = "") -> None:
        """One more cell."""
        self.cells.append((text, style))

    @property
    def is_empty(self) -> bool:
        """No cell says anything."""
        return not any(text.strip() for text, _ in self.cells)

    @property
    def natural(self) -> int:
        """How wide it would be with room enough."""
        widest = max([cell_len(self.title), *(cell_len(text) for text, _ in self.cells)])
        return min(widest, self.most)

    @property
    def smallest(self) -> int:
        """How narrow it can be."""
        return self.natural if self.least is None else min(self.natural, max(self.least, cell_len(self.title)))


def fit(columns: Sequence[Column], look: Look, *, indent: int = 2, gap: int = _GAP) -> Group:
    """The table in `look.width` columns: empty columns go, then those with the highest `drop`, then texts are shortened."""
    left = [column for column in columns if not column.is_empty]
    room = look.width - indent

    def needed() -> int:
        return sum(column.smallest for column in left) + gap * (len(left) - 1)

    for column in sorted(left, key=_drop, reverse=True):
        if column.drop and needed() > room:
            left.remove(column)
    widths = _widths(left, room - gap * (len(left) - 1))
    lines = [_line([(column.title, "dim") for column in left], left, widths, look, indent, gap)]
    count = max((len(column.cells) for column in left), default=0)
    lines += [_line([column.cells[row] for column in left], left, widths, look, indent, gap) for row in range(count)]
    return Group(*lines)


def _drop(column: Column) -> int:
    return column.drop


def _widths(columns: Sequence[Column], room: int) -> list[int]:
    """Each its smallest width; what is left goes to those that want more, the first ones first."""
    widths = [column.smallest for column in columns]
    spare = room - sum(widths)
    for number, column in enumerate(columns):
        more = min(max(spare, 0), column.natural - widths[number])
        widths[number] += more
        spare -= more
    return widths


def _line(
    cells: Sequence[tuple[str, str]],
    columns: Sequence[Column],
    widths: Sequence[int],
    look: Look,
    indent: int,
    gap: int,
) -> Text:
    line = Text(" " * indent, no_wrap=True, overflow="crop", end="")
    for number, ((text, style), column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        short = _cut(text, column, width, look)
        pad = " " * (width - cell_len(short))
        line.append(pad if column.right else "")
        line.append(short, style)
        line.append("" if column.right else pad)
        line.append(" " * gap if number < len(columns) - 1 else "")
    line.end = "\n"
    return line


def _cut(text: str, column: Column, width: int, look: Look) -> str:
    if cell_len(text) <= width:
        return text
    return look.short_middle(text, width) if column.middle else look.short(text, width)
