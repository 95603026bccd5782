"""Measuring one open store: quality, speed, and whatever else was asked for."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from weaklink.bench.answers import answers_of, chain_named
from weaklink.bench.data import Passage
from weaklink.bench.lifecycle import FILTER_KEY, SHARES, Filtered, lifecycle_of
from weaklink.bench.run import AtK, Measure
from weaklink.bench.split import client_calls, split_of
from weaklink.bench.statistics import percentile
from weaklink.bench.store import Collection, Unsupported
from weaklink.bench.timing import own_cost_ns, timed, under_load
from weaklink.bench.workload import Resolver, Workload

_CHECKED = 20
_WARM_UP = 20
_EXTRA = 10


@dataclass(frozen=True)
class Task:
    """What to measure, and how."""

    k: int = 10
    rounds: int = 3
    """How often each query is asked."""
    seed: int = 0
    measures: frozenset[Measure] = frozenset()
    clients: tuple[int, ...] = (1, 8, 32)
    ks: tuple[int, ...] = (1, 3, 5, 10, 20, 50)
    client_calls: tuple[str, ...] = ()
    """Where the store's own client works: see `Recipe.clients`."""
    chain: str = ""
    """What answers, for the measure "answers": see `chain_named`."""


@dataclass
class Asked:
    """The open store with all that is needed to ask it."""

    collection: Collection
    workload: Workload
    task: Task
    embedding: Sequence[tuple[type, str]] = ()
    """The embedder's methods that the framework calls."""
    notes: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Prepare what turns results into ids."""
        self.extra = [
            Passage(id=f"weaklink-extra-{n}", text=text) for n, text in enumerate(self.workload.questions[:_EXTRA])
        ]
        self._resolve = Resolver([*self.workload.passages, *self.extra])

    def found(self, result: Any) -> list[str]:
        """The ids of what a search returned."""
        return self._resolve(self.collection.hits(result))

    def attempt(self, what: str, measure: Callable[[], Any]) -> Any:
        """What `measure` returns; None, and a note, where the store cannot."""
        try:
            return measure()
        except Unsupported as error:
            self.notes.append(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - one measure that fails must not lose the others
            self.notes.append(f"{what}: {type(error).__name__}: {error}"[:300])
        return None


def measure(asked: Asked) -> dict[str, Any]:
    """The fields of a `Run` that searching can fill."""
    values = {"self_found": _self_found(asked)} | _latency(asked)
    wanted = asked.task.measures
    for name, take in _EXTRAS.items():
        if name in wanted and (taken := asked.attempt(name, lambda take=take: take(asked))) is not None:
            values |= taken
    return values | {"notes": tuple(asked.notes)}


def _self_found(asked: Asked) -> float:
    """The self-retrieval check: a store that does not find a passage by its own text is not measured, but broken."""
    passages = asked.workload.passages
    sample = random.Random(asked.task.seed).sample(range(len(passages)), min(_CHECKED, len(passages)))
    return sum(_finds_itself(asked, row) for row in sample) / len(sample)


def _finds_itself(asked: Asked, row: int) -> bool:
    passage = asked.workload.passages[row]
    first = asked.found(asked.collection.search(passage.text, asked.task.k))[:1]
    if first == [passage.id]:
        return True
    # Another passage with the very same vector is as right.
    vectors = asked.workload.vectors
    same = {
        p.id for p, likeness in zip(asked.workload.passages, vectors @ vectors[row], strict=True) if likeness > 1 - 1e-5
    }
    return bool(first) and first[0] in same


def _latency(asked: Asked) -> dict[str, Any]:
    questions, task = asked.workload.questions, asked.task
    rng = random.Random(task.seed)
    timed(asked.collection.search, questions[:_WARM_UP], task.k)
    gc.collect()  # what filling and importing left must not be swept up in the middle of a search
    order: list[int] = []
    times: list[int] = []
    found: dict[int, tuple[str, ...]] = {}
    cost = own_cost_ns()
    for _ in range(task.rounds):
        asking = rng.sample(range(len(questions)), len(questions))
        taken, results = timed(asked.collection.search, [questions[number] for number in asking], task.k)
        order += asking
        times += [max(0, each - cost) for each in taken]
        found |= {number: tuple(asked.found(result)) for number, result in zip(asking, results, strict=True)}
    return {
        "queries": tuple(order),
        "latency_ns": tuple(times),
        "found": tuple(found[number] for number in range(len(questions))),
        "own_cost_ns": cost,
    }


def _split(asked: Asked) -> dict[str, Any]:
    calls = list(client_calls(asked.task.client_calls))
    found = split_of(asked.collection.search, asked.workload.questions, asked.task.k, calls, asked.embedding)
    if found is None:
        raise Unsupported("no call of the store's client was seen, so its time cannot be told from the framework's")
    return {"split": found}


def _clients(asked: Asked) -> dict[str, Any]:
    if not asked.collection.parallel:
        raise Unsupported("its client must not be used by several threads")
    search, questions = asked.collection.search, asked.workload.questions
    return {"loads": tuple(under_load(search, questions, asked.task.k, count) for count in asked.task.clients)}


def _lifecycle(asked: Asked) -> dict[str, Any]:
    found, notes = lifecycle_of(asked.collection, asked.extra, asked.workload.questions, asked.task.k, asked.found)
    asked.notes += notes
    return {"lifecycle": found}


def _filters(asked: Asked) -> dict[str, Any]:
    rows: list[Filtered] = []
    for share in SHARES:

        def search(query: str, k: int, share: float = share) -> Any:
            return asked.collection.search_where(query, k, FILTER_KEY, f"{share:g}")

        times, results = timed(search, asked.workload.questions, asked.task.k)
        ids = tuple(tuple(asked.found(result)) for result in results)
        rows.append(Filtered(share=share, p50_ns=round(percentile(times, 0.5)), found=ids))
    return {"filtered": tuple(rows)}


def _ks(asked: Asked) -> dict[str, Any]:
    rows: list[AtK] = []
    for k in (k for k in asked.task.ks if k <= len(asked.workload.passages)):
        times, results = timed(asked.collection.search, asked.workload.questions, k)
        ids = tuple(tuple(asked.found(result)) for result in results)
        rows.append(AtK(k=k, p50_ns=round(percentile(times, 0.5)), found=ids))
    return {"at_k": tuple(rows)}


def _diverse(asked: Asked) -> dict[str, Any]:
    results = [asked.collection.search_diverse(query, asked.task.k) for query in asked.workload.questions]
    return {"diverse": tuple(tuple(asked.found(result)) for result in results)}


def _answers(asked: Asked) -> dict[str, Any]:
    return {"answers": answers_of(chain_named(asked.task.chain), asked.collection, asked.workload.questions)}


_EXTRAS: dict[Measure, Callable[[Asked], dict[str, Any]]] = {
    "split": _split,
    "k": _ks,
    "filters": _filters,
    "mmr": _diverse,
    "answers": _answers,
    "clients": _clients,
    "lifecycle": _lifecycle,  # last: it changes what is in the store
}
