"""`python -m benchmarks.diagnosis`: makes the traces, scores and diagnoses them, and writes results.md beside this file."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.diagnosis import classes, make, natural, report
from benchmarks.diagnosis.make import Case
from benchmarks.diagnosis.measure import Result, Suspected, judged, milliseconds, rates, scored, suspected, using
from benchmarks.diagnosis.questions import DEFAULT_DATA, Corpus, load, own_words
from benchmarks.diagnosis.smollm import CLOSED_BOOK, SmolLM
from weaklink.diagnosis.probabilities import fitted
from weaklink.model import Trace

_FREE_PER_OPERATOR = 4
WORK = Path(tempfile.gettempdir()) / "weaklink-benchmark-diagnosis"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("measure", "fit", "record", "docs"), default="measure",
        help="measure (default); fit: fit the probabilities anew first; record: ask the real model what is not recorded yet; "
        "docs: write the page on failure classes",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, default=DEFAULT_DATA, help="folder of the development data (default: %(default)s)"
    )
    parser.add_argument(
        "--work", type=Path, default=WORK, help="where traces and scores are kept (default: %(default)s)"
    )
    parser.add_argument("--per-operator", type=int, default=8, help="traces of each operator (default: %(default)s)")
    parser.add_argument(
        "--natural",
        type=int,
        default=natural.RECORDED,
        help="record: questions in a set-up for the failures that nobody injected (default: %(default)s)",
    )
    given = parser.parse_args()
    if given.what == "record":
        record(given.data, given.natural)
        return
    if not (given.work / "traces.jsonl").is_file():
        make.make(load(given.data), given.work, given.per_operator)
    found = scored(make.read(given.work), given.work)
    if given.what == "docs":
        classes.PAGE.parent.mkdir(exist_ok=True)
        classes.PAGE.write_text(classes.page(found), encoding="utf-8")
        return
    raw = suspected(found)
    corpora = load(given.data)
    free = suspected(scored(freely_answered(corpora, given.work / "own-words"), given.work / "own-words"))
    with SmolLM() as model:
        broke = suspected(scored(natural.made(corpora, model, given.work / "natural"), given.work / "natural"))
    if given.what == "fit":
        from benchmarks.diagnosis import fit

        seen = [item for item in (*raw, *free, *broke) if not item.case.unseen]
        fit.write(fit.fit(seen), seen)
        fitted.cache_clear()
        print(f"fitted on {len(seen)} traces: {fit.WEIGHTS}")
    results = judged(raw)
    left_out = without_their_pipeline(raw, (*free, *broke))
    text = report.page(results, found, left_out, judged(free), natural_rates(broke), milliseconds(found))
    (report.HERE / "results.md").write_text(text, encoding="utf-8")
    apart = [result for result in results if result.case.unseen and report.is_injected(result)]
    (report.HERE / "reliability.svg").write_text(report.reliability(apart), encoding="utf-8")
    (report.HERE / "risk_coverage.svg").write_text(report.risk_coverage(apart), encoding="utf-8")
    print(rates(apart))


def freely_answered(corpora: Sequence[Corpus], folder: Path) -> list[tuple[Case, Trace]]:
    """Traces over the questions that are answered in a model's own words, made unless `folder` has them."""
    if not (folder / "traces.jsonl").is_file():
        make.make([own_words()], folder, _FREE_PER_OPERATOR, beside=corpora)
    return make.read(folder)


def natural_rates(broke: Sequence[Suspected]) -> dict[str, natural.NaturalRates]:
    """Of the failures that nobody injected: the questions used for fitting, and those kept apart."""
    judgements = [(item.case, item.trace, result) for item, result in zip(broke, judged(broke), strict=True)]
    groups = {"used for fitting": False, "kept apart": True}
    return {
        name: natural.measure([row for row in judgements if row[0].unseen == unseen]) for name, unseen in groups.items()
    }


def without_their_pipeline(raw: Sequence[Suspected], others: Sequence[Suspected]) -> list[Result]:
    """Those of `raw` that are kept apart, each judged by weights that were fitted without any trace of its pipeline."""
    try:
        from benchmarks.diagnosis import fit
    except SystemExit:
        return []
    results: list[Result] = []
    pipelines = sorted({(item.case.framework, item.case.pipeline) for item in raw if item.case.pipeline != "log"})
    for pipeline in pipelines:
        seen = [i for i in (*raw, *others) if not i.case.unseen and (i.case.framework, i.case.pipeline) != pipeline]
        apart = [i for i in raw if i.case.unseen and (i.case.framework, i.case.pipeline) == pipeline]
        with using(fit.fit(seen)):
            results += judged(apart)
    return results


def record(data: Path, most: int) -> None:
    """Asks the real model for all answers that are not recorded yet; takes its time."""
    with SmolLM(live=True) as model:
        model.record([CLOSED_BOOK.format(question=q.text) for corpus in load(data) for q in corpus.questions])
        print(sum(1 for _ in natural.traces(load(data), model, most)), "traces")


if __name__ == "__main__":
    main()
