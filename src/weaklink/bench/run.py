"""What one measurement of one store is made of, as it is kept on disk."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from weaklink.bench.answers import Answer
from weaklink.bench.data import Value
from weaklink.bench.lifecycle import Filtered, Lifecycle
from weaklink.bench.split import Split
from weaklink.bench.timing import ClientLoad

AGAIN = " (again)"
"""Marks the A/A control: the first store once more, under another name."""

Measure = Literal["split", "cold", "clients", "lifecycle", "filters", "k", "mmr", "answers"]


class AtK(BaseModel, frozen=True):
    """What the store does for another k."""

    k: int
    p50_ns: int
    found: tuple[tuple[str, ...], ...]
    """For each query, the ids of the passages found, the best first."""


class Run(BaseModel, frozen=True):
    """One store, opened, filled and asked once, in a process of its own unless the object was given."""

    store: str
    """The name in the report: with the parameters that differ from the recipe's."""
    repeat: int
    """From 0."""
    status: Literal["ok", "failed", "missing"]
    reason: str = ""
    """Why it failed; what to type where it is missing."""
    framework: str = ""
    kind: str = ""
    parameters: dict[str, Value] = Field(default_factory=dict[str, Value])
    versions: dict[str, str] = Field(default_factory=dict[str, str])
    build_s: float | None = None
    """Putting all passages in, without embedding them; None where the store was filled already."""
    disk_bytes: int | None = None
    """None where the store lives in memory."""
    memory_bytes: int | None = None
    """Growth of the process from before opening to after filling, the store's library included."""
    self_found: float | None = None
    """Share of passages that come back first when asked by their own text."""
    queries: tuple[int, ...] = ()
    """For each time in `latency_ns`, the number of its query."""
    latency_ns: tuple[int, ...] = ()
    """What our clock itself takes is subtracted."""
    found: tuple[tuple[str, ...], ...] = ()
    """For each query, the ids of the passages found, the best first."""
    own_cost_ns: int = 0
    """What our clock and loop add to a query; subtracted from each latency."""
    cold_open_s: float | None = None
    cold_ns: int | None = None
    """The first search in a new process that opens the filled store; None with a note where it lives in memory."""
    split: Split | None = None
    loads: tuple[ClientLoad, ...] = ()
    lifecycle: Lifecycle | None = None
    filtered: tuple[Filtered, ...] = ()
    at_k: tuple[AtK, ...] = ()
    diverse: tuple[tuple[str, ...], ...] = ()
    """For each query, what maximal marginal relevance found."""
    answers: tuple[Answer, ...] = ()
    """For each query, what the chain answered with this store."""
    notes: tuple[str, ...] = ()
    """What could not be measured, and why."""
