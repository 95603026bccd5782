"""How long searches take: one client, many clients, and what our own clock adds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from weaklink.bench.statistics import percentile

Search = Callable[[str, int], Any]
_CLIENT_SECONDS = 1.0


class ClientLoad(BaseModel, frozen=True):
    """What a store does with several clients at once: threads of one process that ask without pause."""

    clients: int
    queries_per_s: float
    p50_ns: int
    p95_ns: int
    p99_ns: int
    errors: int = 0
    error: str = ""
    """The first error, where there was one."""


def timed(search: Search, queries: Sequence[str], k: int) -> tuple[list[int], list[Any]]:
    """Nanoseconds of each search, in the order asked, and what it returned."""
    clock = time.perf_counter_ns
    times: list[int] = []
    results: list[Any] = []
    for query in queries:
        began = clock()
        result = search(query, k)
        times.append(clock() - began)
        results.append(result)
    return times, results


def own_cost_ns() -> int:
    """What the clock and the loop add to each query: the median of searches that do nothing."""

    def nothing(query: str, k: int) -> None:
        return None

    times, _ = timed(nothing, ["a question"] * 2_000, 10)
    return round(percentile(times, 0.5))


def under_load(
    search: Search, queries: Sequence[str], k: int, clients: int, seconds: float = _CLIENT_SECONDS
) -> ClientLoad:
    """Searches of `clients` threads at once, for `seconds`; each goes through the queries from a place of its own."""
    clock = time.perf_counter_ns
    times: list[list[int]] = [[] for _ in range(clients)]
    errors: list[str] = []
    start = threading.Barrier(clients + 1)
    stop = threading.Event()

    def ask(number: int) -> None:
        start.wait()
        place = number * len(queries) // clients
        while not stop.is_set():
            began = clock()
            try:
                search(queries[place % len(queries)], k)
            except Exception as error:  # noqa: BLE001 - what a store does under load is the result
                errors.append(f"{type(error).__name__}: {error}"[:200])
                if len(errors) >= 100:
                    return
            else:
                times[number].append(clock() - began)
            place += 1

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    began = clock()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join(timeout=60)
    elapsed = (clock() - began) / 1e9
    everything = [time for of_one in times for time in of_one]
    p50, p95, p99 = (round(percentile(everything, share)) if everything else 0 for share in (0.5, 0.95, 0.99))
    return ClientLoad(
        clients=clients, queries_per_s=len(everything) / elapsed, p50_ns=p50, p95_ns=p95, p99_ns=p99,
        errors=len(errors), error=errors[0] if errors else "",
    )  # fmt: skip
