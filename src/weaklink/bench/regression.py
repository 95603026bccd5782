"""Two results of the same comparison: what got slower or worse."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from weaklink.bench.result import Result, StoreResult


class Change(BaseModel, frozen=True):
    """How one measure of one store changed."""

    store: str
    measure: str
    """"p50", "recall", "ndcg", "status"."""
    says: str
    is_regression: bool

    def __str__(self) -> str:
        """One line."""
        return f"{'WORSE ' if self.is_regression else 'ok    '} {self.store}: {self.says}"


def regressions(old: Result, new: Result, *, slower: float = 1.5, worse: float = 0.02) -> list[Change]:
    """The changes of all stores that are in either result.

    A store is slower where the median is more than `slower` times the old one *and* the repeats do not overlap; it is worse
    where recall or nDCG fell by more than `worse` (0..1).
    """
    before = {store.name: store for store in old.stores}
    after = {store.name: store for store in new.stores}
    changes: list[Change] = []
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            changes.append(Change(store=name, measure="status", says="is not in the new result", is_regression=True))
        elif name not in before:
            changes.append(Change(store=name, measure="status", says="is new", is_regression=False))
        else:
            changes += _changes(before[name], after[name], slower, worse)
    return changes


def _changes(old: StoreResult, new: StoreResult, slower: float, worse: float) -> Iterator[Change]:
    if old.status != new.status:
        yield Change(
            store=new.name, measure="status", says=f"was {old.status}, is {new.status}{f': {new.reason}' if new.reason else ''}",
            is_regression=old.status == "ok",
        )  # fmt: skip
    if old.latency and new.latency:
        times = new.latency.p50_ms / max(old.latency.p50_ms, 1e-6)
        apart = min(new.latency.repeats_p50_ms) > max(old.latency.repeats_p50_ms)
        says = f"p50 {old.latency.p50_ms:.3f} to {new.latency.p50_ms:.3f} ms ({times:.2f}x)"
        yield Change(store=new.name, measure="p50", says=says, is_regression=times > slower and apart)
    for measure in ("recall", "ndcg"):
        one, other = getattr(old, measure), getattr(new, measure)
        if one is not None and other is not None:
            says = f"{measure} {one.value:.3f} to {other.value:.3f}"
            yield Change(store=new.name, measure=measure, says=says, is_regression=one.value - other.value > worse)
