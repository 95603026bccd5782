"""Many traces at once: scored and diagnosed in this process, or in several."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from weaklink.examine import examine

if TYPE_CHECKING:
    from weaklink.model import Verdict
    from weaklink.store import Store

_A_TASK: Final = 25


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one trace."""

    trace_id: str
    verdict: Verdict | None
    """None where it could not be diagnosed."""
    problem: str = ""
    """Why it could not."""


def examine_all(store: Store, location: str, ids: Sequence[str], jobs: int = 1) -> Iterator[Outcome]:
    """Examine the traces with these full ids and store what comes out; an outcome for each, as it is there.

    With several `jobs` as many processes work, each on its own connection to the store at `location`.
    """
    if jobs == 1:
        yield from (_outcome(store, trace_id) for trace_id in ids)
        return
    # A forked child would inherit this process's threads' locks; a spawned one starts clean.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_open, initargs=(location,)) as pool:
        tasks: list[Future[list[Outcome]]] = [
            pool.submit(_outcomes, list(ids[start : start + _A_TASK])) for start in range(0, len(ids), _A_TASK)
        ]
        try:
            for task in as_completed(tasks):
                yield from task.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_opened: list[Store] = []
"""In a worker process: its own store."""


def _open(location: str) -> None:
    from weaklink.store import open_store

    _opened.append(open_store(location))


def _outcomes(ids: list[str]) -> list[Outcome]:
    return [_outcome(_opened[0], trace_id) for trace_id in ids]


def _outcome(store: Store, trace_id: str) -> Outcome:
    try:
        return Outcome(trace_id, examine(store.get(trace_id), store).diagnosis.verdict)
    except Exception as error:  # noqa: BLE001 - one bad trace must not lose the others
        return Outcome(trace_id, None, f"{type(error).__name__}: {error}")
