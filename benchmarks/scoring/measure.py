"""Prints how good the offline scorers are, beside trivial baselines: python benchmarks/scoring/measure.py --data DIR.

Groundedness and sufficiency are judged out of fold (5 folds, all answers to one source on one side); the shipped models
are fitted on all rows. Nothing here is a held-out figure: features and settings were chosen on the same data.
"""

import argparse
import platform
from collections import defaultdict
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import claims
import data as development
import fit_groundedness
import fit_sufficiency
import numpy as np
from fitting import auroc, best_threshold, calibration_error, f1, fit_signed, grouped_folds

from weaklink.scoring.question import bm25, frequencies, read_question
from weaklink.scoring.relevance import relevance
from weaklink.scoring.sufficiency import SUFFICIENCY_FEATURES, sufficiency_features

TASKS = ("qa", "summary", "data2txt", "all")
NOVEL = claims.NAMES.index("novel_count")


markdown: list[str] = []
"""What `--markdown` writes: the same tables."""


def table(title: str, head: list[str], lines: list[list[str]]) -> None:
    print(f"\n{title}")
    rows = [head, ["---"] * len(head), *lines]
    markdown.extend(["", f"## {title}", "", *(f"| {' | '.join(row)} |" for row in rows)])
    widths = [max(len(line[place]) for line in [head, *lines]) for place in range(len(head))]
    for line in [head, *lines]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def within_models(labels: np.ndarray, scores: np.ndarray, models: np.ndarray) -> float:
    """Mean AUROC over the generating models."""
    return float(np.nanmean([auroc(labels[models == model], scores[models == model]) for model in sorted(set(models))]))


def task_cells(labels: np.ndarray, scores: np.ndarray, tasks: np.ndarray, folds: list) -> list[str]:
    """AUROC and F1 per task; the F1 threshold comes from the other folds."""
    cells = []
    for task in TASKS:
        mask = (tasks == task) | (task == "all")
        flagged = np.zeros(len(labels))
        for train, test in folds:
            known = train[mask[train]]
            flagged[test] = scores[test] >= best_threshold(labels[known], scores[known])
        cells.append(f"{auroc(labels[mask], scores[mask]):.3f} / {f1(labels[mask], flagged[mask]):.3f}")
    return cells


def groundedness(folder: Path) -> None:
    rows, matched = claims.ragtruth_sentences(folder), claims.matched_sentences(folder)
    risk = fit_groundedness.out_of_fold(rows, matched, shift=False)
    sentence_rows(rows, risk)
    answer_rows(rows, risk)
    bump(folder, rows, matched)


def sentence_rows(rows: list[claims.Sentence], risk: np.ndarray) -> None:
    labels = np.array([float(row.marked) for row in rows])
    tasks = np.array([row.task for row in rows])
    words = np.array([float(row.words) for row in rows])
    novel = np.array([row.features[NOVEL] for row in rows]) / np.maximum(words, 1)
    folds = list(grouped_folds([row.group for row in rows]))
    table(
        f"groundedness, sentences: AUROC / F1 (n={len(rows)}, {labels.mean():.3f} marked; "
        f"ECE {calibration_error(labels, risk):.3f})",
        ["scorer", *TASKS],
        [
            ["always unsupported", *(f".500 / {always(labels, tasks, task):.3f}" for task in TASKS)],
            ["sentence length", *task_cells(labels, words, tasks, folds)],
            ["novel word share", *task_cells(labels, novel, tasks, folds)],
            ["weaklink groundedness", *task_cells(labels, risk, tasks, folds)],
        ],
    )


def always(labels: np.ndarray, tasks: np.ndarray, task: str) -> float:
    mask = (tasks == task) | (task == "all")
    return f1(labels[mask], np.ones(mask.sum()))


def answer_rows(rows: list[claims.Sentence], risk: np.ndarray) -> None:
    odds, labels = fit_groundedness.answers_of(rows, risk)
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row.answer)]
    tasks = np.array([group[0].task for group in grouped])
    models = np.array([group[0].model for group in grouped])
    length = np.array([float(sum(row.words for row in group)) for group in grouped])
    novel = np.array([sum(row.features[NOVEL] for row in group) for group in grouped]) / np.maximum(length, 1)
    folds = list(grouped_folds([group[0].group for group in grouped]))
    calibrated = np.zeros(len(odds))
    for train, test in folds:
        slope, offset = fit_signed(odds[train, None], labels[train], [1], penalty=0.1)
        calibrated[test] = 1 / (1 + np.exp(-(odds[test] * slope[0] + offset)))
    table(
        f"groundedness, answers: AUROC / F1 (n={len(labels)}, {labels.mean():.3f} with a mark; "
        f"ECE {calibration_error(labels, calibrated):.3f})",
        ["scorer", *TASKS],
        [
            ["always unsupported", *(f".500 / {always(labels, tasks, task):.3f}" for task in TASKS)],
            ["answer length", *task_cells(labels, length, tasks, folds)],
            ["novel word share", *task_cells(labels, novel, tasks, folds)],
            ["weaklink groundedness", *task_cells(labels, odds, tasks, folds)],
        ],
    )

    def cells(scores: np.ndarray) -> list[str]:
        return [f"{within_models(labels[tasks == t], scores[tasks == t], models[tasks == t]):.3f}" for t in TASKS[:3]]

    table(
        "groundedness, answers: mean AUROC within one generating model",
        ["scorer", *TASKS[:3]],
        [
            ["answer length", *cells(length)],
            ["novel word share", *cells(novel)],
            ["weaklink groundedness", *cells(odds)],
        ],
    )


