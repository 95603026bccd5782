"""Every promise, measured: python -m benchmarks.promises [R8 S8 ...] [--short].

Runs the tests of tests/promises in their long form, one promise after the other, and writes what they measured as a table.
Exit codes: 0 all hold, 1 one does not, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.overhead.machine import this_machine
from benchmarks.promises.table import Outcome, document, figures, row, rows_of

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "promises"
RESULTS = Path(__file__).parent / "results.md"
PACKAGES = ("weaklink", "apsw", "orjson", "langchain-core", "hypothesis")
# What is promised at the door is tested where the door is.
DOOR = ROOT / "tests" / "viewer" / "test_door.py"
ELSEWHERE = {
    "S1": DOOR,
    "S2": DOOR,
    "S3": ROOT / "tests/viewer/test_browser.py",
    "S4": DOOR,
    "S6": ROOT / "tests/query/test_finding.py",
}
_NAME = re.compile(r"test_([rs])(\d+)_")


def files_of_promises() -> dict[str, list[Path]]:
    """The test files of each promise, in their order: R1, R2, ..., S11."""
    found = {name: [path] for name, path in ELSEWHERE.items()}
    for path in TESTS.glob("test_*.py"):
        if match := _NAME.match(path.name):
            found.setdefault(f"{match[1].upper()}{match[2]}", []).append(path)
    return {name: sorted(found[name]) for name in sorted(found, key=lambda name: (name[0], int(name[1:])))}


def measure(promise: str, files: Sequence[Path], *, is_long: bool, timeout: float) -> Outcome:
    """Run the tests of one promise."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-s",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--timeout={timeout:.0f}",
        *map(str, files),
    ]
    command += [] if is_long else ["-m", "not slow"]
    environment = {**os.environ, "WEAKLINK_PROMISES": "long" if is_long else "short"}
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-6_000:], done.stderr[-2_000:], sep="\n")
    skipped = re.search(r"(\d+) skipped", done.stdout)
    return Outcome(
        promise,
        figures(done.stdout, promise),
        done.returncode == 0,
        time.monotonic() - began,
        int(skipped[1]) if skipped else 0,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, writes; returns the exit code."""
    known = files_of_promises()
    options = argparse.ArgumentParser(prog="python -m benchmarks.promises", description=__doc__.splitlines()[0])
    options.add_argument("promises", nargs="*", metavar="promise", help="default: all")
    options.add_argument("--short", action="store_true", help="as with each test run, in a minute or two")
    options.add_argument("--timeout", type=float, default=3_600, help="seconds a test may take")
    options.add_argument(
        "--out", type=Path, help="the table; by default results.md; of some promises, only their lines change"
    )
    given = options.parse_args(arguments)
    asked = [name.upper() for name in given.promises] or list(known)
    if unknown := [name for name in asked if name not in known]:
        options.error(f"there is no promise {unknown[0]} with a test: choose from {', '.join(known)}")
    load = [os.getloadavg()[0]]
    outcomes: list[Outcome] = []
    for name in asked:
        outcome = measure(name, known[name], is_long=not given.short, timeout=given.timeout)
        outcomes.append(outcome)
        load.append(os.getloadavg()[0])
        print(f"{name}: {'holds' if outcome.holds else 'DOES NOT HOLD'} ({outcome.seconds:.0f} s)", flush=True)
        for figure in outcome.figures:
            print(f"    {figure}", flush=True)
    command = " ".join(["python -m benchmarks.promises", *(sys.argv[1:] if arguments is None else arguments)])
    out = given.out or RESULTS
    rows = rows_of(out.read_text(encoding="utf-8")) if given.promises and out.exists() else {}
    rows |= {outcome.id: row(outcome) for outcome in outcomes}
    ordered = {name: rows[name] for name in known if name in rows}
    machine = this_machine((), PACKAGES).line()
    out.write_text(document(machine, command, ordered, (min(load), max(load))), encoding="utf-8")
    return 0 if all(outcome.holds for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
