"""One store in a process of its own: opened, filled, measured. A crash of the store ends this process and no other.

python -m weaklink.bench.worker JOB.json
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from weaklink.bench.data import Passage, Value
from weaklink.bench.exact import unit
from weaklink.bench.lifecycle import FILTER_KEY, filter_value
from weaklink.bench.measure import Asked, Task, measure
from weaklink.bench.recipes import find_recipe, versions_of
from weaklink.bench.run import Run
from weaklink.bench.split import EMBEDDING, defining
from weaklink.bench.store import Collection, Place, Recipe
from weaklink.bench.vectors import as_embedder
from weaklink.bench.workload import Workload

RUNS = TypeAdapter(list[Run])
_BATCH = 500


class Variant(BaseModel, frozen=True):
    """A name in the report and the parameters behind it; all variants of a job are built alike."""

    label: str
    parameters: dict[str, Value]


class Job(BaseModel, frozen=True):
    """What one process does."""

    recipe: str
    variants: tuple[Variant, ...]
    repeat: int
    workload: Path
    folder: Path
    """For the store's files, empty at first."""
    output: Path
    task: Task
    url: str = ""
    embedder: str = ""
    """Embeds what a chain searches for beside the questions; "" where it searches for these alone."""
    cold: bool = False
    """Only open what is in `folder`, and search once."""


def perform(job: Job) -> list[Run]:
    """Measure all variants of a job."""
    recipe = find_recipe(job.recipe)
    workload = Workload.load(job.workload)
    table = workload.table()
    if "answers" in job.task.measures and job.embedder:
        table.unknown = _embedding(job.embedder)
    place = Place(
        job.folder, table.many, workload.dimensions, len(workload.passages), workload.vectors,
        job.variants[0].parameters, job.url,
    )  # fmt: skip
    before = memory_bytes()
    began = time.perf_counter()
    with recipe.open(place) as collection:
        common: dict[str, Any] = {"repeat": job.repeat, "framework": recipe.framework, "kind": recipe.kind}
        if job.cold:
            return [_cold(job, collection, workload, time.perf_counter() - began, common)]
        common["build_s"] = fill(collection, workload)
        after = memory_bytes()
        common |= {
            "versions": versions_of(recipe),
            "memory_bytes": max(0, after - before) if after and before else None,
            "disk_bytes": disk_bytes(job.folder) if recipe.persistent else None,
        }
        return list(_measured(job, recipe, collection, workload, common))


def _embedding(name: str) -> Callable[[str], list[float]]:
    embedder = cache(as_embedder)

    def embed(text: str) -> list[float]:
        import numpy as np

        return unit(np.asarray([embedder(name).query(text)], dtype=np.float32))[0].tolist()

    return embed


def _measured(
    job: Job, recipe: Recipe, collection: Collection, workload: Workload, common: dict[str, Any]
) -> Iterator[Run]:
    for variant in job.variants:
        collection.tune({name: value for name, value in variant.parameters.items() if name in recipe.search})
        asked = Asked(collection, workload, job.task, embedding_calls(collection))
        values = measure(asked)
        yield Run(store=variant.label, status="ok", parameters=variant.parameters, **common, **values)


def embedding_calls(collection: Collection) -> list[tuple[type, str]]:
    """The methods of the collection's embedder that a search calls."""
    return defining(collection.embedder, EMBEDDING)


def _cold(job: Job, collection: Collection, workload: Workload, opened_s: float, common: dict[str, Any]) -> Run:
    began = time.perf_counter_ns()
    result = collection.search(workload.questions[0], job.task.k)
    took = time.perf_counter_ns() - began
    if not collection.hits(result):
        return Run(store=job.variants[0].label, status="failed", reason="opened again, it is empty", **common)
    return Run(store=job.variants[0].label, status="ok", cold_open_s=opened_s, cold_ns=took, **common)


def fill(collection: Collection, workload: Workload) -> float:
    """Put all passages in, with the metadata that filters are measured by; returns the seconds."""
    passages = [_with_share(passage, number) for number, passage in enumerate(workload.passages)]
    began = time.perf_counter()
    for start in range(0, len(passages), _BATCH):
        collection.add(passages[start : start + _BATCH])
    collection.ready()
    return time.perf_counter() - began


def _with_share(passage: Passage, number: int) -> Passage:
    # Frameworks keep ids and metadata in different ways; what is measured needs this key alone.
    return Passage(id=passage.id, text=passage.text, metadata={FILTER_KEY: filter_value(number)})


def memory_bytes() -> int | None:
    """Resident memory of this process; None where the system does not say (only Linux does so simply)."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def disk_bytes(folder: Path) -> int:
    """What the files in a folder occupy."""
    sizes = (path.lstat() for path in folder.rglob("*") if path.is_file())
    return sum(getattr(found, "st_blocks", -(-found.st_size // 512)) * 512 for found in sizes)


def main() -> None:
    """Read the job, do it, write the runs; a failure is one too."""
    job = Job.model_validate_json(Path(sys.argv[1]).read_bytes())
    try:
        runs = perform(job)
    except Exception as error:  # noqa: BLE001 - whatever a store raises is its result
        runs = [failed(job, variant, f"{type(error).__name__}: {error}") for variant in job.variants]
    job.output.write_bytes(RUNS.dump_json(runs))
    sys.stdout.flush()
    # Clients of stores leave threads that never end; everything is written.
    os._exit(0)


def failed(job: Job, variant: Variant, reason: str) -> Run:
    """A store that could not be measured."""
    framework = job.recipe.rpartition(".")[0] or "none"
    return Run(
        store=variant.label, repeat=job.repeat, status="failed", framework=framework, reason=reason.strip()[:2_000] or "no message",
        parameters=variant.parameters,
    )  # fmt: skip


if __name__ == "__main__":
    main()
