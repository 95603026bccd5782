"""The frameworks that are measured: what each needs, where its work is, and the calls in one block of each workload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple, Protocol

Config = Callable[[], dict[str, Any]]


class Took(NamedTuple):
    """Seconds of each call, and seconds to the first token where the workload streams."""

    each: list[float]
    first: list[float]


class Work(Protocol):
    """The work of one framework, built once in each process."""

    def run(self, workload: str, calls: int, config: Config) -> Took:
        """Makes the calls; `config` gives the tracing config of each."""
        ...

    def runs(self, workload: str) -> int | None:
        """Runs (steps) in one call as the framework itself counts them; None where that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Framework:
    """What has to be known of a framework before anything of it is imported."""

    packages: tuple[str, ...]
    module: str
    """Where its `Work` class is."""
    calls: Mapping[str, int]
    """Timed workload -> calls in one block, so that an untraced block takes about 0.2 s (`hooks`, `spans`: 0.02 s)."""
    memory: Mapping[str, str] = field(default_factory=dict)
    """`burst` and `soak` -> the workload that they repeat."""

    def work(self) -> Work:
        """Imports the framework and builds the work."""
        return import_module(self.module).Work()


FRAMEWORKS: dict[str, Framework] = {
    "langchain": Framework(
        packages=("langchain-core",),
        module="benchmarks.overhead.work.langchain",
        calls={"hooks": 200, "invoke": 100, "async50": 100, "stream": 20, "batch": 100, "agent": 20, "agent30": 3},
        memory={"burst": "gather", "soak": "invoke"},
    ),
    "llama_index": Framework(
        packages=("llama-index-core",),
        module="benchmarks.overhead.work.llama_index",
        calls={"spans": 100, "query": 60},
        memory={"soak": "query"},
    ),
}
