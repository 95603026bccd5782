"""What a run of the promises' tests said, as a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A test prints its figure as one line: "R8: 40 kills, 0 corrupt, ...".
_FIGURE = re.compile(r"^\.*[FEsx]*(?P<id>[RS]\d+): (?P<text>.+)$", re.MULTILINE)

TITLES = {
    "R1": "no exception into the chain, the same result",
    "R2": "the user's control flow passes",
    "R3": "time on the user's thread",
    "R4": "exact accounting",
    "R5": "bounded memory",
    "R6": "exit",
    "R7": "fork, prefork, spawn",
    "R8": "kill -9",
    "R10": "concurrency",
    "R11": "full, failing and read-only disks",
    "R12": "idempotent writes",
    "R13": "migrations",
    "R14": "retention",
    "R15": "values survive",
    "R16": "open spans",
    "S7": "private files",
    "S8": "secrets",
    "S9": "terminal",
    "S11": "nothing is loaded as code",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests of one promise said."""

    id: str
    figures: tuple[str, ...]
    holds: bool
    seconds: float
    skipped: int = 0


def figures(output: str, promise: str) -> tuple[str, ...]:
    """The figures that tests printed for this promise."""
    return tuple(match["text"] for match in _FIGURE.finditer(output) if match["id"] == promise)


def lines(outcomes: Iterable[Outcome]) -> list[str]:
    """The table, as markdown."""
    rows = ["| promise | holds | measured |", "| --- | --- | --- |"]
    for outcome in outcomes:
        measured = "<br>".join(figure.replace("|", "\\|") for figure in outcome.figures) or "no figure"
        left_out = f" ({outcome.skipped} left out)" if outcome.skipped else ""
        rows.append(
            f"| **{outcome.id}** {TITLES.get(outcome.id, '')} | {'yes' if outcome.holds else '**no**'}{left_out} | {measured} |"
        )
    return rows


def document(machine: str, command: str, outcomes: Sequence[Outcome], load: tuple[float, float]) -> str:
    """The file with the results."""
    held = sum(outcome.holds for outcome in outcomes)
    head = [
        "# Promises, measured", "", f"{machine}. Load of the machine {load[0]:.1f} to {load[1]:.1f}.", "",
        "Each line is what a test printed; it fails where the promise does not hold. Wall times grow with the load of the machine.", "",
        f"{held} of {len(outcomes)} hold.", "",
    ]  # fmt: skip
    return "\n".join([*head, *lines(outcomes), "", f"Written by `{command}`; do not edit.", ""])
