"""`weaklink.bench.compare`: stores, a corpus, questions in; a result out."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from weaklink import __version__
from weaklink.bench.alone import alone_in
from weaklink.bench.answers import EXTRACTIVE, AnswerEffect, Chain, answer_effects, chain_named, effects_of
from weaklink.bench.corpus import UnusableCorpus, load_corpus
from weaklink.bench.data import Query, Value
from weaklink.bench.labels import Labelled, with_labels
from weaklink.bench.measure import Task
from weaklink.bench.named import UnusableCode
from weaklink.bench.own import Own, adapt, measured, passages_of
from weaklink.bench.queries import load_queries, make_queries
from weaklink.bench.recipes import UnknownStore, check_urls, choose
from weaklink.bench.result import Corpus, Result, StoreResult
from weaklink.bench.run import AGAIN, Measure, Run
from weaklink.bench.session import Progress, Session
from weaklink.bench.statistics import percentile
from weaklink.bench.summary import (
    Judge,
    control_of,
    differences_of,
    order_tau,
    speeds_of,
    summarise,
    with_front,
    with_queries,
)
from weaklink.bench.vectors import DEFAULT, Vectors, as_embedder, embed_all
from weaklink.bench.verdict import verdict_of
from weaklink.bench.workload import Workload

FOLDER = Path(".weaklink") / "bench"
BASIC: frozenset[Measure] = frozenset({"split", "cold"})
FULL: frozenset[Measure] = frozenset({"split", "cold", "clients", "lifecycle", "filters", "k", "mmr"})


def compare(
    stores: str | Sequence[str] | Mapping[str, Any] = "all",
    corpus: str | Path | Iterable[Any] | None = None,
    queries: str | Path | Iterable[Any] | None = None,
    *,
    framework: str | None = None,
    embedder: Any = None,
    k: int = 10,
    repeats: int = 3,
    rounds: int = 3,
    full: bool = False,
    sweep: bool = False,
    settings: Mapping[str, Mapping[str, Sequence[Value]]] | None = None,
    urls: Mapping[str, str] | None = None,
    chain: Chain | str | None = None,
    limit_s: float = 600,
    seed: int = 0,
    folder: str | Path = FOLDER,
    progress: Progress = lambda step: None,
    is_time_up: Callable[[], bool] = lambda: False,
) -> Result:
    """Compare vector stores on your corpus and your questions.

    `stores` are names of recipes ("chroma", "llama_index.qdrant", "all"), or stores, indexes and retrievers of LangChain and
    LlamaIndex that you have already, under names of your own. `corpus` is a folder of text files, a JSONL file, or texts and
    documents; where your own store can be read out, it is not needed. `queries` are a file or questions, and made from the
    corpus where it is None. `embedder` is a name or any LangChain or LlamaIndex embedder (your own store's, where it is
    known); each text is embedded once and kept under `folder`.

    Recipes are opened and filled `repeats` times, each in a process of its own, and asked each query `rounds` times. `full`
    adds clients, writing, filters, k and MMR, `sweep` the parameters that recipes name; `settings` are values of parameters
    by store. An interrupted comparison goes on where it was when it is started again with the same arguments. Your own stores
    are asked in this process, and nothing is put in or taken out; what embedding takes is then in the time of a search. With a
    `chain` (a function of a store and a question that returns the answer and the passages that it went by), the result also
    says on how many questions the answer changes with the store, and whether it is better grounded. For recipes, which have
    processes of their own, it is named as "module:function", or is "extractive": the best sentence of what is found, without a
    model. `is_time_up` is asked before each process: once it says so, the result is of what was measured until then, and the
    same comparison goes on from there another time.

    Raises WeaklinkError where corpus, queries, embedder or stores cannot be used. A store that fails is in the result.
    """
    embedder_name = _checked(chain, stores, embedder)
    own = {name: adapt(name, given) for name, given in stores.items()} if isinstance(stores, Mapping) else {}
    passages, left_out = load_corpus(_corpus_or_read(corpus, list(own.values())))
    asked, unknown = (
        Labelled(make_queries(passages, seed=seed), ())
        if queries is None
        else with_labels(load_queries(queries), passages)
    )
    names = [] if isinstance(stores, Mapping) else [stores] if isinstance(stores, str) else list(stores)
    if not own and not names:
        raise UnknownStore(
            "no store is named; name some, such as chroma,faiss, or all (weaklink bench --list shows them)"
        )
    chosen = choose(names, framework, settings or {}, sweep=sweep)
    check_urls(urls or {}, chosen)
    place = Path(folder)
    with alone_in(place):
        used = embedder or next((each.embedder for each in own.values() if each.embedder is not None), None)
        vectors = embed_all(as_embedder(used), [p.text for p in passages], [q.text for q in asked], place / "vectors")
        workload = Workload.of(passages, asked, vectors)
        task = Task(k=min(k, len(passages)), rounds=rounds, seed=seed, measures=FULL if full else BASIC)
        if isinstance(chain, str):
            task = replace(task, chain=chain, measures=task.measures | {"answers"})
        session = Session(place / "unfinished", workload, chosen, task, repeats, embedder_name)
        runs = [*measured(own, workload, task, repeats), *session.run(urls or {}, limit_s, progress, is_time_up)]
        source = str(corpus) if isinstance(corpus, str | Path) else "given"
        effects = (
            answer_effects(chain, stores, workload.questions, seed=seed)
            if isinstance(stores, Mapping) and len(stores) > 1 and callable(chain)
            else None
        )
        result = result_of(runs, workload, vectors, task, repeats, source, effects)
        save_rows(place / "rows.jsonl", runs, workload, task.k)
        if session.is_done:
            session.finish()
    notes = (*left_out, *unknown)
    return result.model_copy(update={"corpus": result.corpus.model_copy(update={"notes": notes})})


def _checked(chain: Chain | str | None, stores: object, embedder: object) -> str:
    """The embedder's name, where a chain may need it in another process; raises what is wrong with the chain."""
    if chain is None or (callable(chain) and isinstance(stores, Mapping)):
        return ""
    if not isinstance(chain, str):
        raise UnusableCode(
            'stores that are named run in processes of their own: name the chain too, chain="module:function"'
        )
    if isinstance(stores, Mapping):
        raise UnusableCode("for stores of your own, give the chain itself: chain=function")
    chain_named(chain)
    if chain == EXTRACTIVE:
        return ""
    if not isinstance(embedder, str | None):
        raise UnusableCode(
            "a chain may search for other texts than the questions, and its process has to embed them: name the embedder, "
            'embedder="module:attribute"'
        )
    return embedder or DEFAULT


