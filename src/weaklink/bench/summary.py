"""From runs to figures: per store over its repeats and queries, then between stores."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from weaklink.bench.data import WrongQuery
from weaklink.bench.exact import distances, nearest
from weaklink.bench.lifecycle import filter_value
from weaklink.bench.quality import hit_at_k, inverse_ratio_at_k, ndcg_at_k, recall_at_k, reciprocal_rank
from weaklink.bench.result import AtShare, Control, Difference, Estimate, ForK, Latency, StoreResult, Tally
from weaklink.bench.run import AGAIN, Run
from weaklink.bench.statistics import Interval, Speeds, bootstrap_mean, kendall_tau, paired_bootstrap, percentile
from weaklink.bench.workload import Workload

_LEAST_NOISE = 1.05
_MOST_WRONG = 20
WITHOUT_VECTORS = ("lexical", "hybrid", "retriever")
"""Kinds whose results need not be the nearest vectors, and which so have no recall."""
_SELF_FOUND = {"exact": 1.0, "approximate": 0.9, "lexical": 0.8, "hybrid": 0.8, "retriever": 0.5}
"""Share of passages that have to come back first when asked by their own text; words do not tell twins apart."""


class Row(NamedTuple):
    """What one store did for one query, in its first repeat."""

    recall: float | None
    inverse_ratio: float | None
    ndcg: float | None
    mrr: float | None
    hit: float | None


class Judge:
    """Says how good the results of a query are; looks up vectors and truth by row."""

    def __init__(self, workload: Workload, k: int) -> None:
        """Search the truth once."""
        self.workload, self.k = workload, k
        self._row = {passage.id: row for row, passage in enumerate(workload.passages)}
        self._truth = workload.truth(k)

    @property
    def exact(self) -> list[list[str]]:
        """For each query, what exact search finds."""
        return [[self.workload.passages[int(row)].id for row in rows] for rows in self._truth]

    def rows(self, found: Sequence[Sequence[str]], kind: str = "") -> list[Row]:
        """One row per query; lexical search has no recall, since it does not look for near vectors."""
        return [self._row_of(number, ids, kind) for number, ids in enumerate(found)]

    def _row_of(self, number: int, ids: Sequence[str], kind: str) -> Row:
        query = self.workload.queries[number]
        recall, ratio = (
            (None, None) if kind in WITHOUT_VECTORS else self.vector_quality(number, ids, self._truth[number], self.k)
        )
        return Row(
            recall, ratio, ndcg_at_k(ids, query.relevant, self.k),
            reciprocal_rank(ids, query.relevant, self.k), hit_at_k(ids, query.relevant, self.k),
        )  # fmt: skip

    def vector_quality(self, number: int, ids: Sequence[str], truth: Any, k: int) -> tuple[float | None, float | None]:
        """Recall and 1/ratio of the results of query `number`."""
        vector = self.workload.query_vectors[number]
        rows = list(dict.fromkeys(self._row[found] for found in ids[:k] if found in self._row))
        got = distances(self.workload.vectors, vector, rows)
        exact = distances(self.workload.vectors, vector, [int(row) for row in truth])
        return recall_at_k(got, exact), inverse_ratio_at_k(got, exact)

    def recall_for(self, found: Sequence[Sequence[str]], k: int) -> float | None:
        """Mean recall@k for another k."""
        truth = self.workload.truth(k)
        return _mean([self.vector_quality(number, ids, truth[number], k)[0] for number, ids in enumerate(found)])

    def recall_among(self, found: Sequence[Sequence[str]], share: float) -> float | None:
        """Mean recall among the passages that the filter of this share lets through."""
        rows = [row for row in range(len(self.workload.passages)) if filter_value(row) == f"{share:g}"]
        if not rows:
            return None
        part = nearest(self.workload.vectors[rows], self.workload.query_vectors, self.k)
        return _mean([
            self.vector_quality(number, ids, [rows[place] for place in part[number]], self.k)[0]
            for number, ids in enumerate(found)
        ])  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def summarise(name: str, runs: Sequence[Run], judge: Judge) -> StoreResult:
    """One store over its repeats. Quality is that of the first repeat, with an interval over the queries."""
    failed = [run for run in runs if run.status != "ok"]
    first = runs[0]
    if failed:
        broken = failed[0]
        status = "missing" if broken.status == "missing" else "failed"
        return StoreResult(
            name=name,
            framework=broken.framework,
            kind=broken.kind,
            status=status,
            reason=broken.reason,
            parameters=broken.parameters,
        )
    rows = judge.rows(first.found, first.kind)
    weights = [query.count for query in judge.workload.queries]
    values: dict[str, Any] = {
        measure: _estimate([getattr(row, measure) for row in rows], weights) for measure in Row._fields
    }
    invalid = _why_invalid(first, values["recall"])
    return StoreResult(
        name=name, framework=first.framework, kind=first.kind, status="invalid" if invalid else "ok", reason=invalid,
        parameters=first.parameters, versions=first.versions, repeats=len(runs), self_found=first.self_found,
        latency=_latency(runs), build_s=_over_repeats([run.build_s for run in runs]), disk_bytes=first.disk_bytes,
        memory_bytes=first.memory_bytes, cold_open_s=first.cold_open_s,
        cold_ms=None if first.cold_ns is None else first.cold_ns / 1e6, split=first.split, loads=first.loads, lifecycle=first.lifecycle,
        filtered=tuple(AtShare(share=f.share, p50_ms=f.p50_ns / 1e6, recall=judge.recall_among(f.found, f.share)) for f in first.filtered),
        by_k=tuple(_for_k(first, at, judge) for at in first.at_k), diverse_ndcg=_diverse(first, rows, judge), notes=first.notes,
        **values,
    )  # fmt: skip


def _why_invalid(run: Run, recall: Estimate | None) -> str:
    needed = _SELF_FOUND.get(run.kind, 1.0)
    if run.self_found is not None and run.self_found < needed:
        return (
            f"only {run.self_found:.0%} of the passages come back first when asked by their own text, {needed:.0%} have to: "
            "the store holds other passages, or vectors of another embedder"
        )
    if run.kind == "exact" and recall is not None and recall.value < 0.995:
        return f"it searches exactly, and yet recall is {recall.value:.3f}: it holds other vectors, or another distance"
    return ""


def _for_k(run: Run, at: Any, judge: Judge) -> ForK:
    hits = [hit_at_k(ids, query.relevant, at.k) for ids, query in zip(at.found, judge.workload.queries, strict=True)]
    recall = None if run.kind in WITHOUT_VECTORS else judge.recall_for(at.found, at.k)
    return ForK(k=at.k, p50_ms=at.p50_ns / 1e6, recall=recall, hit=_mean(hits))


def _diverse(run: Run, rows: Sequence[Row], judge: Judge) -> Estimate | None:
    pairs = [
        (other.ndcg, row.ndcg)
        for other, row in zip(judge.rows(run.diverse), rows, strict=False)
        if other.ndcg is not None and row.ndcg is not None
    ]
    return _of(paired_bootstrap([one for one, _ in pairs], [other for _, other in pairs])) if pairs else None


def _estimate(values: Sequence[float | None], weights: Sequence[int]) -> Estimate | None:
    known = [(value, weight) for value, weight in zip(values, weights, strict=True) if value is not None]
    return _of(bootstrap_mean([value for value, _ in known], [weight for _, weight in known]))


def _of(interval: Interval | None) -> Estimate | None:
    return None if interval is None else Estimate(value=interval.value, low=interval.low, high=interval.high)


def _over_repeats(values: Sequence[float | None]) -> Estimate | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Estimate(value=percentile(known, 0.5), low=min(known), high=max(known))


def _latency(runs: Sequence[Run]) -> Latency:
    def over(share: float) -> list[float]:
        return [percentile(run.latency_ns, share) / 1e6 for run in runs]

    p50 = over(0.5)
    return Latency(
        p50_ms=percentile(p50, 0.5), p95_ms=percentile(over(0.95), 0.5), p99_ms=percentile(over(0.99), 0.5),
        samples=sum(len(run.latency_ns) for run in runs), repeats_p50_ms=tuple(p50),
    )  # fmt: skip


def with_queries(
    stores: Sequence[StoreResult], found: Mapping[str, Sequence[Sequence[str]]], judge: Judge
) -> list[StoreResult]:
    """The stores with what they do query by query, in comparison with exact search and with each other."""
    valid = {store.name: judge.rows(found[store.name], store.kind) for store in stores if store.status == "ok"}
    exact = judge.rows(judge.exact)
    vector = [
        rows for store in stores if store.kind not in WITHOUT_VECTORS and (rows := valid.get(store.name)) is not None
    ]
    return [
        store
        if (rows := valid.get(store.name)) is None
        else store.model_copy(
            update={
                "against_exact": _tally(rows, exact) if store.name != "exact" else None,
                "ndcg_gain": None if store.name == "exact" else _gain(rows, exact, judge),
                "only_wrong": ()
                if store.kind in WITHOUT_VECTORS
                else _only_wrong(rows, [other for other in vector if other is not rows], judge),
            }
        )
        for store in stores
    ]


def _gain(rows: Sequence[Row], exact: Sequence[Row], judge: Judge) -> Estimate | None:
    known = [
        (row.ndcg, truth.ndcg, query.count)
        for row, truth, query in zip(rows, exact, judge.workload.queries, strict=True)
        if row.ndcg is not None and truth.ndcg is not None
    ]
    ones, others, weights = zip(*known, strict=True) if known else ((), (), ())
    return _of(paired_bootstrap(ones, others, weights))


def _right(row: Row) -> float | None:
    """What decides a query: the labels, else recall."""
    return row.ndcg if row.ndcg is not None else row.recall


def _tally(rows: Sequence[Row], exact: Sequence[Row]) -> Tally | None:
    pairs = [
        (one, other)
        for row, truth in zip(rows, exact, strict=True)
        if (one := _right(row)) is not None and (other := _right(truth)) is not None
    ]
    signs = [0 if abs(one - other) < 1e-9 else one - other for one, other in pairs]
    if not signs:
        return None
    return Tally(
        better=sum(sign > 0 for sign in signs),
        same=sum(sign == 0 for sign in signs),
        worse=sum(sign < 0 for sign in signs),
    )


def _only_wrong(rows: Sequence[Row], others: Sequence[Sequence[Row]], judge: Judge) -> tuple[WrongQuery, ...]:
    def is_wrong(row: Row) -> bool:
        return row.hit == 0 if row.hit is not None else row.recall is not None and row.recall < 1

    wrong = (
        judge.workload.queries[number]
        for number, row in enumerate(rows)
        if is_wrong(row) and others and not any(is_wrong(other[number]) for other in others)
    )
    return tuple(WrongQuery.of(query) for query in itertools.islice(wrong, _MOST_WRONG))


def speeds_of(stores: Iterable[StoreResult]) -> Speeds:
    """What can be said of the speeds of these stores; those that failed are left out."""
    return Speeds(
        {store.name: store.latency.repeats_p50_ms for store in stores if store.status == "ok" and store.latency}
    )


def control_of(names: Iterable[str], speeds: Speeds) -> Control | None:
    """The A/A control, where there is one and enough repeats to judge it."""
    for name in names:
        once = name.removesuffix(AGAIN)
        if name != once and (times := speeds.ratio(name, once)):
            noise = max(_LEAST_NOISE, times.value, 1 / times.value)
            return Control(name=once, times=Estimate(value=times.value, low=times.low, high=times.high), noise=noise)
    return None


def differences_of(stores: Sequence[StoreResult], speeds: Speeds, noise: float) -> list[Difference]:
    """Every pair of stores, the faster one first; those of the fastest store first."""
    ordered = sorted((store for store in stores if store.latency), key=_p50)
    found: list[Difference] = []
    for place, faster in enumerate(ordered):
        for slower in ordered[place + 1 :]:
            if times := speeds.ratio(slower.name, faster.name):
                found.append(
                    Difference(
                        faster=faster.name, slower=slower.name, times=Estimate(value=times.value, low=times.low, high=times.high),
                        is_measurable=not times.low <= 1 <= times.high and not 1 / noise < times.value < noise,
                    )
                )  # fmt: skip
    return found


def _p50(store: StoreResult) -> float:
    return store.latency.p50_ms if store.latency else math.inf


def order_tau(stores: Sequence[StoreResult]) -> float | None:
    """Mean Kendall tau of the orders by speed, over all pairs of repeats; None for fewer than two repeats or three stores."""
    speeds = [store.latency.repeats_p50_ms for store in stores if store.latency]
    if len(speeds) < 3 or (repeats := min(map(len, speeds))) < 2:
        return None
    orders = [[speed[repeat] for speed in speeds] for repeat in range(repeats)]
    return _mean([kendall_tau(orders[i], orders[j]) for i in range(repeats) for j in range(i)])


def with_front(stores: Sequence[StoreResult]) -> list[StoreResult]:
    """The stores with those marked that no other beats in both speed and recall."""
    points = [(_p50(store), store.recall.value if store.recall else -1.0) for store in stores]

    def is_beaten(point: tuple[float, float]) -> bool:
        return any(p50 <= point[0] and recall >= point[1] and (p50, recall) != point for p50, recall in points)

    return [
        store.model_copy(
            update={"on_pareto_front": store.status == "ok" and recall >= 0 and not is_beaten((p50, recall))}
        )
        for store, (p50, recall) in zip(stores, points, strict=True)
    ]
