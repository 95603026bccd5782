"""Where the time of a search goes: into embedding, into the framework, into the store.

The client calls that a recipe names are replaced, while the block lasts, by ones that look at the clock. The split is a
pass of its own, so that these clocks are in no latency that is reported. Only one search may run at a time.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from weaklink.bench.statistics import percentile

EMBEDDING = ("embed_query", "get_query_embedding", "get_agg_embedding_from_queries")
"""What the frameworks' retrievers call of an embedder."""


class Split(BaseModel, frozen=True):
    """Medians over the queries, in nanoseconds; they need not add up exactly to the median of the whole."""

    embedding_ns: int
    """In the embedder that was given; with vectors computed beforehand, the look-up."""
    framework_ns: int
    """The rest: what the framework's code takes around the other two."""
    store_ns: int
    """In the store's own client, the network and the server behind it included."""


class Watch:
    """Adds up the time spent inside watched calls; of nested ones only the outermost counts."""

    def __init__(self) -> None:
        """Nothing spent yet."""
        self.spent_ns = 0
        self.calls = 0
        self._inside = 0
        self._lock = threading.Lock()
        self._began = 0

    def enter(self) -> None:
        """A watched call begins."""
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._began = time.perf_counter_ns()

    def leave(self) -> None:
        """It ended."""
        now = time.perf_counter_ns()
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self.spent_ns += now - self._began
                self.calls += 1

    def take(self) -> int:
        """Nanoseconds spent since the last `take`."""
        spent, self.spent_ns = self.spent_ns, 0
        return spent


def _watched(call: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(call):

        @functools.wraps(call)
        async def waits(*args: Any, **kwargs: Any) -> Any:
            watch.enter()
            try:
                return await call(*args, **kwargs)
            finally:
                watch.leave()

        return waits

    @functools.wraps(call)
    def works(*args: Any, **kwargs: Any) -> Any:
        watch.enter()
        try:
            return call(*args, **kwargs)
        finally:
            watch.leave()

    return works


@contextmanager
def watching(calls: Iterable[tuple[type, str]], watch: Watch) -> Generator[None]:
    """While the block lasts, calls of these methods count in `watch`; each class defines the method itself."""
    with ExitStack() as undo:
        for cls, name in calls:
            original = vars(cls)[name]
            setattr(cls, name, _watched(original, watch))
            undo.callback(setattr, cls, name, original)
        yield


def client_calls(names: Sequence[str]) -> Iterator[tuple[type, str]]:
    """The classes that define the methods named "module:Class.method": the class itself and those derived from it.

    A name whose module is not loaded belongs to a store that is not in use, and is passed over.
    """
    for name in names:
        module, _, path = name.partition(":")
        class_name, _, method = path.partition(".")
        if module not in sys.modules:
            continue
        root = getattr(import_module(module), class_name, None)
        if isinstance(root, type):
            yield from ((cls, method) for cls in _with_derived(root) if callable(vars(cls).get(method)))


def _with_derived(root: type) -> Iterator[type]:
    seen: set[type] = set()
    waiting = [root]
    while waiting:
        cls = waiting.pop()
        if cls not in seen:
            seen.add(cls)
            yield cls
            waiting += cls.__subclasses__()


def defining(given: object, names: Sequence[str]) -> list[tuple[type, str]]:
    """For each of these methods that an object has, the class that defines it."""
    found = ((next((cls for cls in type(given).__mro__ if name in vars(cls)), None), name) for name in names)
    return [(cls, name) for cls, name in found if cls is not None]


def split_of(
    search: Callable[[str, int], Any], queries: Sequence[str], k: int,
    clients: Iterable[tuple[type, str]], embedding: Iterable[tuple[type, str]],
) -> Split | None:  # fmt: skip
    """Search each query once and say where the time went; None where no client call was seen."""
    in_store, in_embedding = Watch(), Watch()
    rows: list[tuple[int, int, int]] = []
    with watching(clients, in_store), watching(embedding, in_embedding):
        for query in queries:
            in_store.take()
            in_embedding.take()
            began = time.perf_counter_ns()
            search(query, k)
            whole = time.perf_counter_ns() - began
            stored, embedded = in_store.take(), in_embedding.take()
            rows.append((embedded, max(0, whole - stored - embedded), stored))
    if not in_store.calls:
        return None
    return Split(
        embedding_ns=round(percentile([row[0] for row in rows], 0.5)),
        framework_ns=round(percentile([row[1] for row in rows], 0.5)),
        store_ns=round(percentile([row[2] for row in rows], 0.5)),
    )
