"""What a run of the promises' tests said, as a table."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    "R9": "power loss",
    "R10": "concurrency",
    "R11": "full, failing and read-only disks",
    "R12": "idempotent writes",
    "R13": "migrations",
    "R14": "retention",
    "R15": "values survive",
    "R16": "open spans",
    "R18": "no self-tracing",
    "R19": "coexistence",
    "S1": "loopback and a token",
    "S2": "DNS rebinding, CSRF",
    "S3": "XSS",
    "S4": "bodies",
    "S6": "queries",
    "S7": "private files",
    "S8": "secrets",
    "S9": "terminal",
    "S10": "CSV",
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


def row(outcome: Outcome) -> str:
    """The line of one promise."""
    measured = "<br>".join(figure.replace("|", "\\|") for figure in outcome.figures) or "no figure"
    left_out = f" ({outcome.skipped} left out)" if outcome.skipped else ""
    return f"| **{outcome.id}** {TITLES.get(outcome.id, '')} | {'yes' if outcome.holds else '**no**'}{left_out} | {measured} |"


def rows_of(text: str) -> dict[str, str]:
    """The lines of a table that was written before, by promise."""
    return {match[1]: match[0] for match in re.finditer(r"^\| \*\*([RS]\d+)\*\* .*$", text, re.MULTILINE)}


def document(machine: str, command: str, rows: Mapping[str, str], load: tuple[float, float]) -> str:
    """The file with the results; `rows` in the order to show them."""
    held = sum("| **no**" not in line for line in rows.values())
    head = [
        "# Promises, measured", "", f"{machine}. Load of the machine {load[0]:.1f} to {load[1]:.1f}.", "",
        "Each line is what a test printed; it fails where the promise does not hold. Wall times grow with the load of the machine.", "",
        f"{held} of {len(rows)} hold.", "", "| promise | holds | measured |", "| --- | --- | --- |",
    ]  # fmt: skip
    return "\n".join([*head, *rows.values(), "", f"Last written by `{command}`; do not edit.", ""])
