"""The strip of a long run: an agent that goes round and round is shown by one round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from weaklink.model import StripCell

_MOST_CELLS = 16
_LONGEST_ROUND = 8
_LEAST_ROUNDS = 3


class Rounds(NamedTuple):
    """Steps that follow each other so many times."""

    cells: tuple[StripCell, ...]
    """Those of the first time, each with the lowest score of all times."""
    times: int


def rounds_of(strip: Sequence[StripCell]) -> list[Rounds]:
    """`strip` in order; of a long one, rounds of the same steps that come three times and more are put together.

    A marked step (weak link, suspect, made good) always stands alone.
    """
    if len(strip) <= _MOST_CELLS:
        return [Rounds((cell,), 1) for cell in strip]
    return list(_folded(strip))


def _folded(strip: Sequence[StripCell]) -> Iterator[Rounds]:
    does = [cell.span_id if cell.mark else cell.role or cell.name for cell in strip]
    start = 0
    while start < len(strip):
        length, times = max(
            ((length, _times(does, start, length)) for length in range(1, _LONGEST_ROUND + 1)),
            key=lambda found: (found[0] * found[1] if found[1] >= _LEAST_ROUNDS else 0, -found[0]),
        )
        if times < _LEAST_ROUNDS:
            length, times = 1, 1
        rounds = [strip[at : at + length] for at in range(start, start + length * times, length)]
        yield Rounds(tuple(_lowest(cells) for cells in zip(*rounds, strict=True)), times)
        start += length * times


def _times(does: Sequence[str], start: int, length: int) -> int:
    """How many times the `length` steps at `start` come, one time after the other."""
    first = does[start : start + length]
    times = 1
    while len(first) == length and does[start + times * length : start + (times + 1) * length] == first:
        times += 1
    return times


def _lowest(cells: Sequence[StripCell]) -> StripCell:
    scores = [cell.score for cell in cells if cell.score is not None]
    return cells[0].model_copy(update={"score": min(scores)}) if scores else cells[0]
