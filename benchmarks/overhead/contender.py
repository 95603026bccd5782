"""What a contender of the overhead benchmark is: a name, what it needs, and a function that starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple


class Counts(NamedTuple):
    """Spans that arrived where the contender sends them, and how many of those have an end."""

    spans: int
    ended: int


@dataclass(frozen=True, slots=True)
class Tracing:
    """A contender that is running. Each field has a default that fits a contender without it."""

    config: Callable[[], dict[str, Any]] = dict
    """The RunnableConfig of one LangChain call: a handler in `callbacks`, or {} if it instruments globally."""
    flush: Callable[[], None] = lambda: None
    """Blocks until all that was recorded is out: exported, or durable."""
    count: Callable[[], Counts | None] = lambda: None
    """What is out so far; None when the contender records nothing, or when the sink counts for it."""
    bytes: Callable[[], int | None] = lambda: None
    """Bytes on disk so far; None when it stores nothing locally."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A tracer to measure. `start(framework, sink, tmp)` runs in a process of its own, before the work is built."""

    name: str
    start: Callable[[str, str, Path], Tracing]
    packages: tuple[str, ...] = ()
    """Distributions it needs, as pip names them."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    """Framework -> the distribution that it needs besides, where that depends on the framework."""
    imports: Mapping[str, str] = field(default_factory=dict)
    """Framework -> the module that a user of it imports, for the import times."""
    frameworks: tuple[str, ...] = ("langchain",)
    at_sink: bool = False
    """True: it sends over HTTP, and the sink counts its spans and bytes."""


def needed(contender: Contender, framework: str) -> tuple[str, ...]:
    """The distributions that `contender` needs to trace `framework`."""
    adapter = contender.adapters.get(framework)
    return (*contender.packages, adapter) if adapter else contender.packages


def installed(package: str) -> str | None:
    """The version of a distribution, "source tree" if it is only on the path, None if it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "source tree" if find_spec(package.replace("-", "_")) else None


def missing(packages: tuple[str, ...]) -> list[str]:
    """Those of `packages` that are not installed."""
    return [package for package in packages if installed(package) is None]
