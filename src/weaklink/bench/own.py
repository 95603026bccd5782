"""Stores and retrievers that the user already has, filled: measured as they are, in this process.

An integration registers a function in the entry point group "weaklink.own_stores" that knows its framework's objects.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any, NamedTuple

from weaklink.bench.data import Passage
from weaklink.bench.measure import Asked, Task, measure
from weaklink.bench.recipes import UnknownStore, find_recipes
from weaklink.bench.run import AGAIN, Measure, Run
from weaklink.bench.split import EMBEDDING, defining
from weaklink.bench.store import Collection
from weaklink.bench.workload import Workload

GROUP = "weaklink.own_stores"


class Own(NamedTuple):
    """One object of the user's, ready to be asked."""

    collection: Collection
    framework: str
    kind: str
    """As in `Recipe.kind`; "retriever" for one that need not go by vectors, which then has no recall."""
    embedder: Any = None
    """The one that it embeds questions with, where that is known."""
    passages: Callable[[], list[Passage]] | None = None
    """Reads out what is in it, where that can be done."""


def adapt(name: str, given: Any) -> Own:
    """The object as the benchmark asks it; raises UnknownStore where no installed integration knows it."""
    if isinstance(given, Collection):
        return Own(given, "none", "approximate", given.embedder)
    for point in entry_points(group=GROUP):
        try:
            known: Own | None = point.load()(given)
        except ImportError:  # the integration is there, its framework is not
            continue
        if known is not None:
            return known
    raise UnknownStore(
        f"{name} is a {type(given).__name__}, which no installed integration knows as a vector store or retriever; give one of "
        "LangChain or LlamaIndex (pip install weaklink-langchain or weaklink-llama-index), or a weaklink.bench.Collection"
    )


def measured(own: Mapping[str, Own], workload: Workload, task: Task, repeats: int) -> Iterator[Run]:
    """The runs of all objects, in random order within each repeat. Nothing is put in or taken out."""
    asked = dict(own)
    if own and repeats > 1:
        first = next(iter(own))
        asked[first + AGAIN] = own[first]
    recipes = find_recipes(*(each.framework for each in own.values()))
    calls = tuple(dict.fromkeys(call for recipe in recipes.values() for call in recipe.clients))
    for repeat in range(repeats):
        rng = random.Random(task.seed + repeat)
        harmless: frozenset[Measure] = task.measures - {"lifecycle", "filters", "cold"} if repeat == 0 else frozenset()
        each = replace(task, seed=task.seed + repeat, client_calls=calls, measures=harmless)
        for name in rng.sample(list(asked), len(asked)):
            yield _run(name, asked[name], workload, each, repeat)


def _run(name: str, own: Own, workload: Workload, task: Task, repeat: int) -> Run:
    common: dict[str, Any] = {"store": name, "repeat": repeat, "framework": own.framework, "kind": own.kind}
    asked = Asked(own.collection, workload, task, defining(own.embedder, EMBEDDING))
    try:
        return Run(status="ok", **common, **measure(asked))
    except Exception as error:  # noqa: BLE001 - whatever a store raises is its result
        return Run(status="failed", reason=f"{type(error).__name__}: {error}"[:2_000], **common)


def passages_of(own: Sequence[Own]) -> list[Passage] | None:
    """What is in the first object that can be read out; None where none can."""
    return next((found for each in own if each.passages and (found := each.passages())), None)
