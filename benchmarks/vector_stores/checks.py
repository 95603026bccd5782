"""What the benchmark itself is worth: python -m benchmarks.vector_stores.checks [--runs 100] [--out checks.json].

A/A runs: comparisons of one store with itself under two names, each in processes of its own, in which any difference that is
claimed is wrong. And what our own clock and loop add to the fastest store's search. Every finished run is kept in
.weaklink/bench, so that an interrupted check goes on where it was. Exit code 1 where a bound fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from weaklink.bench.comparison import this_machine
from weaklink.bench.data import Passage, Query
from weaklink.bench.direct.exact import ExactSearch
from weaklink.bench.exact import unit
from weaklink.bench.measure import Task
from weaklink.bench.own import Own, measured
from weaklink.bench.recipes import Contender, find_recipe
from weaklink.bench.run import Run
from weaklink.bench.session import Session
from weaklink.bench.statistics import Speeds, percentile
from weaklink.bench.worker import fill
from weaklink.bench.workload import Workload
from weaklink.errors import WeaklinkError

MOST_CLAIMS = 0.05
MOST_OWN_COST = 0.05
NOISE = 1.05


def workload(count: int = 300, dimensions: int = 64) -> Workload:
    """Passages with vectors in clusters."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((20, dimensions))
    vectors = unit(
        (centres[rng.integers(0, 20, count + 50)] + 0.7 * rng.standard_normal((count + 50, dimensions))).astype(
            np.float32
        )
    )
    passages = [Passage(id=f"p{n}", text=f"passage number {n}") for n in range(count)]
    queries = [Query(id=f"q{n}", text=f"question number {n}") for n in range(50)]
    return Workload(passages, queries, vectors[:count], vectors[count:])


def one_run(store: str, given: Workload, seed: int, repeats: int) -> list[Run]:
    """The runs of one comparison of a store with itself."""
    recipe = find_recipe(store)
    same = [Contender(name, recipe, {**recipe.build, **recipe.search}) for name in ("a", "b")]
    # Two contenders with the same parameters would share one process: here each has its own.
    same[1] = same[1]._replace(parameters={**same[1].parameters, "second": 1})
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder), given, same, Task(rounds=3, seed=seed), repeats)
        return session.run({}, 120, lambda step: None)


def one_run_here(given: Workload, seed: int, repeats: int) -> list[Run]:
    """The same in this process: two collections with the same content."""
    own: dict[str, Own] = {}
    for name in ("a", "b"):
        collection = ExactSearch(given.table().many, given.dimensions)
        fill(collection, given)
        own[name] = Own(collection, "none", "exact")
    return list(measured(own, given, Task(rounds=3, seed=seed), repeats))


def claims_a_difference(runs: list[Run]) -> bool:
    """The rule of `weaklink bench`, for two names and the control that it adds."""
    times: dict[str, list[float]] = {}
    for run in sorted(runs, key=lambda run: run.repeat):
        times.setdefault(run.store, []).append(percentile(run.latency_ns, 0.5))
    found = Speeds(times).ratio("a", "b")
    return found is not None and not found.low <= 1 <= found.high and not 1 / NOISE < found.value < NOISE


class Checked(BaseModel, frozen=True):
    """What came of one A/A run."""

    claimed: bool
    own_cost_ns: tuple[int, ...]
    """One for each process."""
    p50_ns: tuple[float, ...]

    @classmethod
    def of(cls, runs: list[Run]) -> Checked:
        """Raises WeaklinkError where the store failed."""
        if failed := [run.reason for run in runs if run.status != "ok"]:
            raise WeaklinkError(failed[0])
        return cls(
            claimed=claims_a_difference(runs),
            own_cost_ns=tuple(run.own_cost_ns for run in runs),
            p50_ns=tuple(percentile(run.latency_ns, 0.5) for run in runs),
        )


def checked(kept: Path, wanted: int, once: Callable[[int], list[Run]]) -> list[Checked]:
    """`wanted` runs: those that `kept` holds, and as many as are missing, added to it one by one."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = kept.read_text("utf-8").splitlines() if kept.exists() else []
    found = [Checked.model_validate_json(line) for line in lines[:wanted]]
    with kept.open("a", encoding="utf-8") as file:
        for number in range(len(found), wanted):
            found.append(Checked.of(once(number * 100)))
            file.write(found[-1].model_dump_json() + "\n")
            file.flush()
            claims = sum(each.claimed for each in found)
            print(f"{number + 1} of {wanted}: {claims} claims", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Measures, prints, writes; returns the exit code."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.vector_stores.checks", description=__doc__.splitlines()[0]
    )
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--store", default="exact")
    options.add_argument("--in-process", action="store_true", help="as for your own stores: faster, exact search alone")
    options.add_argument(
        "--folder", type=Path, default=Path(".weaklink") / "bench", help="where finished runs are kept"
    )
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    data = workload()

    def once(seed: int) -> list[Run]:
        if given.in_process:
            return one_run_here(data, seed, given.repeats)
        return one_run(given.store, data, seed, given.repeats)

    where = "here" if given.in_process else given.store
    try:
        runs = checked(given.folder / f"checks-{where}-{given.repeats}.jsonl", given.runs, once)
    except WeaklinkError as error:
        print(error, file=sys.stderr)
        return 2
    claims = sum(each.claimed for each in runs)
    cost = percentile([cost for each in runs for cost in each.own_cost_ns], 0.5)
    fastest = percentile([p50 for each in runs for p50 in each.p50_ns], 0.5)
    result = {
        "machine": this_machine(), "in_process": given.in_process, "store": given.store,
        "runs": given.runs, "repeats": given.repeats, "claims": claims,
        "own_cost_ns": cost, "p50_ns": fastest, "own_share": cost / fastest,
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return int(claims > MOST_CLAIMS * given.runs or cost / fastest > MOST_OWN_COST)


if __name__ == "__main__":
    sys.exit(main())
