"""Tables in the terminal and in Markdown, and the intervals in them."""

from collections.abc import Callable, Sequence

import numpy as np
from fitting import Floats

RESAMPLES = 100

markdown: list[str] = []
"""What `--markdown` writes: the tables printed so far."""


def table(title: str, head: list[str], lines: list[list[str]], note: str = "") -> None:
    """Print a table and keep it for `markdown`."""
    rows = [head, ["---"] * len(head), *lines]
    markdown.extend(["", f"## {title}", "", *(f"| {' | '.join(row)} |" for row in rows), *(["", note] if note else [])])
    widths = [max(len(line[place]) for line in [head, *lines]) for place in range(len(head))]
    print(f"\n{title}", flush=True)
    for line in [head, *lines]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
    if note:
        print(f"  {note}")


def with_interval(measure: Callable[[Floats], float], groups: Sequence[str]) -> str:
    """A measure of row indices, with a 95 % bootstrap interval over whole groups: ".842 (.829-.866)"."""
    rows: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        rows.setdefault(group, []).append(place)
    parts = [np.array(places) for places in rows.values()]
    chance = np.random.default_rng(0)
    values = [
        measure(np.concatenate([parts[place] for place in chance.integers(len(parts), size=len(parts))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return f"{short(measure(np.arange(len(groups))))} ({short(low)}-{short(high)})"


def short(value: float) -> str:
    """Three decimals without the leading zero."""
    return f"{value:.3f}".removeprefix("0")
