"""Logistic regression with fixed signs, and what is needed to judge it."""

import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

try:
    from scipy.optimize import minimize
except ModuleNotFoundError:
    sys.exit("fitting needs scipy, which weaklink itself does not: pip install scipy")

Floats = NDArray[np.float64]


def fit_signed(
    rows: Floats,
    labels: Floats,
    signs: Sequence[int],
    *,
    penalty: float,
    row_weights: Floats | None = None,
    most: float | None = None,
    known: Floats | None = None,
) -> tuple[Floats, float]:
    """Weights (one per column) and intercept.

    A column with sign 1 gets a weight of 0 or more, with -1 of 0 or less, and no weight is beyond `most`. Columns are
    divided by their standard deviation for the fit; `penalty` is the L2 penalty on that scale. With `known`, log odds that
    each row starts from, there is no intercept: a column of its own stands for it.
    """
    scale = rows.std(axis=0) + 1e-9
    scaled = rows / scale
    weights = np.ones(len(labels)) if row_weights is None else row_weights
    start = np.zeros(len(labels)) if known is None else known
    ends = [None if most is None else most * float(width) for width in scale]
    lows = [0.0 if sign > 0 or end is None else -end for sign, end in zip(signs, ends, strict=True)]
    bounds = [
        (None if sign <= 0 and end is None else low, 0.0 if sign < 0 else end)
        for sign, low, end in zip(signs, lows, ends, strict=True)
    ]
    bounds.append((None, None) if known is None else (0.0, 0.0))

    def loss(point: Floats) -> tuple[float, Floats]:
        risk = start + scaled @ point[:-1] + point[-1]
        gap = weights * (1 / (1 + np.exp(-risk)) - labels)
        value = float(
            (weights * (np.logaddexp(0, risk) - labels * risk)).sum() + 0.5 * penalty * (point[:-1] ** 2).sum()
        )
        return value, np.append(scaled.T @ gap + penalty * point[:-1], gap.sum())

    best = minimize(
        loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000}
    ).x
    return best[:-1] / scale, float(best[-1])


def grouped_folds(groups: Sequence[str], folds: int = 5, seed: int = 0) -> Iterator[tuple[Floats, Floats]]:
    """Row indices to fit on and to judge on; all rows of a group are on the same side."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {names[place]: number % folds for number, place in enumerate(order)}
    fold = np.array([fold_of[group] for group in groups])
    for number in range(folds):
        yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def auroc(labels: Sequence[int] | Floats, scores: Sequence[float] | Floats) -> float:
    """Area under the ROC curve, ties counted half; NaN where only one class is there."""
    truth, values = np.asarray(labels, bool), np.asarray(scores, float)
    if truth.all() or not truth.any():
        return float("nan")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = truth.sum()
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives)))


def f1(labels: Floats, flagged: Floats) -> float:
    """F1 of the positive class."""
    hits = float((flagged * labels).sum())
    total = float(flagged.sum() + labels.sum())
    return 2 * hits / total if total else 0.0


def best_threshold(labels: Floats, scores: Floats) -> float:
    """The threshold with the best F1 on these rows."""
    candidates = np.quantile(scores, np.linspace(0, 1, 101))
    return float(max(candidates, key=lambda limit: f1(labels, (scores >= limit).astype(float))))


def calibration_error(labels: Floats, scores: Floats, bins: int = 10) -> float:
    """Expected calibration error over bins of equal mass."""
    order = np.argsort(scores)
    parts = np.array_split(order, bins)
    return float(
        sum(len(part) * abs(labels[part].mean() - scores[part].mean()) for part in parts if len(part)) / len(labels)
    )


def reliability(labels: Floats, scores: Floats, shares: Sequence[float]) -> list[list[float]]:
    """Bins that end at these shares of the rows: [upper end of the score, low and high of the share of positives there].

    The bounds are those of Wilson (1927), 90 %; the last bin reaches to 1.
    """
    order = np.argsort(scores)
    ends = [round(share * len(order)) for share in (0.0, *shares, 1.0)]
    found = []
    for first, last in pairwise(ends):
        part = order[first:last]
        low, high = wilson(float(labels[part].sum()), len(part))
        found.append([round(float(scores[part[-1]]), 4), round(low, 3), round(high, 3)])
    return [*found[:-1], [1.0, *found[-1][1:]]]


def wilson(hits: float, count: int, z: float = 1.645) -> tuple[float, float]:
    """The Wilson score interval of a share."""
    share = hits / count
    centre = share + z**2 / (2 * count)
    spread = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return max(0.0, float((centre - spread) / (1 + z**2 / count))), min(
        1.0, float((centre + spread) / (1 + z**2 / count))
    )
