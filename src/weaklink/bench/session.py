"""A whole comparison: which processes run in which order, what is there already, what failed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from weaklink.bench.measure import Task
from weaklink.bench.recipes import Contender, missing_packages, pip_line
from weaklink.bench.run import AGAIN, Measure, Run
from weaklink.bench.worker import RUNS, Job, Variant, failed
from weaklink.bench.workload import Workload
from weaklink.errors import WeaklinkError

_TAIL = 600
NOT_REACHED = "not reached in the time given; the same comparison goes on from here"


class Step(NamedTuple):
    """How far a comparison is."""

    done: int
    of: int
    store: str
    """What is measured next."""


Progress = Callable[[Step], None]


class Session:
    """The folder of a comparison, with the workload and a file for each process that has finished."""

    def __init__(
        self,
        folder: Path,
        workload: Workload,
        contenders: Sequence[Contender],
        task: Task,
        repeats: int,
        embedder: str = "",
    ) -> None:
        """Continue what was begun in `folder` with the same plan; anything else in it is removed.

        `embedder` is named where a chain may search for other texts than the questions.
        """
        self.workload, self.task, self.repeats, self._embedder = workload, task, repeats, embedder
        self.contenders = list(contenders)
        self._runs = folder / "runs"
        self._data = folder / "workload"
        plan = _digest(workload, contenders, task, repeats)
        marker = folder / "plan"
        self.is_continued = marker.exists() and marker.read_text("ascii") == plan
        if not self.is_continued:
            shutil.rmtree(self._runs, ignore_errors=True)
            workload.save(self._data)
            marker.write_text(plan, "ascii")
        self._runs.mkdir(parents=True, exist_ok=True)
        self.is_done = False
        """All was measured; known after `run`."""

    def run(
        self,
        urls: Mapping[str, str],
        limit_s: float,
        progress: Progress,
        is_time_up: Callable[[], bool] = lambda: False,
    ) -> list[Run]:
        """All runs, in random order within each repeat; those on disk are read, and what failed is tried again.

        Once `is_time_up`, nothing new is begun: what was never measured is "missing".
        """
        found: list[Run] = []
        jobs, left = list(self._jobs(urls, found)), list[Job]()
        for job in jobs:
            kept = _kept(job)
            found += kept
            left += [] if kept else [job]
        while left and not is_time_up():
            progress(Step(len(jobs) - len(left), len(jobs), left[0].variants[0].label))
            found += self._result(left.pop(0), limit_s)
        self.is_done = not left
        known = {run.store for run in found}
        found += [
            failed(job, variant, NOT_REACHED).model_copy(update={"status": "missing"})
            for job in left
            for variant in job.variants
            if variant.label not in known
        ]
        progress(Step(len(jobs) - len(left), len(jobs), ""))
        return found

    def finish(self) -> None:
        """The report is written: the next comparison begins anew."""
        shutil.rmtree(self._data.parent, ignore_errors=True)

    def _jobs(self, urls: Mapping[str, str], found: list[Run]) -> Iterator[Job]:
        groups: dict[tuple[object, ...], list[Contender]] = {}
        for contender in self.contenders:
            recipe = contender.recipe
            if reason := why_not(contender, urls):
                found.append(
                    Run(
                        store=contender.label,
                        repeat=0,
                        status="missing",
                        framework=recipe.framework,
                        kind=recipe.kind,
                        reason=reason,
                    )
                )
            else:
                groups.setdefault((recipe.full_name, contender.built_with), []).append(contender)
        order = list(groups.values())
        if order and (self.repeats > 1 or "answers" in self.task.measures):
            first = next((group for group in order if group[0].recipe.kind != "lexical"), order[0])[0]
            order.append([first._replace(label=first.label + AGAIN)])
        for repeat in range(self.repeats):
            rng = random.Random(self.task.seed + repeat)
            for number in rng.sample(range(len(order)), len(order)):
                yield self._job(order[number], number, repeat, urls)

    def _job(self, group: Sequence[Contender], number: int, repeat: int, urls: Mapping[str, str]) -> Job:
        recipe = group[0].recipe
        name = f"{number:03}-{repeat}"
        # What is measured once needs no repeats: it is reported without an interval. Answers are the exception: asking twice
        # says what a chain changes of its own accord.
        measures: frozenset[Measure] = self.task.measures if repeat == 0 else frozenset()
        if group[0].label.endswith(AGAIN):
            measures &= {"answers"}
        elif recipe.framework == "none":
            measures -= {"split"}
        task = replace(
            self.task,
            seed=self.task.seed + repeat,
            client_calls=recipe.clients,
            measures=measures,
        )
        return Job(
            recipe=recipe.full_name,
            variants=tuple(Variant(label=c.label, parameters=dict(c.parameters)) for c in group),
            repeat=repeat, workload=self._data, folder=Path(name), output=self._runs / f"{name}.json", task=task,
            url=url_of(group[0], urls), embedder=self._embedder,
        )  # fmt: skip

    def _result(self, job: Job, limit_s: float) -> list[Run]:
        # The path of a UNIX socket may have 107 characters, so the stores lie in the system's folder for temporary files.
        with tempfile.TemporaryDirectory(prefix="weaklink-", ignore_cleanup_errors=True) as place:
            there = job.model_copy(update={"folder": Path(place), "output": self._runs / "unfinished.json"})
            runs = _in_a_process(there, limit_s)
            if "cold" in job.task.measures and runs[0].disk_bytes is not None and runs[0].status == "ok":
                runs[0] = _with_cold(runs[0], _in_a_process(there.model_copy(update={"cold": True}), limit_s)[0])
        there.output.write_bytes(RUNS.dump_json(runs))
        there.output.replace(job.output)  # whole or not at all, whenever we are killed
        return runs


def _kept(job: Job) -> list[Run]:
    """What a job measured before; empty where it did not, or failed."""
    runs = RUNS.validate_json(job.output.read_bytes()) if job.output.exists() else []
    return [] if any(run.status == "failed" for run in runs) else runs


def _digest(workload: Workload, contenders: Sequence[Contender], task: Task, repeats: int) -> str:
    stores = [(contender.label, sorted(contender.parameters.items())) for contender in contenders]
    sizes = (task.k, task.rounds, task.seed, sorted(task.measures), task.chain, task.clients, task.ks, repeats)
    return hashlib.blake2b(json.dumps([workload.digest(), stores, sizes]).encode(), digest_size=16).hexdigest()


def _with_cold(run: Run, cold: Run) -> Run:
    if cold.status != "ok":
        return run.model_copy(update={"notes": (*run.notes, f"cold: {cold.reason}")})
    return run.model_copy(update={"cold_open_s": cold.cold_open_s, "cold_ns": cold.cold_ns})


def url_of(contender: Contender, urls: Mapping[str, str]) -> str:
    """The server that was named for a store: given, else by the recipe's environment variable, else ""."""
    recipe = contender.recipe
    return urls.get(recipe.full_name) or urls.get(recipe.name) or (os.environ.get(recipe.url, "") if recipe.url else "")


