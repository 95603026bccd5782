"""`python -m benchmarks.diagnosis.agents`: how often the step that we name is the one that people blamed; `fit` fits first."""

import argparse
import json
import math
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from benchmarks.diagnosis.agents.fit import RIDGE, example, fit, names_of
from benchmarks.diagnosis.agents.reader import Run, agentrx, who_and_when
from weaklink.diagnosis import attribution, diagnose
from weaklink.diagnosis.attribution import step_probabilities, writers

DATA = Path(__file__).parents[4] / "shared" / "data"
RESULTS = Path(__file__).with_name("results.md")
WEIGHTS = Path(str(files("weaklink.diagnosis"))) / "weights" / "agents.json"
Ranking = Callable[[Run], Sequence[str]]
"""The span ids of a run, the most suspicious first."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis.agents", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("measure", "fit"), default="measure")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the development data (default: %(default)s)")
    given = parser.parse_args()
    runs, other = list(who_and_when(given.data)), list(agentrx(given.data))
    if given.what == "fit":
        write_weights(runs)
    began = time.process_time()
    for run in runs:
        step_probabilities(run.trace)
    milliseconds = (time.process_time() - began) / len(runs) * 1000
    text = page(runs, other, milliseconds)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def write_weights(runs: Sequence[Run]) -> None:
    usable = [one for one in map(example, runs) if one is not None]
    weights = dict(zip(names_of(runs[0]), (round(float(value), 4) for value in fit(usable)), strict=True))
    about = (
        f"conditional logit, ridge {RIDGE:g}, on {len(usable)} runs of Who&When (algorithm-generated, development half)"
    )
    WEIGHTS.parent.mkdir(exist_ok=True)
    WEIGHTS.write_text(json.dumps({"about": about, "weights": weights}, indent=2) + "\n", encoding="utf-8")
    attribution._weights.cache_clear()  # pyright: ignore[reportPrivateUsage]


def leave_one_out(runs: Sequence[Run], features: Sequence[str] | None = None) -> dict[str, list[str]]:
    """For each run, by its id, the steps in the order of a model that was fitted on all others."""
    examples = [example(run) for run in runs]
    names = names_of(runs[0])
    kept = [number for number, name in enumerate(names) if features is None or name in features]
    found: dict[str, list[str]] = {}
    for number, run in enumerate(runs):
        others = [(ids, values[:, kept], blamed) for place, one in enumerate(examples) if one is not None and place != number
                  for ids, values, blamed in [one]]  # fmt: skip
        weights = fit(others)
        ids = [span.id for span in writers(run.trace)]
        values = {span_id: list(of.values()) for span_id, of in attribution.step_features(run.trace).items()}
        suspicion = {
            span_id: sum(w * values[span_id][k] for w, k in zip(weights, kept, strict=True)) for span_id in ids
        }
        found[run.trace.id] = sorted(ids, key=lambda span_id: -suspicion[span_id])
    return found


def rules_alone(run: Run) -> list[str]:
    return [suspect.step.span_id for suspect in diagnose(run.trace).suspects]


def shipped(run: Run) -> list[str]:
    found = step_probabilities(run.trace)
    return sorted(found, key=lambda span_id: -found[span_id])


def constant(*places: int) -> Ranking:
    """These messages, counted from 0, in every run."""
    return lambda run: [run.steps[place] for place in places if place < len(run.steps)]


def best_constant(runs: Sequence[Run]) -> list[int]:
    return [
        place for place, _ in sorted(Counter(run.mistake for run in runs).items(), key=lambda item: (-item[1], item[0]))
    ]


def shown(places: Sequence[int]) -> str:
    return ", ".join(map(str, places[:3]))


def hits(runs: Sequence[Run], ranking: Ranking, top: int) -> int:
    return sum(run.steps[run.mistake] in ranking(run)[:top] for run in runs)


def interval(hit: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.96, hit / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return middle - half, middle + half


def row(name: str, runs: Sequence[Run], ranking: Ranking) -> str:
    cells: list[str] = []
    for top in (1, 3):
        hit = hits(runs, ranking, top)
        low, high = interval(hit, len(runs))
        cells.append(f"{hit / len(runs):.1%} ({low:.0%} to {high:.0%})")
    return f"| {name} | {' | '.join(cells)} |"


def gain(runs: Sequence[Run], ours: Ranking, theirs: Ranking, top: int) -> str:
    """Runs that only one of the two gets right, and how likely that or more is by chance (McNemar, exact, two-sided)."""
    own = other = 0
    for run in runs:
        blamed = run.steps[run.mistake]
        a, b = blamed in ours(run)[:top], blamed in theirs(run)[:top]
        own, other = own + (a and not b), other + (b and not a)
    total = own + other
    chance = (
        min(1.0, 2 * sum(math.comb(total, k) for k in range(max(own, other), total + 1)) / 2**total) if total else 1.0
    )
    return f"top-{top}: right where the other is wrong in {own} runs, wrong where it is right in {other} (p = {chance:.3f})"


def page(runs: Sequence[Run], other: Sequence[Run], milliseconds: float) -> str:
    places = best_constant(runs)
    fitted, position = leave_one_out(runs), leave_one_out(runs, ("first", "second", "place"))
    ours: Ranking = lambda run: fitted[run.trace.id]  # noqa: E731
    by_place: Ranking = lambda run: position[run.trace.id]  # noqa: E731
    best = constant(*places)
    their_places = best_constant(other)
    lines = [
        "# Failed runs of agents", "",
        f"Written by `python -m benchmarks.diagnosis.agents`; Python {platform.python_version()}, numpy {version('numpy')}, "
        f"wordllama {version('wordllama')}. Offline, no model is called; {milliseconds:.0f} ms of CPU "
        "a run. In brackets: Wilson's 95 % interval.", "",
        f"## Who&When, algorithm-generated, development half (n = {len(runs)})", "",
        "Each run failed, and people named the message that led it astray.", "",
        "| ranking | right step | among the first three |", "|---|---|---|",
        row("Weaklink, each run by a model fitted on the others", runs, ours),
        row("the same from the step's place alone (among what models wrote)", runs, by_place),
        row("Weaklink's rules alone, not told that the run failed", runs, rules_alone),
        row(f"best constant messages ({shown(places)}, from 0), chosen on these very runs", runs, best),
        row("the last message", runs, lambda run: run.steps[::-1]), "",
        f"Against the best constant: {gain(runs, ours, best, 1)}; {gain(runs, ours, best, 3)}.", "",
        f"Against the place alone: {gain(runs, ours, by_place, 1)}; {gain(runs, ours, by_place, 3)}.", "",
        "What tells most is whether the first message, which sets the task, is about the question at all, and whether an error follows a "
        "step; values that a step made up count less. The features were chosen with these runs in view, so expect less on others: "
        "see below. With more than half of the runs wrong, the ranking is a list of where to look first, and no verdict: "
        "`diagnose` calls such a run unknown, with these suspects.", "",
        f"## AgentRx, tau-bench retail (n = {len(other)}), nothing fitted on it", "",
        "| ranking | right step | among the first three |", "|---|---|---|",
        row("Weaklink, fitted on Who&When", other, shipped),
        row("Weaklink's rules alone, not told that the run failed", other, rules_alone),
        row(f"best constant messages ({shown(their_places)}), chosen on these very runs", other, constant(*their_places)), "",
        f"In {sum(run.agent == 'user' for run in other)} of the {len(other)} runs the simulated user is to blame, "
        "whom no step of the chain can stand for; with so few runs, nothing follows from the difference.", "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
