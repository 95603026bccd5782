"""What importing costs: python -m benchmarks.overhead.imports [--peers] [--rounds N] [--out FILE] [--markdown FILE].

Each figure is taken in a fresh process, without -X importtime, which slows what it measures. What an integration adds
is timed after the framework's own modules are in, so it is an exact figure and no difference of two noisy ones. Files
come from the system's cache and bytecode is compiled: a first round is thrown away. Exit code 1 if a bound fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.overhead import table
from benchmarks.overhead.contender import missing, needed
from benchmarks.overhead.contenders import OURS, PEERS
from benchmarks.overhead.machine import this_machine
from benchmarks.overhead.summary import Spread, spread
from benchmarks.overhead.workers import environment

LANGCHAIN = (
    "langchain_core.callbacks, langchain_core.runnables, langchain_core.prompts, "
    "langchain_core.language_models, langchain_core.vectorstores"
)
"""What a program that uses LangChain has imported anyway."""
PROBE = """
import sys, time
{before}
modules, wall, cpu = len(sys.modules), time.perf_counter(), time.process_time()
import {measured}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(wall * 1e3, cpu * 1e3, len(sys.modules) - modules)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """An import, and what is imported before the clock starts."""

    name: str
    measured: str
    packages: tuple[str, ...]
    after: str = ""
    limit_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds over the rounds."""

    name: str
    wall_ms: Spread
    cpu_ms: Spread
    modules: int
    limit_ms: float | None

    @property
    def verdict(self) -> str:
        """Judged by CPU: an import waits for nothing, so on a free machine the two are the same."""
        if self.limit_ms is None:
            return table.UNKNOWN
        return "holds" if self.cpu_ms.median <= self.limit_ms else "FAILS"


def cases(peers: bool) -> list[Case]:
    """The framework for comparison, ours with their bounds, and the peers on request."""
    found = [
        Case("langchain_core alone", LANGCHAIN, ("langchain-core",)),
        Case("weaklink", "weaklink", ("weaklink",), limit_ms=150),
    ]
    for contender in (OURS | (PEERS if peers else {})).values():
        module = contender.imports.get("langchain")
        if module and module not in (case.measured for case in found):
            limit = 100 if contender.name == "weaklink" else None
            found.append(
                Case(f"{module} (above)", module, needed(contender, "langchain"), f"import {LANGCHAIN}", limit)
            )
    return found


def probe(case: Case) -> tuple[float, float, int]:
    """Wall ms, CPU ms and modules of one import in a fresh process; raises RuntimeError with the last line it left."""
    code = PROBE.format(before=case.after, measured=case.measured)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    wall, cpu, modules = done.stdout.split()[-3:]
    return float(wall), float(cpu), int(modules)


def measure(found: Sequence[Case], rounds: int) -> list[Cost]:
    """All cases in turn, `rounds` times after one that does not count. A case that fails is named and left out."""
    seen: dict[str, list[tuple[float, float, int]]] = {case.name: [] for case in found}
    able = list(found)
    for number in range(rounds + 1):
        for case in list(able):
            try:
                took = probe(case)
            except RuntimeError as error:
                print(f"{case.name} failed: {error}", file=sys.stderr)
                able.remove(case)
                continue
            seen[case.name] += [took] if number else []
    costs: list[Cost] = []
    for case in able:
        wall, cpu = (spread(row[i] for row in seen[case.name]) for i in (0, 1))
        if wall and cpu:
            costs.append(Cost(case.name, wall, cpu, seen[case.name][-1][2], case.limit_ms))
    return costs


def report(costs: Sequence[Cost], rounds: int, machine: str) -> str:
    """As markdown."""
    rows = [
        [
            cost.name,
            table.spread(cost.cpu_ms),
            table.spread(cost.wall_ms),
            table.number(cost.modules),
            table.number(cost.limit_ms),
            cost.verdict,
        ]
        for cost in costs
    ]
    about = (
        f"Median [lowest-highest] of {rounds} rounds, n = 1 import each in a fresh process, bytecode "
        "compiled and files in the system's cache.\n`(above)`: on top of langchain_core. The verdict is on CPU."
    )
    body = table.table(["import", "CPU ms", "wall ms", "modules", "limit ms", "verdict"], rows)
    return f"# What importing costs\n\n{machine}.\n\n{about}\n\n{body}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, writes; returns the exit code."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.overhead.imports", description=__doc__.splitlines()[0])
    options.add_argument("--peers", action="store_true", help="also the other tracers that are installed")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--out", type=Path, help="results as JSON")
    options.add_argument("--markdown", type=Path, help="results as markdown")
    given = options.parse_args(arguments)
    able: list[Case] = []
    for case in cases(given.peers):
        if absent := missing(case.packages):
            print(f"{case.name} is left out, not installed: pip install {' '.join(absent)}")
            continue
        able.append(case)
    costs = measure(able, given.rounds)
    machine = this_machine([], dict.fromkeys(package for case in able for package in case.packages))
    text = report(costs, given.rounds, machine.line())
    print(text)
    if given.out:
        rows = [asdict(cost) | {"verdict": cost.verdict} for cost in costs]
        given.out.write_text(
            json.dumps({"machine": asdict(machine), "rounds": given.rounds, "imports": rows}, indent=1)
        )
    if given.markdown:
        given.markdown.write_text(f"{text}\nWritten by `python -m benchmarks.overhead.imports`; do not edit.\n")
    broken = {case.name for case in able if case.limit_ms} - {cost.name for cost in costs}
    return 1 if broken or any(cost.verdict == "FAILS" for cost in costs) else 0


if __name__ == "__main__":
    sys.exit(main())
