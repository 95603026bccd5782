"""How good a list of results is: against exact search over the same vectors, and against labels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_TIE = 1e-5
"""Distances of unit vectors that differ by less are ties: stores compute in float32, and round differently."""


def recall_at_k(found: Sequence[float], exact: Sequence[float]) -> float | None:
    """Share of the k results that are as near as the k-th of an exact search, 0..1.

    `found` are the distances of the results to the query, computed by us from the vectors, not the store's; `exact` those
    of the k nearest passages, ascending. Counting by distance makes passages at the same distance equally right, as in
    ann-benchmarks (Aumüller et al. 2018, section 2). None where `exact` is empty.
    """
    if not exact:
        return None
    return min(len(exact), sum(distance <= exact[-1] + _TIE for distance in found)) / len(exact)


def inverse_ratio_at_k(found: Sequence[float], exact: Sequence[float]) -> float | None:
    """1/Ratio@k, 0..1: how near the results are in comparison with the truth (arXiv 2606.04522).

    Ratio@k is the mean over the ranks of found distance / exact distance; a rank whose exact distance is 0 counts 1 where
    the result is as near. A missing result counts as the farthest that unit vectors can be (2). None where `exact` is empty.
    """
    if not exact:
        return None
    ordered = sorted(found)[: len(exact)]
    ordered += [2.0] * (len(exact) - len(ordered))
    ratios = [1.0 if got <= want + _TIE else got / max(want, _TIE) for got, want in zip(ordered, exact, strict=True)]
    return len(ratios) / sum(ratios)


def ndcg_at_k(found: Sequence[str], relevant: Mapping[str, float], k: int) -> float | None:
    """nDCG@k with the labels' gains, 0..1 (Järvelin and Kekäläinen 2002); None without labels."""
    ideal = _dcg(sorted(relevant.values(), reverse=True)[:k])
    if ideal <= 0:
        return None
    return _dcg([relevant.get(passage, 0.0) for passage in _unique(found)[:k]]) / ideal


def reciprocal_rank(found: Sequence[str], relevant: Mapping[str, float], k: int) -> float | None:
    """1 / rank of the first relevant result among the first k, else 0; its mean is MRR@k. None without labels."""
    if not any(gain > 0 for gain in relevant.values()):
        return None
    ranks = (rank for rank, passage in enumerate(found[:k], 1) if relevant.get(passage, 0.0) > 0)
    return 1 / rank if (rank := next(ranks, 0)) else 0.0


def hit_at_k(found: Sequence[str], relevant: Mapping[str, float], k: int) -> float | None:
    """1 where a relevant passage is among the first k, else 0; its mean is the hit rate. None without labels."""
    rank = reciprocal_rank(found, relevant, k)
    return None if rank is None else float(rank > 0)


def _dcg(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _unique(found: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found))
