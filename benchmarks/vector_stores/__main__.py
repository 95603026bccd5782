"""Our own run, over every store that is installed: python -m benchmarks.vector_stores [--only cranfield,clapnq,clustered].

Writes results.md and, for each corpus, an HTML report and the figures as JSON beside it. It can be stopped at any time, and
goes on from there; with --minutes it stops by itself and writes what it has, with --minutes 0 at once. A corpus that is done
stays done until its folder under .weaklink/bench is removed. Cranfield and ClapNQ are read from ../shared/data or from the
folder that --data names; the vectors of `clustered` are made here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from weaklink.bench import Passage, Query, Result, compare, load_result
from weaklink.bench.exact import unit
from weaklink.bench.report import writer_for
from weaklink.bench.session import NOT_REACHED, Step
from weaklink.bench.show import as_markdown

HERE = Path(__file__).parent
DATA = Path("../shared/data")
FAST = ["exact", "hnswlib", "faiss", "usearch", "sqlite-vec", "lancedb", "chroma", "llama_index.faiss-hnsw"]
"""What is filled with 100,000 vectors in minutes."""
EFS = [16, 32, 64, 128, 256]
DIMENSIONS = 128


class Input(NamedTuple):
    """The arguments of one comparison."""

    stores: Sequence[str]
    corpus: list[Passage]
    queries: list[Query]
    more: dict[str, Any]


def cranfield(data: Path) -> Input:
    """1,400 abstracts on aeronautics and 113 questions with labels by experts."""
    passages = [Passage(id=row["id"], text=row["text"]) for row in rows(data / "relevance" / "cranfield_docs.jsonl")]
    queries = [
        Query(id=row["id"], text=row["question"], relevant=row["relevant"])
        for row in rows(data / "relevance" / "cranfield_queries.jsonl")
    ]
    return Input(["all"], passages, queries, {"framework": "all"})


def clapnq(data: Path) -> Input:
    """Passages of Wikipedia; the label of an answerable question is the passage that holds its answer."""
    found = list(rows(data / "relevance" / "clapnq.jsonl"))
    passages = [Passage(id=row["id"], text=row["passage"]) for row in found]
    queries = [
        Query(id=row["id"], text=row["question"], relevant_texts=(row["passage"],))
        for row in found
        if row["answerable"]
    ]
    return Input(["all"], passages, queries, {"framework": "all"})


def clustered(data: Path, count: int = 100_000, asked: int = 200) -> Input:
    """Vectors in clusters, as embeddings of texts are; independent Gaussian ones have no near neighbours to find."""
    random = np.random.default_rng(0)
    centres = random.standard_normal((count // 50, DIMENSIONS))
    rows = centres[random.integers(0, len(centres), count + asked)] + 0.7 * random.standard_normal(
        (count + asked, DIMENSIONS)
    )
    vectors = unit(rows.astype(np.float32))

    def embed(texts: Sequence[str]) -> Any:
        numbers = [text.rpartition(" ")[2] for text in texts]
        return vectors[[int(number) if number.isdecimal() else 0 for number in numbers]]

    passages = [Passage(id=f"p{number}", text=f"passage {number}") for number in range(count)]
    queries = [Query(id=f"q{number}", text=f"question {count + number}") for number in range(asked)]
    sweeps = {"hnswlib": {"ef": EFS}, "faiss-hnsw": {"ef": EFS}, "faiss-ivf": {"probes": [2, 8, 32]}}
    return Input(FAST, passages, queries, {"embedder": embed, "settings": sweeps})


CORPORA: dict[str, Callable[[Path], Input]] = {"cranfield": cranfield, "clapnq": clapnq, "clustered": clustered}


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def measure(
    name: str,
    data: Path,
    stores: Sequence[str],
    repeats: int,
    rounds: int,
    folder: Path,
    is_time_up: Callable[[], bool],
) -> Result:
    """One comparison, interrupted at any time and continued when it is started again."""
    done = folder / name / "result.json"
    if done.exists():
        return load_result(done)
    given = CORPORA[name](data)
    result = compare(
        stores or given.stores,
        given.corpus,
        given.queries,
        repeats=repeats,
        rounds=rounds,
        folder=folder / name,
        progress=show,
        limit_s=600,
        is_time_up=is_time_up,
        **given.more,
    )
    result = result.model_copy(update={"corpus": result.corpus.model_copy(update={"source": name})})
    if not not_reached(result) and result.repeats == repeats:
        done.write_text(result.model_dump_json(), "utf-8")
    return result


def not_reached(result: Result) -> bool:
    """Time was up before every store had its turn."""
    return any(store.reason == NOT_REACHED for store in result.stores)


def show(step: Step) -> None:
    """How far it is."""
    print(f"{step.done}/{step.of} {step.store}", file=sys.stderr, flush=True)


def main() -> int:
    """Measures, writes; returns the exit code."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.vector_stores", description=__doc__.splitlines()[0])
    options.add_argument("--only", default=",".join(CORPORA), help="of " + ", ".join(CORPORA))
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument(
        "--stores", default="", help="with spaces between; by default all, and for clustered the fast ones"
    )
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, default=Path(".weaklink") / "bench")
    options.add_argument("--out", type=Path, default=HERE)
    options.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing after so long, and write")
    given = options.parse_args()
    wanted = given.only.split(",")
    if unknown := [name for name in wanted if name not in CORPORA]:
        options.error(f"there is no corpus {unknown[0]!r}; there are {', '.join(CORPORA)}")
    if {"cranfield", "clapnq"} & {*wanted} and not (given.data / "relevance").is_dir():
        options.error(f"{given.data / 'relevance'} is missing; name the folder with --data, or use --only clustered")
    end = time.monotonic() + 60 * given.minutes
    for name in wanted:
        result = measure(
            name,
            given.data,
            given.stores.split(),
            given.repeats,
            given.rounds,
            given.folder,
            lambda: time.monotonic() >= end,
        )
        # What was begun only just does not replace what was measured in full before.
        if not_reached(result) and (given.out / f"{name}.json").exists():
            continue
        if result.measured:
            for form in (".json", ".html"):
                writer_for(f"x{form}")(result, given.out / f"{name}{form}")
    found = [load_result(path) for name in CORPORA if (path := given.out / f"{name}.json").exists()]
    parts = [
        as_markdown(result).replace("# Vector stores compared", f"# {result.corpus.source}", 1) for result in found
    ]
    (given.out / "results.md").write_text("\n".join(parts), "utf-8")
    return int(any(store.status in ("failed", "invalid") for result in found for store in result.stores))


if __name__ == "__main__":
    sys.exit(main())
