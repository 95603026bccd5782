"""What the benchmark itself is worth: python -m benchmarks.vector_stores.checks [--runs 100] [--out checks.json].

A/A runs: comparisons of one store with itself under two names, each in processes of its own, in which any difference that is
claimed is wrong. And what our own clock and loop add to the fastest store's search. Exit code 1 where a bound fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

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


def main() -> int:
    """Measures, prints, writes; returns the exit code."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.vector_stores.checks", description=__doc__.splitlines()[0]
    )
    options.add_argument("--runs", type=int, default=100)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--store", default="exact")
    options.add_argument("--in-process", action="store_true", help="as for your own stores: faster, exact search alone")
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    data, claims, costs, fastest = workload(), 0, [], []
    for number in range(given.runs):
        seed = number * 100
        runs = (
            one_run_here(data, seed, given.repeats)
            if given.in_process
            else one_run(given.store, data, seed, given.repeats)
        )
        if failed := [run.reason for run in runs if run.status != "ok"]:
            print(failed[0], file=sys.stderr)
            return 2
        claims += claims_a_difference(runs)
        costs += [run.own_cost_ns for run in runs]
        fastest += [percentile(run.latency_ns, 0.5) for run in runs]
        print(f"{number + 1} of {given.runs}: {claims} claims", file=sys.stderr, flush=True)
    share = percentile(costs, 0.5) / percentile(fastest, 0.5)
    result = {
        "machine": this_machine(), "in_process": given.in_process, "store": given.store,
        "runs": given.runs, "repeats": given.repeats, "claims": claims,
        "own_cost_ns": percentile(costs, 0.5), "p50_ns": percentile(fastest, 0.5), "own_share": share,
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    return int(claims > MOST_CLAIMS * given.runs or share > MOST_OWN_COST)


if __name__ == "__main__":
    sys.exit(main())
