"""Exact search by numpy: the truth that every store is held against, and a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 64


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row with length 1; a row of zeros becomes the first axis, since stores refuse or misplace zero vectors."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    safe = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-9)
    safe[lengths[:, 0] <= 1e-9, 0] = 1.0
    return safe


def nearest(vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The indices of the k nearest unit vectors for each query, the nearest first: shape (len(queries), min(k, n))."""
    import numpy as np

    k = min(k, len(vectors))
    rows: list[NDArray[np.int64]] = []
    for begin in range(0, len(queries), _BLOCK):
        likeness = queries[begin : begin + _BLOCK] @ vectors.T
        best = np.argpartition(-likeness, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(likeness, best, axis=1), axis=1, kind="stable")
        rows.append(np.take_along_axis(best, order, axis=1))
    return np.concatenate(rows) if rows else np.zeros((0, k), dtype=np.int64)


def distances(vectors: NDArray[np.float32], query: NDArray[np.float32], rows: list[int]) -> list[float]:
    """Euclidean distance of the query to these rows, 0..2 for unit vectors."""
    import numpy as np

    return [float(value) for value in np.linalg.norm(vectors[rows].astype(np.float64) - query, axis=1)] if rows else []
