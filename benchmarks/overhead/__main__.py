"""What tracing costs, for Weaklink and for others: python -m benchmarks.overhead [workload ...] [--peers].

Exit codes: 0 all bounds hold, 1 one fails, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.overhead import report
from benchmarks.overhead.bounds import OURS as WEAKLINK
from benchmarks.overhead.bounds import verdicts
from benchmarks.overhead.contender import Contender, missing, needed
from benchmarks.overhead.contenders import ALL, OURS
from benchmarks.overhead.frameworks import FRAMEWORKS
from benchmarks.overhead.machine import this_machine
from benchmarks.overhead.result import Result
from benchmarks.overhead.run import Sizes, run
from benchmarks.overhead.timing import BASE


def say(text: str) -> None:
    """To the terminal, at once."""
    print(text + "\n", flush=True)


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__.splitlines()[0])
    options.add_argument("workloads", nargs="*", metavar="workload", help="default: all of the framework")
    options.add_argument("--framework", choices=sorted(FRAMEWORKS), default="langchain")
    options.add_argument("--peers", action="store_true", help="also the other tracers that are installed")
    options.add_argument("--only", nargs="+", choices=sorted(ALL), metavar="NAME", help="these contenders, and none")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--calls", type=int, help="calls in one block, in place of each workload's own number")
    options.add_argument("--burst", type=int, default=5000, help="calls of the burst")
    options.add_argument("--marks", type=int, nargs="+", default=[5000, 10000, 20000], help="calls of the soak")
    options.add_argument("--limit", type=float, default=240, help="seconds of soak per contender")
    options.add_argument("--out", type=Path, help="results as JSON")
    options.add_argument("--markdown", type=Path, help="results as markdown")
    return options


def chosen(names: Sequence[str] | None, peers: bool, framework: str) -> list[Contender]:
    """The contenders that can run, `none` first; one that is not installed is named with its pip line."""
    wanted = [BASE, *names] if names else [*(ALL if peers else OURS)]
    found: list[Contender] = []
    for contender in (ALL[name] for name in dict.fromkeys(wanted)):
        if framework not in contender.frameworks:
            continue
        if absent := missing(needed(contender, framework)):
            say(f"{contender.name} is left out, not installed: pip install {' '.join(absent)}")
            continue
        found.append(contender)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints, writes; returns the exit code."""
    options = parser()
    given = options.parse_args(arguments)
    framework = FRAMEWORKS[given.framework]
    known = [*framework.calls, *framework.memory]
    if unknown := [name for name in given.workloads if name not in known]:
        options.error(f"{given.framework} has no workload {unknown[0]}: choose from {', '.join(known)}")
    if absent := missing(framework.packages):
        say(f"{given.framework} is not installed, nothing to measure: pip install {' '.join(absent)}")
        return 0
    asked = given.workloads or known
    contenders = chosen(given.only, given.peers, given.framework)
    command = " ".join(["python -m benchmarks.overhead", *(sys.argv[1:] if arguments is None else arguments)])
    machine = this_machine(contenders, (*framework.packages, "langgraph"))
    say(report.head(machine, given.framework))
    sizes = Sizes(given.rounds, given.calls, given.burst, tuple(given.marks), given.limit)
    result = run(Result(given.framework, machine, command), contenders, asked, sizes, say)
    judged = verdicts(result, asked) if any(contender.name == WEAKLINK for contender in contenders) else []
    if judged:
        say(report.bounds(judged))
    if given.out:
        verdict_rows = [asdict(verdict) for verdict in judged]
        given.out.write_text(json.dumps(asdict(result) | {"verdicts": verdict_rows}, indent=1) + "\n")
    if given.markdown:
        given.markdown.write_text(report.whole(result, judged))
    return 1 if any(verdict.status == "FAILS" for verdict in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