def bump(folder: Path, rows: list[claims.Sentence], matched: list[claims.Sentence]) -> None:
    """Which of two versions is worse: mean log odds over sentences.

    The model never saw BUMP.
    """
    weights, intercept = fit_groundedness.fit(rows, matched)
    hits: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for pair in development.bump(folder):
        sides = [
            claims.sentences_of(0, pair.article, "bump", "", text, (pair.context,), "", False)
            for text in (pair.faithful, pair.unfaithful)
        ]
        scores = [
            {
                "text length": sum(row.words for row in side),
                "novel word share": sum(row.features[NOVEL] for row in side) / max(sum(row.words for row in side), 1),
                "weaklink groundedness": mean_log_odds(fit_groundedness.risks(side, weights, intercept)),
            }
            for side in sides
        ]
        for name in scores[0]:
            gap = scores[1][name] - scores[0][name]
            for kind in (pair.error, "all"):
                hits[name][kind].append(1.0 if gap > 0 else 0.5 if gap == 0 else 0.0)
    kinds = sorted(hits["text length"])
    lines = [[name, *(f"{np.mean(hits[name][kind]):.3f}" for kind in kinds)] for name in hits]
    total = len(hits["text length"]["all"])
    table(
        f"BUMP pair accuracy (n={total}; chance .500)",
        ["scorer", *(kind.replace(" Error", "") for kind in kinds)],
        lines,
    )


def mean_log_odds(risk: np.ndarray) -> float:
    return float(np.mean(np.log(risk / (1 - risk))))


def sufficiency(folder: Path) -> None:
    rows = fit_sufficiency.examples(folder)
    features = [sufficiency_features(row.question, row.passages) for row in rows]
    foreign = fit_sufficiency.foreign(rows)
    foreign_features = [sufficiency_features(row.question, row.passages) for row in foreign]
    scores = {"coverage of the question's words": np.array([row["coverage"] for row in features])}
    for label, columns in fit_sufficiency.COLUMNS.items():
        found = np.zeros(len(rows))
        for train, test in grouped_folds([row.group for row in rows]):
            weights, intercept = fit_sufficiency.fit(
                [rows[place] for place in train] + foreign,
                [features[place] for place in train] + foreign_features,
                columns,
            )
            matrix = np.array([[features[place][column] for column in columns] for place in test])
            found[test] = 1 / (1 + np.exp(-(matrix @ weights + intercept)))
        scores[f"weaklink sufficiency, {label} ({len(columns)} of {len(SUFFICIENCY_FEATURES)} features)"] = found
    labels = np.array([float(row.answerable) for row in rows])
    sets = np.array([row.set for row in rows])
    lines = [
        [
            "always sufficient",
            *(f".500 / {f1(labels[sets == s], np.ones((sets == s).sum())):.3f}" for s in ("clapnq", "mtrag")),
        ]
    ]
    for name, found in scores.items():
        cells = [(labels[sets == s], found[sets == s]) for s in ("clapnq", "mtrag")]
        lines.append(
            [name, *(f"{auroc(*cell):.3f} / {f1(cell[0], (cell[1] >= 0.5).astype(float)):.3f}" for cell in cells)]
        )
    counts = [f"{s} (n={(sets == s).sum()}, {labels[sets == s].mean():.2f} positive)" for s in ("clapnq", "mtrag")]
    table("sufficiency: AUROC / F1 at .5", ["scorer", *counts], lines)


def cranfield(folder: Path) -> None:
    """NDCG@10, binary gains.

    The relevance model was fitted on some of these judgements.
    """
    documents, queries = development.cranfield(folder)
    ids = list(documents)
    texts = list(documents.values())
    counts = [frequencies(text) for text in texts]
    gains: dict[str, list[float]] = defaultdict(list)
    for question, relevant in queries:
        asked = read_question(question)
        plain = [bm25(asked, count, count.total()) for count in counts]
        shared = [asked.coverage(count.keys() & asked.weights.keys()) for count in counts]
        # Only the 60 best by BM25 are scored in full: the score of a passage does not depend on the others.
        best = np.argsort(plain)[::-1][:60]
        full = np.full(len(ids), -1.0)
        full[best] = relevance(question, [texts[place] for place in best])
        for name, values in (
            ("coverage of the question's words", shared),
            ("BM25 with background weights", plain),
            ("weaklink relevance (reranks the 60 best of BM25)", full),
        ):
            gains[name].append(ndcg([ids[place] for place in np.argsort(values)[::-1][:10]], set(relevant)))
    lines = [[name, f"{np.mean(values):.3f}"] for name, values in gains.items()]
    table(f"Cranfield (n={len(queries)} questions, {len(ids)} documents)", ["scorer", "nDCG@10"], lines)


def ndcg(ranked: list[str], relevant: set[str]) -> float:
    ideal = sum(1 / np.log2(place + 2) for place in range(min(len(relevant), 10)))
    return float(sum(1 / np.log2(place + 2) for place, name in enumerate(ranked) if name in relevant) / ideal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    given = parser.parse_args()
    folder = given.data
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "wordllama", "scipy"))
    machine = f"Python {platform.python_version()}, {packages}, {platform.machine()}"
    print(f"{machine}; data: {folder}")
    markdown.extend(
        ["# What the offline scores are worth", "", (__doc__ or "").partition("\n\n")[2].strip(), "", machine]
    )
    groundedness(folder)
    sufficiency(folder)
    cranfield(folder)
    if given.markdown:
        given.markdown.write_text("\n".join([*markdown, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
