"""Two results of the same comparison: what got slower or worse, and what cannot be judged since they differ in more than that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import BaseModel

from weaklink.bench.result import Result, StoreResult
from weaklink.bench.tables import Table

_QUALITIES = ("recall", "ndcg")
_MACHINE = ("system", "processor", "cores", "python")
_SPEED_OF_A_MACHINE = ("processor", "cores")
_CORPUS = ("passages", "characters", "queries", "asked", "labelled", "embedder", "dimensions")


class Change(BaseModel, frozen=True):
    """How one measure of one store changed."""

    store: str
    measure: str
    """"p50", "recall", "ndcg", "status"."""
    old: str
    new: str
    says: str
    """What that is: "1.53x", "-0.030", "failed: ..."."""
    is_regression: bool
    is_judged: bool = True
    """False where the results differ in more than the stores: then the change may come from that."""

    @property
    def verdict(self) -> str:
        """In a word."""
        return "WORSE" if self.is_regression else "ok" if self.is_judged else "not judged"


class Comparison(BaseModel, frozen=True):
    """Two results side by side."""

    changes: tuple[Change, ...]
    warnings: tuple[str, ...]
    """In what else the results differ."""

    @property
    def regressions(self) -> tuple[Change, ...]:
        """What got slower or worse."""
        return tuple(change for change in self.changes if change.is_regression)

    @property
    def is_possible(self) -> bool:
        """Some figure could be judged."""
        return any(change.is_judged and change.measure != "status" for change in self.changes)

    def summary(self) -> str:
        """The result in a sentence."""
        stores = len({change.store for change in self.changes})
        if worse := self.regressions:
            names = ", ".join(dict.fromkeys(change.store for change in worse))
            return f"{len(worse)} of {len(self.changes)} figures got slower or worse, those of: {names}."
        if not self.is_possible:
            return "Nothing can be judged: these are not two results of the same comparison."
        return f"Nothing got slower or worse ({stores} {'store' if stores == 1 else 'stores'})."

    def table(self) -> Table:
        """A line for each change, the regressions first."""
        ordered = sorted(self.changes, key=lambda change: not change.is_regression)
        rows = tuple((c.store, c.measure, c.old, c.new, c.says, c.verdict) for c in ordered)
        return Table("Changes", "", ("store", "figure", "old", "new", "change", ""), rows)


class _Limits(NamedTuple):
    slower: float
    worse: float
    judges_speed: bool
    judges_quality: bool


def regressions(old: Result, new: Result, *, slower: float = 1.5, worse: float = 0.02) -> Comparison:
    """The changes of all stores that are in either result.

    A store is slower where the median is more than `slower` times the old one, more than each A/A control says is noise, *and*
    the repeats do not overlap; it is worse where recall or nDCG fell by more than `worse` (0..1). Speeds are judged between
    machines of one kind, and nothing where the corpus, the questions, the embedder or k are others.
    """
    same_task = not (_differing(old, new) or old.k != new.k)
    same_machine = all(old.machine.get(name) == new.machine.get(name) for name in _SPEED_OF_A_MACHINE)
    noise = max(result.control.noise if result.control else 1.0 for result in (old, new))
    limits = _Limits(max(slower, noise), worse, same_task and same_machine, same_task)
    before = {store.name: store for store in old.stores}
    after = {store.name: store for store in new.stores}
    changes: list[Change] = []
    for name in dict.fromkeys([*before, *after]):
        changes += _changes(name, before.get(name), after.get(name), limits)
    return Comparison(changes=tuple(changes), warnings=tuple(_warnings(old, new)))


def _differing(old: Result, new: Result) -> list[str]:
    return [name for name in _CORPUS if getattr(old.corpus, name) != getattr(new.corpus, name)]


def _warnings(old: Result, new: Result) -> Iterator[str]:
    if names := _differing(old, new):
        both = ", ".join(f"{name} {getattr(old.corpus, name)} and {getattr(new.corpus, name)}" for name in names)
        yield f"Another corpus or other questions ({both}): nothing is judged."
    if old.k != new.k:
        yield f"Another k ({old.k} and {new.k}): nothing is judged."
    machine = [name for name in _MACHINE if old.machine.get(name) != new.machine.get(name)]
    if machine:
        both = ", ".join(f"{name} {old.machine.get(name)} and {new.machine.get(name)}" for name in machine)
        is_other = any(name in _SPEED_OF_A_MACHINE for name in machine)
        yield f"Another machine ({both}): {'speed is not judged' if is_other else 'that may be what changed the speed'}."
    if old.version != new.version:
        yield f"Measured by Weaklink {old.version} and {new.version}."
    if min(old.repeats, new.repeats) < 2:
        yield "One of the results has a single repeat: what looks slower may be noise. Measure with --repeats 3."


def _changes(name: str, old: StoreResult | None, new: StoreResult | None, limits: _Limits) -> Iterator[Change]:
    before, after = (store.status if store else "absent" for store in (old, new))
    if before != after:
        says = new.reason.splitlines()[-1][:200] if new and new.reason else ""
        worse = before == "ok"
        yield Change(store=name, measure="status", old=before, new=after, says=says, is_regression=worse)
    if old is None or new is None:
        return
    if old.latency and new.latency:
        times = new.latency.p50_ms / max(old.latency.p50_ms, 1e-6)
        apart = min(new.latency.repeats_p50_ms) > max(old.latency.repeats_p50_ms)
        yield Change(
            store=name, measure="p50", old=f"{old.latency.p50_ms:.3f} ms", new=f"{new.latency.p50_ms:.3f} ms", says=f"{times:.2f}x",
            is_regression=limits.judges_speed and times > limits.slower and apart, is_judged=limits.judges_speed,
        )  # fmt: skip
    for measure in _QUALITIES:
        one, other = getattr(old, measure), getattr(new, measure)
        if one is not None and other is not None:
            yield Change(
                store=name, measure=measure, old=f"{one.value:.3f}", new=f"{other.value:.3f}", says=f"{other.value - one.value:+.3f}",
                is_regression=limits.judges_quality and one.value - other.value > limits.worse, is_judged=limits.judges_quality,
            )  # fmt: skip
