"""The figures as tables of text, for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from weaklink.bench.answers import EXTRACTIVE, Gain
from weaklink.bench.result import Estimate, Result, StoreResult
from weaklink.report.figures import bytes_text, duration_text


class Table(NamedTuple):
    """A table whose first column is text and whose others are figures."""

    title: str
    note: str
    """What the columns mean, in a sentence or two."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Column = tuple[str, Callable[[StoreResult], str]]


def heading(result: Result) -> str:
    """What was compared, on one line."""
    corpus = result.corpus
    made = {"corpus": "made from it", "traces": "from recorded traces", "file": "given"}[corpus.origin]
    often = f", asked {corpus.asked:,} times" if corpus.asked > corpus.queries else ""
    return (
        f"{corpus.source}: {corpus.passages:,} passages, {corpus.queries:,} queries {made}{often}; embedder {corpus.embedder} "
        f"({corpus.dimensions} dimensions); k={result.k}; {_repeats(result.repeats)}, each query asked {_times(result.rounds)}"
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _repeats(count: int) -> str:
    return "one repeat" if count == 1 else f"{count} repeats"


def tables_of(result: Result) -> Iterator[Table]:
    """All tables that there are figures for."""
    if stores := result.measured:
        yield _main(result, stores)
    parts = (_answers, _split, _loads, _ks, _diverse, _filters, _lifecycle)
    yield from (table for part in parts if (table := part(result)))


def _main(result: Result, stores: Sequence[StoreResult]) -> Table:
    k = result.k
    columns: list[Column] = [
        ("store", lambda store: result.short(store.name)),
        (f"recall@{k}", lambda store: estimate_text(store.recall) or "-"),
        ("p50 ms", lambda store: _ms(store.latency.p50_ms) if store.latency else ""),
        ("p95 ms", lambda store: _ms(store.latency.p95_ms) if store.latency else ""),
        ("p99 ms", lambda store: _ms(store.latency.p99_ms) if store.latency else ""),
        (f"nDCG@{k}", lambda store: estimate_text(store.ndcg)),
        ("build", lambda store: _seconds(store.build_s.value) if store.build_s else ""),
        ("memory", lambda store: "" if store.memory_bytes is None else bytes_text(store.memory_bytes)),
        ("disk", lambda store: "" if store.disk_bytes is None else bytes_text(store.disk_bytes)),
        ("cold ms", lambda store: "" if store.cold_ms is None else _ms(store.cold_ms)),
        ("1/ratio", lambda store: estimate_text(store.inverse_ratio)),
        (f"MRR@{k}", lambda store: estimate_text(store.mrr)),
        (f"hit@{k}", lambda store: estimate_text(store.hit)),
    ]
    table = _table("Stores, the fastest first", "", columns, stores)
    made = " (the passage that each is made of)" if result.corpus.origin == "corpus" else ""
    notes = {
        f"recall@{k}": f"recall@{k}: share of what an exact search finds.",
        "p50 ms": "p50, p95, p99: half, 95 % and 99 % of the searches take at most so long, without embedding the question.",
        f"nDCG@{k}": f"nDCG@{k}, MRR, hit: against the labels of {result.corpus.labelled} queries{made}.",
        "memory": "memory: growth of the process, library included.",
        "cold ms": "cold: first search in a new process.",
        "1/ratio": "1/ratio: how near the passages found are, beside those of an exact search.",
    }
    return table._replace(note=" ".join(note for name, note in notes.items() if name in table.columns))


def _answers(result: Result) -> Table | None:
    if not result.answers:
        return None
    rows = tuple(
        (
            result.short(effect.store), f"{effect.changed:.0%}", f"{effect.changed_by_itself:.0%}", _gain(effect.groundedness),
            _gain(effect.sufficiency), str(effect.questions), str(effect.errors or ""),
        )
        for effect in result.answers
    )  # fmt: skip
    base = result.short(result.answers[0].baseline)
    chain = "The best sentence of what is found, no model," if result.chain == EXTRACTIVE else "Your chain"
    columns = ("store", "other answer", f"{base} twice", "groundedness", "sufficiency", "questions", "errors")
    note = (
        f"{chain} with each store, in comparison with {base}: the share of answers that are another text, beside the share that changes "
        f"when {base} is asked twice; what is gained in the scores of groundedness and sufficiency (95 % interval)."
    )
    return Table("Does the answer change?", note, columns, rows)


def _gain(gain: Gain | None) -> str:
    return "-" if gain is None else f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"


def _diverse(result: Result) -> Table | None:
    stores = [store for store in result.measured if store.diverse_ndcg]
    columns: list[Column] = [
        ("store", lambda store: result.short(store.name)),
        (f"nDCG@{result.k}", lambda store: estimate_text(store.ndcg)),
        ("with MMR", lambda store: _signed(store.diverse_ndcg)),
    ]
    note = (
        "Maximal marginal relevance takes passages that are unlike each other, with the framework's defaults: what that adds to nDCG "
        "(95 % interval). Below 0 it loses labelled passages."
    )
    return _table("Variety (MMR)", note, columns, stores) if stores else None


def _signed(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:+.3f} ({estimate.low or 0:+.3f} to {estimate.high or 0:+.3f})"


def _split(result: Result) -> Table | None:
    stores = [store for store in result.measured if store.split]

    def share(of: Callable[[StoreResult], int]) -> Callable[[StoreResult], str]:
        return lambda store: duration_text(of(store))

    columns: list[Column] = [
        ("store", lambda store: result.short(store.name)),
        ("store's client", share(lambda store: store.split.store_ns if store.split else 0)),
        ("framework", share(lambda store: store.split.framework_ns if store.split else 0)),
        ("embedding", share(lambda store: store.split.embedding_ns if store.split else 0)),
        ("framework's share", lambda store: _framework_share(store)),
    ]
    note = (
        "Where a search spends its time, in a pass of its own. Embedding is a look-up, unless the stores are your own."
    )
    return _table("Framework or store?", note, columns, stores) if stores else None


def _framework_share(store: StoreResult) -> str:
    whole = store.split.store_ns + store.split.framework_ns if store.split else 0
    return f"{store.split.framework_ns / whole:.0%}" if store.split and whole else ""


def _loads(result: Result) -> Table | None:
    stores = [store for store in result.measured if store.loads]
    if not stores:
        return None
    columns: list[Column] = [("store", lambda store: result.short(store.name))]
    for place, clients in enumerate(load.clients for load in stores[0].loads):
        columns.append(
            (f"queries/s ({clients})", lambda store, place=place: f"{store.loads[place].queries_per_s:,.0f}")
        )
        columns.append((f"p95 ms ({clients})", lambda store, place=place: _ms(store.loads[place].p95_ns / 1e6)))
    columns.append(("errors", lambda store: str(sum(load.errors for load in store.loads) or "")))
    note = "With so many clients at once: threads of one Python process that ask without pause for a second."
    return _table("Many clients", note, columns, stores)


def _ks(result: Result) -> Table | None:
    stores = [store for store in result.measured if store.by_k]
    if not stores:
        return None
    columns: list[Column] = [("store", lambda store: result.short(store.name))]
    for place, k in enumerate(row.k for row in stores[0].by_k):
        if result.corpus.labelled:
            columns.append((f"hit@{k}", lambda store, place=place: _share(store.by_k[place].hit)))
        else:
            columns.append((f"recall@{k}", lambda store, place=place: _share(store.by_k[place].recall)))
        columns.append((f"ms@{k}", lambda store, place=place: _ms(store.by_k[place].p50_ms)))
    note = "How many passages to retrieve: the share of queries with a labelled passage (hit), or recall, and the median time."
    return _table("Which k?", note, columns, stores)


def _filters(result: Result) -> Table | None:
    stores = [store for store in result.measured if store.filtered]
    if not stores:
        return None
    columns: list[Column] = [("store", lambda store: result.short(store.name))]
    for place, share in enumerate(row.share for row in stores[0].filtered):
        columns.append((f"recall ({share:.0%})", lambda store, place=place: _share(store.filtered[place].recall)))
        columns.append((f"p50 ms ({share:.0%})", lambda store, place=place: _ms(store.filtered[place].p50_ms)))
    note = "Searching only among the passages that a metadata filter lets through: so large a part of the corpus."
    return _table("Filters", note, columns, stores)


def _lifecycle(result: Result) -> Table | None:
    stores = [store for store in result.measured if store.lifecycle]

    def time(name: str) -> Callable[[StoreResult], str]:
        return lambda store: duration_text(getattr(store.lifecycle, name)) or "cannot"

    columns: list[Column] = [
        ("store", lambda store: result.short(store.name)),
        ("insert", time("insert_ns")),
        ("until found", time("searchable_ns")),
        ("update", time("update_ns")),
        ("delete", time("delete_ns")),
        ("gone after delete", lambda store: _yes(store.lifecycle.deleted_gone if store.lifecycle else None)),
        ("new text found", lambda store: _yes(store.lifecycle.update_seen if store.lifecycle else None)),
        ("search while writing", time("read_while_write_p50_ns")),
    ]
    note = "One passage at a time into the filled store. `until found`: from the begin of the insert until a search finds it."
    return _table("Documents that come and go", note, columns, stores) if stores else None


def _table(title: str, note: str, columns: Sequence[Column], stores: Sequence[StoreResult]) -> Table:
    filled = [(name, cells) for name, of in columns if any(cells := [of(store) for store in stores])]
    rows = zip(*(cells for _, cells in filled), strict=True)
    return Table(title, note, tuple(name for name, _ in filled), tuple(rows))


def estimate_text(estimate: Estimate | None) -> str:
    """A share of 0..1 with three digits."""
    return "" if estimate is None else f"{estimate.value:.3f}"


def _ms(value: float) -> str:
    return (
        f"{value:.3f}"
        if value < 1
        else f"{value:.2f}"
        if value < 10
        else f"{value:.1f}"
        if value < 100
        else f"{value:,.0f}"
    )


def _seconds(value: float) -> str:
    return duration_text(round(value * 1e9))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _yes(value: bool | None) -> str:
    return "cannot" if value is None else "yes" if value else "NO"


def left_out(result: Result) -> list[str]:
    """What was not measured, and what to type."""
    lines = [f"corpus: {note}" for note in result.corpus.notes]
    lines += [f"{result.short(store.name)}: {store.reason}" for store in result.stores if store.status == "missing"]
    lines += [f"{result.short(store.name)}: {note}" for store in result.measured for note in dict.fromkeys(store.notes)]
    return lines


def small_print(result: Result) -> list[str]:
    """What a reader has to know before trusting the figures."""
    about = result.machine
    machine = f"{about['system']}, {about['processor']}, {about['cores']} cores, load {about['load']}, Python {about['python']}"
    cost = f"Our clock adds {result.own_cost_us:.2f} us to a search; it is subtracted."
    lines = [f"Measured {result.made} on {machine}. {cost}"]
    if result.control is not None and result.control.times.low is not None and result.control.times.high is not None:
        times = result.control.times
        lines.append(
            f"A/A control: {result.short(result.control.name)}, measured twice under two names, took {times.value:.2f} times as long the "
            f"second time ({times.low:.2f} to {times.high:.2f}). What differs by less than that is noise."
        )
    if result.order_tau is not None:
        lines.append(
            f"The order by speed is the same in each repeat to a Kendall tau of {result.order_tau:.2f} (1: identical)."
        )
    return lines
