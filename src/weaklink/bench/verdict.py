"""The result in words that need no table: who finds everything, who is fast, and what cannot be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from weaklink.bench.answers import EXTRACTIVE
from weaklink.bench.result import Difference, Estimate, Result, StoreResult

_FINDS_ALL = 0.99
_USABLE = 0.9
_SHOWN = 5
_LOOKS_SLOWER = 2.0
_WITH_WORDS = {"lexical": "word matching (BM25)", "hybrid": "both together (hybrid)"}
_NOBODY_NOTICES_MS = 20
"""Beside a model that answers in hundreds of milliseconds."""


def verdict_of(result: Result) -> Iterator[str]:
    """Sentences, the most important first."""
    yield from _problems(result)
    stores = [store for store in result.measured if store.latency]
    vector = [store for store in stores if store.recall is not None]
    if not vector:
        yield "No vector store could be measured, so there is nothing to compare."
        return
    yield from _quality(result, vector)
    yield from _filters(result, vector)
    yield from _speed(result, vector)
    yield from _sweeps(result, vector)
    yield from _labels(result, stores)
    yield from _size(result, vector)
    yield from _answers(result)
    yield from _trust(result)


def _problems(result: Result) -> Iterator[str]:
    for store in result.stores:
        if store.status == "invalid":
            yield f"INVALID: {result.short(store.name)}: {store.reason}."
        elif store.status == "failed":
            yield f"FAILED: {result.short(store.name)}: {store.reason.splitlines()[-1][:300]}."


def _quality(result: Result, stores: Sequence[StoreResult]) -> Iterator[str]:
    if result.k >= result.corpus.passages:
        yield (
            f"Quality: nothing can be said. The corpus has {result.corpus.passages} passages and each search returns {result.k}, which is "
            "all of them: take more text, or a smaller -k."
        )
        return
    rest = sorted((store for store in stores if _recall(store) < _FINDS_ALL), key=_recall)
    if not rest:
        who, each = ("all find", " by each") if len(stores) > 1 else (f"{result.short(stores[0].name)} finds", "")
        yield f"Quality: {who} the same {result.k} passages as an exact search. Your chain is given the same{each}."
        return
    missed = ", ".join(f"{result.short(store.name)} {_recall(store):.0%}" for store in rest[:_SHOWN])
    yield (
        f"Quality: not all find the {result.k} passages that an exact search finds. Of these, {missed}{_more(rest)}; "
        "the others find (nearly) all."
    )
    worst = rest[0]
    if worst.inverse_ratio and worst.inverse_ratio.value > 0.97:
        near = worst.inverse_ratio.value
        yield f"What {result.short(worst.name)} finds in their place is nearly as near (1/ratio {near:.3f})."


def _filters(result: Result, stores: Sequence[StoreResult]) -> Iterator[str]:
    worst = (
        (min(store.filtered, key=lambda at: 2 if at.recall is None else at.recall), store)
        for store in stores
        if store.filtered
    )
    poor = [(at, store) for at, store in worst if at.recall is not None and at.recall < _USABLE]
    if poor:
        lines = (f"{result.short(store.name)} {at.recall:.0%}" for at, store in poor)
        narrow = _listed([f"{share:.0%}" for share in sorted({at.share for at, _ in poor})])
        yield (
            f"Filters: where a metadata filter lets only {narrow} of the passages through, these find a part of what they should: "
            f"{', '.join(lines)}."
        )


def _recall(store: StoreResult) -> float:
    return store.recall.value if store.recall else 0.0


def _ms(store: StoreResult) -> float:
    return store.latency.p50_ms if store.latency else 0.0


def _speed(result: Result, stores: Sequence[StoreResult]) -> Iterator[str]:
    usable = sorted((store for store in stores if _recall(store) >= _USABLE and store.name != "exact"), key=_ms)
    if len(usable) < 2:
        return
    fastest, names = usable[0], {store.name for store in usable}
    text = f"Speed: {result.short(fastest.name)} is the fastest"
    text += (
        f", with {_ms(fastest):.2g} ms per search"
        if _all_usable(usable, stores)
        else (f" that finds at least {_USABLE:.0%}, with {_ms(fastest):.2g} ms per search")
    )
    if result.repeats < 2:
        yield f"{text}. With one repeat nobody can say whether the others differ: use --repeats 3."
        return
    pairs = [pair for pair in result.differences if pair.faster == fastest.name and pair.slower in names]
    if alike := [pair for pair in pairs if not pair.is_measurable]:
        names_alike = _listed([result.short(pair.slower) for pair in alike])
        text += f"; between it and {names_alike} there is no difference that you can measure here"
        if any(pair.times.value >= _LOOKS_SLOWER for pair in alike):
            text += ", though a quieter machine or more --repeats could show one"
    yield text + "."
    if slower := [pair for pair in pairs if pair.is_measurable]:
        yield f"The others take longer: {', '.join(_times(result, pair) for pair in slower[:_SHOWN])}{_more(slower)}."


def _all_usable(usable: Sequence[StoreResult], stores: Sequence[StoreResult]) -> bool:
    return len(usable) == sum(store.name != "exact" for store in stores)


def _times(result: Result, pair: Difference) -> str:
    return (
        f"{result.short(pair.slower)} {pair.times.value:.1f}x ({pair.times.low or 0:.1f} to {pair.times.high or 0:.1f})"
    )


def _more(things: Sequence[object]) -> str:
    return f", and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sweeps(result: Result, stores: Sequence[StoreResult]) -> Iterator[str]:
    """Where one index was tried with several parameters: the fastest that finds enough."""
    families: dict[str, list[StoreResult]] = {}
    for store in stores:
        families.setdefault(store.name.partition(" ")[0], []).append(store)
    for name, tried in families.items():
        if len(tried) < 2:
            continue
        best = max(tried, key=_recall)
        enough = [store for store in tried if _recall(store) >= min(_FINDS_ALL, _recall(best))]
        chosen = min(enough, key=_ms)
        yield (
            f"Parameters: of {len(tried)} settings of {result.short(name)}, {chosen.name.partition(' ')[2]} is the fastest that finds "
            f"{_recall(chosen):.0%}, with {_ms(chosen):.2g} ms."
        )


def _labels(result: Result, stores: Sequence[StoreResult]) -> Iterator[str]:
    vectors = max((store.ndcg.value for store in stores if store.recall and store.ndcg), default=None)
    others = {kind: store for kind in _WITH_WORDS for store in stores if store.kind == kind and store.ndcg}
    if vectors is None or not others:
        return
    figures = [f"{vectors:.2f} for vectors"]
    figures += [f"{store.ndcg.value:.2f} for {_WITH_WORDS[kind]}" for kind, store in others.items() if store.ndcg]
    made = (
        " But the queries are made of the passages' own words, which favours word matching."
        if result.corpus.origin == "corpus"
        else ""
    )
    gains = {kind: store.ndcg_gain for kind, store in others.items() if store.ndcg_gain}
    yield f"Labels: nDCG@{result.k} {_listed(figures)}: {_gained(gains, result.corpus.labelled)}.{made}"


def _gained(gains: Mapping[str, Estimate], labelled: int) -> str:
    better = [kind for kind, gain in gains.items() if (gain.low or 0) > 0]
    if better:
        kind = max(better, key=lambda kind: gains[kind].value)
        gain = gains[kind]
        return (
            f"{_WITH_WORDS[kind]} gains {gain.value:.2f} ({gain.low or 0:.2f} to {gain.high or 0:.2f}), "
            "more than another store can"
        )
    if gains and all((gain.high or 0) < 0 for gain in gains.values()):
        return "the vectors earn their keep"
    return f"no gain that these {labelled} queries can show"


def _answers(result: Result) -> Iterator[str]:
    """What the stores change in the answers of a chain, those that change nothing in one sentence."""
    said = f"Answers{' (the best sentence of what is found, without a model)' if result.chain == EXTRACTIVE else ''}"
    same = [effect for effect in result.answers if effect.is_none]
    if same:
        names = _listed([result.short(effect.store) for effect in same])
        yield f"{said}: with {names} no answer is another than with {result.short(same[0].baseline)}."
    yield from (f"{said}: {effect.named(result.short)}." for effect in result.answers if not effect.is_none)


def _size(result: Result, stores: Sequence[StoreResult]) -> Iterator[str]:
    slowest = max(_ms(store) for store in stores)
    embedding = result.corpus.embedding_ms
    if slowest < _NOBODY_NOTICES_MS:
        yield (
            f"At this size ({result.corpus.passages:,} passages) even the slowest answers in {slowest:.2g} ms: choose by what you like "
            "to run, not by speed."
        )
    if embedding is not None and embedding > slowest / 10:
        yield f"Embedding a question takes {embedding:.2g} ms on top of each search."


def _trust(result: Result) -> Iterator[str]:
    if result.control is not None and result.control.noise > 1.25:
        yield (
            f"Careful: {result.short(result.control.name)}, measured twice, differed from itself by {result.control.noise - 1:.0%}. The "
            "machine is busy; smaller differences are not called differences here."
        )
