"""Fits the ranking of an agent's steps: a conditional logit, by Newton's method."""

from collections.abc import Sequence

import numpy as np

from benchmarks.diagnosis.agents.reader import Run
from weaklink.diagnosis.attribution import step_features

RIDGE = 10.0
Example = tuple[list[str], np.ndarray, int]


def names_of(run: Run) -> list[str]:
    return list(next(iter(step_features(run.trace).values())))


def example(run: Run) -> Example | None:
    """Span ids, features of shape (steps, features), and which step is to blame; None where that is none of the model's."""
    features = step_features(run.trace)
    ids = list(features)
    blamed = run.steps[run.mistake]
    if blamed not in ids:
        return None
    return ids, np.array([list(features[span_id].values()) for span_id in ids]), ids.index(blamed)


def fit(examples: Sequence[Example], ridge: float = RIDGE) -> np.ndarray:
    """One weight for each feature; a ridge on weights of features in units of their own spread."""
    spread = np.concatenate([features for _, features, _ in examples]).std(axis=0) + 1e-9
    weights = np.zeros(spread.size)
    for _ in range(100):
        gradient, curvature = -ridge * weights, ridge * np.eye(spread.size)
        for _, features, blamed in examples:
            scaled = features / spread
            values = scaled @ weights
            shares = np.exp(values - values.max())
            shares /= shares.sum()
            mean = shares @ scaled
            gradient = gradient + scaled[blamed] - mean
            curvature = curvature + (scaled.T * shares) @ scaled - np.outer(mean, mean)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights / spread
