"""Many traces scored: several at a time, each stored as soon as it is done, all of them counted."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weaklink.examine import Examination, current_scores, due_scorers, examine
from weaklink.model import Trace
from weaklink.scoring.cost import Cost

if TYPE_CHECKING:
    from weaklink.scoring import Scorer
    from weaklink.store import Store


@dataclass(slots=True)
class Tally:
    """How many traces one scorer could score, and why not the others."""

    name: str
    asked: int = 0
    scored: int = 0
    """Traces with at least one value."""
    kept: int = 0
    """Of those, how many were scored before and have not changed."""
    reasons: Counter[str] = field(default_factory=Counter[str])
    """Why there is no value, each with the number of traces."""

    def add(self, examined: Examination) -> None:
        """Count one more trace."""
        self.asked += 1
        given = [score for score in examined.scores if score.name == self.name]
        if any(score.value is not None for score in given):
            self.scored += 1
            self.kept += self.name not in examined.ran
        else:
            self.reasons[given[0].reason if given else "the trace has no step that it could judge"] += 1

    def __str__(self) -> str:
        """Such as "scored 37 of 40 (12 from before)"."""
        before = f" ({self.kept} from before)" if self.kept else ""
        return f"scored {self.scored} of {self.asked}{before}"


@dataclass(slots=True)
class Estimate:
    """What one scorer would have to do."""

    name: str
    traces: int = 0
    """Traces that it has to score; the others are scored already."""
    cost: Cost = field(default_factory=Cost)
    at_once: int = 1
    """How many calls run at the same time."""

    @property
    def seconds(self) -> float | None:
        """How long it would take, about; None where nobody knows yet how long a call takes."""
        return None if self.cost.seconds is None else self.cost.seconds / max(1, min(self.at_once, self.cost.calls))


def score_many(
    traces: Iterable[Trace], store: Store, scorers: Sequence[Scorer], *, again: bool = False, jobs: int | None = None
) -> Iterator[Examination]:
    """Examine each of `traces` (see `examine`), `jobs` at a time, and give each as soon as it is done, in any order.

    `jobs` is by default the greatest `concurrency` among the scorers. Whoever stops listening stops the rest; what is done
    is stored, and the next run goes on from there.
    """
    at_once = jobs or max((_concurrency(scorer) for scorer in scorers), default=1)
    if at_once == 1:
        for trace in traces:
            yield examine(trace, store, scorers, again=again)
        return
    waiting = iter(traces)
    lock, stopped = threading.Lock(), threading.Event()
    done: queue.SimpleQueue[Examination | BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        try:
            while not stopped.is_set():
                with lock:
                    trace = next(waiting, None)
                if trace is None:
                    break
                done.put(examine(trace, store, scorers, again=again))
            done.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where somebody listens
            done.put(error)

    # Daemons: a judge that hangs must not keep the process from leaving after Ctrl-C.
    for number in range(at_once):
        threading.Thread(target=work, name=f"weaklink-score-{number}", daemon=True).start()
    try:
        running = at_once
        while running:
            item = done.get()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                running -= 1
            else:
                yield item
    finally:
        stopped.set()


def estimate_many(
    traces: Iterable[Trace], store: Store, scorers: Sequence[Scorer], *, again: bool = False
) -> list[Estimate]:
    """What `score_many` would cost, by scorer; nothing is scored. A scorer that does not say costs nothing but time."""
    estimates = {scorer.name: Estimate(scorer.name, at_once=_concurrency(scorer)) for scorer in scorers}
    for trace in traces:
        current = current_scores(store.scores(trace.id), trace.content_hash)
        for scorer in due_scorers(trace, current, scorers, again=again):
            if scorer.name in estimates:
                entry = estimates[scorer.name]
                entry.traces += 1
                if (estimate := getattr(scorer, "estimate", None)) is not None:
                    entry.cost += estimate(trace)
    return list(estimates.values())


def _concurrency(scorer: Scorer) -> int:
    return max(1, int(getattr(scorer, "concurrency", 1)))