def _effects(by_store: Mapping[str, Sequence[Run]], queries: Sequence[Query]) -> list[AnswerEffect]:
    """What the runs say of answers, against the store that was asked twice."""
    asked = {name: runs[0].answers for name, runs in by_store.items() if runs[0].answers}
    again = next((name for name in asked if name.endswith(AGAIN)), "")
    first = again.removesuffix(AGAIN)
    if first not in asked:
        return []
    others = {name: answers for name, answers in asked.items() if name not in (first, again)}
    return effects_of({first: asked[first], **others}, asked[again], queries)


def _corpus_or_read(corpus: str | Path | Iterable[Any] | None, own: Sequence[Own]) -> str | Path | Iterable[Any]:
    if corpus is not None:
        return corpus
    if found := passages_of(own):
        return found
    raise UnusableCorpus(
        "no corpus is given, and none of the stores can be read out; name a folder with text files, or give the texts: corpus=..."
    )


def result_of(
    runs: Sequence[Run], workload: Workload, vectors: Vectors, task: Task, repeats: int, source: str,
    effects: Sequence[AnswerEffect] | None = None,
) -> Result:  # fmt: skip
    """The figures of all runs, with the verdict; `effects` on answers, where they are not in the runs."""
    by_store: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.repeat):
        by_store.setdefault(run.store, []).append(run)
    judge = Judge(workload, task.k)
    summaries = {name: summarise(name, of_store, judge) for name, of_store in by_store.items()}
    speeds = speeds_of(summaries.values())
    control = control_of(summaries, speeds)
    stores = with_front([store for name, store in summaries.items() if not name.endswith(AGAIN)])
    stores = with_queries(stores, {name: of_store[0].found for name, of_store in by_store.items()}, judge)
    valid = [store for store in stores if store.status == "ok"]
    complete = min([repeats, *(store.repeats for store in valid)])
    costs = [run.own_cost_ns for run in runs if run.own_cost_ns]
    result = Result(
        made=datetime.now(UTC).isoformat(timespec="seconds"), version=__version__, machine=this_machine(),
        corpus=_corpus(workload, vectors, source), k=task.k, repeats=complete, rounds=task.rounds,
        own_cost_us=percentile(costs, 0.5) / 1e3 if costs else 0.0, stores=tuple(sorted(stores, key=_place_in_table)),
        differences=tuple(differences_of(valid, speeds, control.noise if control else 1.0)), control=control, order_tau=order_tau(valid),
        chain=task.chain or ("given" if effects else ""),
        answers=tuple(_effects(by_store, workload.queries) if effects is None else effects),
    )  # fmt: skip
    return result.model_copy(update={"verdict": tuple(verdict_of(result))})


def _place_in_table(store: StoreResult) -> tuple[int, float]:
    order = ("ok", "invalid", "failed", "missing")
    return order.index(store.status), store.latency.p50_ms if store.latency else 0.0


def _corpus(workload: Workload, vectors: Vectors, source: str) -> Corpus:
    queries = workload.queries
    return Corpus(
        source=source, passages=len(workload.passages), characters=sum(len(p.text) for p in workload.passages),
        queries=len(queries), asked=sum(q.count for q in queries), origin=queries[0].origin,
        labelled=sum(bool(q.relevant) for q in queries), embedder=vectors.embedder, dimensions=workload.dimensions,
        embedding_ms=percentile(vectors.query_ns, 0.5) / 1e6 if vectors.query_ns else None,
    )  # fmt: skip


def this_machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "",
        "python": platform.python_version(),
    }


def save_rows(path: Path, runs: Sequence[Run], workload: Workload, k: int) -> None:
    """A line for each store, repeat and query: time, what was found, how good it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    judge = Judge(workload, k)
    with path.open("w", encoding="utf-8") as file:
        for run in runs:
            if run.status == "ok":
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(run, judge))


def _rows(run: Run, judge: Judge) -> Iterator[dict[str, Any]]:
    times: dict[int, list[int]] = {}
    for number, taken in zip(run.queries, run.latency_ns, strict=True):
        times.setdefault(number, []).append(taken)
    for number, quality in enumerate(judge.rows(run.found, run.kind)):
        query: Query = judge.workload.queries[number]
        answer = run.answers[number].model_dump() if run.answers else None
        yield {
            "store": run.store, "repeat": run.repeat, "query": query.id, "question": query.text, "traces": list(query.traces),
            "latency_us": [round(taken / 1e3, 1) for taken in times[number]], "found": list(run.found[number]),
            "answer": answer, **quality._asdict(),
        }  # fmt: skip
