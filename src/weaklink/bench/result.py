"""The result of a comparison: what was measured where, per store, with intervals; as JSON and back."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from weaklink.bench.answers import AnswerEffect
from weaklink.bench.data import Value, WrongQuery
from weaklink.bench.lifecycle import Lifecycle
from weaklink.bench.split import Split
from weaklink.bench.timing import ClientLoad
from weaklink.errors import WeaklinkError


class UnreadableResult(WeaklinkError):
    """You named a file that holds no result of `weaklink bench --json`."""


class Estimate(BaseModel, frozen=True):
    """A measured value with its 95 % interval; without one where a single measurement gives none."""

    value: float
    low: float | None = None
    high: float | None = None


class Latency(BaseModel, frozen=True):
    """Milliseconds of one search: medians over the repeats."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    samples: int
    repeats_p50_ms: tuple[float, ...]
    """The median of each repeat: the unit of every comparison of speeds."""


class AtShare(BaseModel, frozen=True):
    """Searching among a share of the passages."""

    share: float
    p50_ms: float
    recall: float | None
    """Against exact search among the same passages."""


class ForK(BaseModel, frozen=True):
    """What another k would give."""

    k: int
    p50_ms: float
    recall: float | None
    hit: float | None
    """None without labels."""


class Tally(BaseModel, frozen=True):
    """On how many queries a store is better, alike and worse than exact search."""

    better: int
    same: int
    worse: int

    @property
    def total(self) -> int:
        """All queries compared."""
        return self.better + self.same + self.worse


class StoreResult(BaseModel, frozen=True):
    """One store or index type with one set of parameters."""

    name: str
    framework: str
    kind: str
    status: Literal["ok", "invalid", "failed", "missing"]
    """"invalid": it does not find passages by their own text, so its figures mean nothing."""
    reason: str = ""
    parameters: dict[str, Value] = Field(default_factory=dict[str, Value])
    versions: dict[str, str] = Field(default_factory=dict[str, str])
    repeats: int = 0
    self_found: float | None = None
    recall: Estimate | None = None
    inverse_ratio: Estimate | None = None
    ndcg: Estimate | None = None
    mrr: Estimate | None = None
    hit: Estimate | None = None
    latency: Latency | None = None
    build_s: Estimate | None = None
    """Median of the repeats; `low` and `high` are the shortest and the longest."""
    disk_bytes: int | None = None
    memory_bytes: int | None = None
    cold_open_s: float | None = None
    cold_ms: float | None = None
    split: Split | None = None
    loads: tuple[ClientLoad, ...] = ()
    lifecycle: Lifecycle | None = None
    filtered: tuple[AtShare, ...] = ()
    by_k: tuple[ForK, ...] = ()
    diverse_ndcg: Estimate | None = None
    """nDCG of maximal marginal relevance minus that of plain search, over the same queries."""
    against_exact: Tally | None = None
    """By nDCG, or by recall where there are no labels; None for exact search itself."""
    ndcg_gain: Estimate | None = None
    """nDCG minus that of exact search, over the same queries; None without labels and for exact search itself."""
    only_wrong: tuple[WrongQuery, ...] = ()
    """Queries whose labelled passage this vector store alone misses, or whose nearest passages it alone misses; at most 20."""
    notes: tuple[str, ...] = ()
    on_pareto_front: bool = False
    """No other store is both faster and at least as good (recall)."""


class Difference(BaseModel, frozen=True):
    """How two stores compare in speed: how many times as long `slower` takes, with its 95 % interval over the repeats."""

    faster: str
    slower: str
    times: Estimate
    is_measurable: bool
    """The interval excludes 1, and the difference is larger than that of the A/A control."""


class Control(BaseModel, frozen=True):
    """The A/A control: one store measured twice under two names. What differs here is noise."""

    name: str
    times: Estimate
    noise: float
    """Differences below this factor are noise: at least 1.05, more where the control differed by more."""


class Corpus(BaseModel, frozen=True):
    """What was searched and asked."""

    source: str
    passages: int
    characters: int
    queries: int
    """Different ones."""
    asked: int
    """With their frequency."""
    origin: str
    """Where the queries come from: "file", "traces" or "corpus" (made from it)."""
    labelled: int
    """Queries that have labels."""
    embedder: str
    dimensions: int
    embedding_ms: float | None
    """Embedding one query, median; it comes on top of each search."""
    notes: tuple[str, ...] = ()
    """What of the corpus and of the labels was left out or guessed."""


class Result(BaseModel, frozen=True):
    """A whole comparison."""

    made: str
    """UTC, ISO 8601."""
    version: str
    """Of Weaklink."""
    machine: dict[str, str]
    corpus: Corpus
    k: int
    repeats: int
    rounds: int
    own_cost_us: float
    """What our clock adds to a search; it is subtracted."""
    stores: tuple[StoreResult, ...]
    """As they were named."""
    differences: tuple[Difference, ...] = ()
    control: Control | None = None
    order_tau: float | None = None
    """How stable the order of speeds is over the repeats: mean Kendall tau of all pairs of them."""
    chain: str = ""
    """What gave the answers: "extractive" (no model), what was named, or "given"."""
    answers: tuple[AnswerEffect, ...] = ()
    verdict: tuple[str, ...] = ()
    """The result in sentences."""

    @property
    def measured(self) -> tuple[StoreResult, ...]:
        """The stores with valid figures."""
        return tuple(store for store in self.stores if store.status == "ok")

    def store(self, name: str) -> StoreResult:
        """The store of this name; KeyError where there is none."""
        for store in self.stores:
            if name in (store.name, store.name.partition(".")[2]):
                return store
        raise KeyError(name)

    def short(self, name: str) -> str:
        """A store's name without its framework, where all stores are of one."""
        frameworks = {store.framework for store in self.stores if store.framework != "none"}
        return name.removeprefix(f"{frameworks.pop()}.") if len(frameworks) == 1 else name

    def __str__(self) -> str:
        """The table and the verdict as plain text."""
        from weaklink.bench.show import as_text

        return as_text(self)


def load_result(path: str | Path) -> Result:
    """The result in a file that `weaklink bench` wrote; raises UnreadableResult."""
    try:
        return Result.model_validate_json(Path(path).read_bytes())
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnreadableResult(f"cannot read {path}: {why}; name a file that weaklink bench wrote") from error
    except ValidationError:
        raise UnreadableResult(
            f"{path} holds no result of a comparison; write one with weaklink bench ... -o FILE.json"
        ) from None
