"""Intervals, tests and ranks over few or many measurements; numpy alone."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RESAMPLES = 2_000


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """The data speak for a difference."""
        return self.low > 0 or self.high < 0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the values lie, between neighbours interpolated; `values` is not empty."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """The mean; `weights` are positive."""
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


class Speeds:
    """Times of several stores in the same repeats: a randomised complete block design, with the repeat as the block.

    Times of different processes differ by what the machine did meanwhile, so the repeat is the unit, not the query. On a log
    scale, what is left after the means of stores and of repeats is noise; its spread is taken over all stores together, and
    pairs are compared by Tukey's honest significant difference, so that 95 % holds for all pairs at once, also for those
    with the fastest.
    """

    def __init__(self, times: Mapping[str, Sequence[float]]) -> None:
        """`times` holds for each store one positive time per repeat; only as many repeats as all have are used."""
        import numpy as np

        self._names = list(times)
        repeats = min((len(of_one) for of_one in times.values()), default=0)
        logs = (
            np.log([[max(time, 1e-9) for time in of_one[:repeats]] for of_one in times.values()])
            if repeats
            else np.zeros((0, 0))
        )
        self._half: float | None = None
        """Half the width of every interval, on the log scale; None where there are too few stores or repeats."""
        stores = len(self._names)
        if stores < 2 or repeats < 2:
            return
        self._means = logs.mean(axis=1)
        noise = logs - self._means[:, None] - logs.mean(axis=0)[None, :] + logs.mean()
        freedom = (stores - 1) * (repeats - 1)
        spread = math.sqrt(float((noise**2).sum()) / freedom)
        self._half = tukey_quantile(stores, freedom) * spread / math.sqrt(repeats)

    def ratio(self, one: str, other: str) -> Interval | None:
        """How many times as long `one` takes as `other`; None where nothing can be said."""
        if self._half is None or one not in self._names or other not in self._names:
            return None
        middle = float(self._means[self._names.index(one)] - self._means[self._names.index(other)])
        return Interval(math.exp(middle), math.exp(middle - self._half), math.exp(middle + self._half))


@functools.cache
def tukey_quantile(groups: int, freedom: int, level: float = 0.95) -> float:
    """Quantile of the studentised range of `groups` means with `freedom` degrees of freedom, by simulation (40,000 draws)."""
    import numpy as np

    random = np.random.default_rng(groups * 1_000 + freedom)
    ranges = np.ptp(random.standard_normal((40_000, groups)), axis=1)
    spreads = np.sqrt(random.chisquare(freedom, 40_000) / freedom)
    return float(np.quantile(ranges / spreads, level))


def bootstrap_mean(values: Sequence[float], weights: Sequence[float] | None = None, seed: int = 0) -> Interval | None:
    """The (weighted) mean over queries with a percentile bootstrap 95 % interval over the queries; None for no values."""
    import numpy as np

    if not values:
        return None
    data = np.asarray(values, dtype=float)
    weight = np.ones(len(data)) if weights is None else np.asarray(weights, dtype=float)
    means = _resampled_means(data, weight, np.random.default_rng(seed))
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(data @ weight / weight.sum()), float(low), float(high))


def paired_bootstrap(
    ones: Sequence[float], others: Sequence[float], weights: Sequence[float] | None = None, seed: int = 0
) -> Interval | None:
    """Mean difference ones - others over the same queries, with its bootstrap 95 % interval; None for no pairs."""
    return bootstrap_mean([one - other for one, other in zip(ones, others, strict=True)], weights, seed)


def _resampled_means(
    data: NDArray[np.float64], weight: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    import numpy as np

    means: list[NDArray[np.float64]] = []
    step = max(1, 2_000_000 // len(data))  # a block of 16 MB at a time
    for begin in range(0, _RESAMPLES, step):
        drawn = random.integers(0, len(data), (min(step, _RESAMPLES - begin), len(data)))
        means.append((data[drawn] * weight[drawn]).sum(axis=1) / weight[drawn].sum(axis=1))
    return np.concatenate(means)


def kendall_tau(ones: Sequence[float], others: Sequence[float]) -> float | None:
    """How alike two orders are, -1..1 (Kendall's tau-b, which allows ties); None where one of them is all ties."""
    pairs = [(i, j) for i in range(len(ones)) for j in range(i)]
    signs = [(_sign(ones[i] - ones[j]), _sign(others[i] - others[j])) for i, j in pairs]
    untied = math.sqrt(sum(one != 0 for one, _ in signs) * sum(other != 0 for _, other in signs))
    return sum(one * other for one, other in signs) / untied if untied else None


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
