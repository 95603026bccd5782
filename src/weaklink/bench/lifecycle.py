"""What happens while documents come and go: until when they are found, and what reading costs meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from weaklink.bench.data import Passage
from weaklink.bench.statistics import percentile
from weaklink.bench.store import Collection

_PATIENCE_S = 5.0
FILTER_KEY = "weaklink_share"
SHARES = (0.01, 0.1, 0.5)
"""Which part of the passages a filter lets through."""


class Lifecycle(BaseModel, frozen=True):
    """Writing into a filled store. A time is None where it could not be measured; the run's notes say why."""

    insert_ns: int | None = None
    """One passage put in, median."""
    searchable_ns: int | None = None
    """From the begin of an insert until a search finds the passage, median."""
    delete_ns: int | None = None
    deleted_gone: bool | None = None
    """What was deleted is not found any more."""
    update_ns: int | None = None
    """A passage replaced: deleted and put in with another text under its id."""
    update_seen: bool | None = None
    """The new text is found and the old one is not."""
    read_while_write_p50_ns: int | None = None
    """A search while another thread puts passages in."""


class Filtered(BaseModel, frozen=True):
    """Searching among a part of the passages, chosen by metadata."""

    share: float
    p50_ns: int
    found: tuple[tuple[str, ...], ...]
    """For each query, the ids of the passages found."""


def filter_value(number: int) -> str:
    """The metadata that puts passage `number` into nested shares: of 100 passages 1 is "1", 9 are "10", 40 are "50"."""
    place = (number * 61) % 100
    return next((f"{share:g}" for share in SHARES if place < share * 100), "1.0")


Resolve = Callable[[Any], list[str]]


def lifecycle_of(
    collection: Collection, extra: Sequence[Passage], queries: Sequence[str], k: int, found: Resolve
) -> tuple[Lifecycle, list[str]]:
    """Insert, replace and delete the passages `extra`, which are not in the store yet and whose vectors are known."""
    notes: list[str] = []
    inserts: list[int] = []
    visible: list[int] = []
    for passage in extra:
        began = time.perf_counter_ns()
        collection.add([passage])
        inserts.append(time.perf_counter_ns() - began)
        if _wait(lambda wanted=passage: wanted.id in found(collection.search(wanted.text, k))):
            visible.append(time.perf_counter_ns() - began)
        else:
            notes.append(f"a passage put in was not found within {_PATIENCE_S:g} s")
    values: dict[str, Any] = {"insert_ns": _median(inserts), "searchable_ns": _median(visible)}
    values["read_while_write_p50_ns"] = _read_while_write(collection, extra, queries, k)
    try:
        values |= _removal(collection, extra, k, found)
    except Exception as error:  # noqa: BLE001 - a store that cannot is a result
        notes.append(f"delete and update: {error}")
    return Lifecycle(**values), notes


def _removal(collection: Collection, extra: Sequence[Passage], k: int, found: Resolve) -> dict[str, Any]:
    replaced, *rest = extra
    began = time.perf_counter_ns()
    collection.delete(rest)
    deleted = (time.perf_counter_ns() - began) // len(rest)
    gone = _wait(lambda: not any(p.id in found(collection.search(p.text, k)) for p in rest))
    changed = replaced.model_copy(update={"text": rest[0].text})
    began = time.perf_counter_ns()
    collection.delete([replaced])
    collection.add([changed])
    updated = time.perf_counter_ns() - began
    seen = _wait(lambda: _is_seen(collection, changed, k))
    collection.delete([changed])
    return {"delete_ns": deleted, "deleted_gone": gone, "update_ns": updated, "update_seen": seen}


def _is_seen(collection: Collection, changed: Passage, k: int) -> bool:
    return any(hit.text == changed.text for hit in collection.hits(collection.search(changed.text, k)))


def _read_while_write(collection: Collection, extra: Sequence[Passage], queries: Sequence[str], k: int) -> int | None:
    """Median of searches while a second thread keeps putting passages in (the same ones, as an upsert does)."""
    if not collection.parallel:
        return None
    stop = threading.Event()
    failed: list[Exception] = []

    def write() -> None:
        try:
            while not stop.is_set():
                collection.delete(extra)
                collection.add(extra)
        except Exception as error:  # noqa: BLE001 - then there is nothing to measure
            failed.append(error)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    times: list[int] = []
    try:
        for query in queries[:50]:
            began = time.perf_counter_ns()
            collection.search(query, k)
            times.append(time.perf_counter_ns() - began)
    except Exception as error:  # noqa: BLE001 - a store that cannot read while it writes has no such time
        failed.append(error)
    stop.set()
    writer.join(timeout=60)
    return None if failed else _median(times)


def _wait(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.001)
    return True


def _median(values: Sequence[int]) -> int | None:
    return round(percentile(values, 0.5)) if values else None
