"""What a vector store is to the benchmark, and how a recipe opens one.

A recipe is what an integration registers in the entry point group "weaklink.vector_stores", one for each store and index
type. It opens the store as a user of the framework would, so that what is measured is what a chain does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from weaklink.bench.data import Hit, Passage, Value
from weaklink.errors import WeaklinkError


class Unsupported(WeaklinkError):
    """The store cannot do what is to be measured; the report says so."""


class Collection(ABC):
    """An open store. `search` is timed, so it returns what the framework returns; `hits` unpacks it outside the clock."""

    parallel: bool = True
    """Several threads may search at once."""
    embedder: object = None
    """The framework's embedder that a search calls; None where there is none."""
    inside: object = None
    """What a chain of the framework is built on: the vector store or index itself; None where no framework is between."""

    @abstractmethod
    def search(self, query: str, k: int) -> Any:
        """The k nearest passages, in the framework's own form."""

    @abstractmethod
    def hits(self, result: Any) -> list[Hit]:
        """What `search` returned, unpacked, the best first."""

    def add(self, passages: Sequence[Passage]) -> None:
        """Put passages in; their vectors come from the embedder of the place."""
        raise Unsupported("it was filled before it was given, and nothing is put in")

    def ready(self) -> None:  # noqa: B027 - most stores build as they are filled
        """All passages are in: build what the store builds last (train, index, flush)."""

    def tune(self, parameters: Mapping[str, Value]) -> None:
        """Set parameters of the search, such as ef; called with those that the recipe names in `search`."""
        if parameters:
            raise Unsupported(f"{type(self).__name__} has no parameter {', '.join(parameters)} of the search")

    def delete(self, passages: Sequence[Passage]) -> None:
        """Take passages out."""
        raise Unsupported("the store, or its class in the framework, cannot delete by id")

    def search_where(self, query: str, k: int, key: str, value: str) -> Any:
        """The k nearest passages whose metadata `key` is `value`, in the framework's own form."""
        raise Unsupported("the store, or its class in the framework, has no filter")

    def search_diverse(self, query: str, k: int) -> Any:
        """k passages by maximal marginal relevance, in the framework's own form."""
        raise Unsupported("the store, or its class in the framework, has no MMR")


Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""Texts in, unit vectors out, one per text."""


@dataclass(frozen=True)
class Place:
    """Where and how a recipe opens its store."""

    folder: Path
    """A folder of its own, empty at first, for what the store writes."""
    embed: Embed
    """Looks up vectors that were computed beforehand, so that embedding costs next to nothing in what is timed."""
    dimensions: int
    size: int
    """How many passages will come."""
    training: Any
    """Their vectors, float32 of shape (size, dimensions), for an index that is trained beforehand."""
    parameters: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """The recipe's parameters of building and searching."""
    url: str = ""
    """The server to use; "" for one that the recipe starts, or none."""

    def number(self, name: str) -> int:
        """A parameter that is a whole number."""
        return int(self.parameters[name])


Open = Callable[[Place], AbstractContextManager[Collection]]


@dataclass(frozen=True)
class Index:
    """A store or index type as every framework has it: its name, its parameters, and where its own client works."""

    name: str
    """As users type it: "chroma", "faiss-hnsw"."""
    kind: str = "approximate"
    """"exact" (has to find what exact search finds), "approximate", "lexical" (compares words, not vectors) or "hybrid" (both)."""
    build: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Parameters of building the index with their defaults."""
    search: Mapping[str, Value] = field(default_factory=dict[str, Value])
    """Parameters of the search, which can change without building again."""
    sweep: Mapping[str, tuple[Value, ...]] = field(default_factory=dict[str, tuple[Value, ...]])
    """What `--sweep` tries."""
    clients: tuple[str, ...] = ()
    """The calls in which the store itself works, as "module:Class.method"; the rest of a search is the framework's."""
    persistent: bool = False
    """Opening the same folder again finds what was put in, so that a cold start can be measured."""
    url: str = ""
    """The environment variable that names a server, where there can be one."""
    url_required: bool = False
    """Without a server there is nothing to open."""

    def through(self, framework: str, opened: Open, modules: tuple[str, ...], needs: tuple[str, ...]) -> Recipe:
        """The recipe that opens it through a framework: what must be importable, and what to type after pip install."""
        own = {each.name: getattr(self, each.name) for each in fields(Index)}
        return Recipe(framework=framework, open=opened, modules=modules, needs=needs, **own)


@dataclass(frozen=True, kw_only=True)
class Recipe(Index):
    """How to open one store or index type through one framework."""

    framework: str
    """"langchain", "llama_index", or "none" for the store's own client."""
    open: Open
    modules: tuple[str, ...] = ()
    """What must be importable."""
    needs: tuple[str, ...] = ()
    """What to type after pip install where it is not."""

    @property
    def full_name(self) -> str:
        """With its framework: "langchain.chroma"."""
        return self.name if self.framework == "none" else f"{self.framework}.{self.name}"