def why_not(contender: Contender, urls: Mapping[str, str]) -> str:
    """Why a store cannot be measured here, with what to type; "" where it can."""
    recipe = contender.recipe
    if packages := missing_packages(recipe):
        return f"not installed: {pip_line(packages)}"
    if recipe.url_required and not url_of(contender, urls):
        return f"no server named: --url {recipe.name}=URL, or set {recipe.url}"
    return ""


def _in_a_process(job: Job, limit_s: float) -> list[Run]:
    """What the worker wrote; failed runs, with what it said last, where it wrote nothing."""
    job.output.unlink(missing_ok=True)
    description = job.folder.parent / f"{job.folder.name}.json"
    description.write_text(job.model_dump_json(), "utf-8")
    log = job.folder.parent / f"{job.folder.name}.log"
    try:
        with log.open("wb") as errors:
            done = subprocess.run(
                [sys.executable, "-m", "weaklink.bench.worker", str(description)],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, timeout=limit_s, check=False, env=_environment(),
            )  # fmt: skip
        if job.output.exists():
            return RUNS.validate_json(job.output.read_bytes())
        said = log.read_text("utf-8", "replace").strip()[-_TAIL:]
        reason = f"its process ended with code {done.returncode} before it was measured; it said: {said or 'nothing'}"
    except subprocess.TimeoutExpired:
        reason = f"not done within {limit_s:g} s, and stopped; --limit gives it longer"
    except OSError as error:
        raise WeaklinkError(f"no process can be started to measure {job.recipe}: {error}") from error
    finally:
        description.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
    return [failed(job, variant, reason) for variant in job.variants]


def _environment() -> dict[str, str]:
    """Ours, with the telemetry of the stores and frameworks off: nothing here calls the network."""
    quiet = {
        "ANONYMIZED_TELEMETRY": "False", "LANCEDB_CONFIG_DISABLE_TELEMETRY": "1", "LANGCHAIN_TRACING_V2": "false",
        "LANGSMITH_TRACING": "false", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    return {**os.environ, **quiet}
