"""Sufficiency of a context, and relevance of each passage."""

import math
from collections import Counter, defaultdict
from pathlib import Path

import data as development
import fit_stack
import fit_sufficiency
import numpy as np
from fitting import Floats, auroc, f1
from tables import short, table, with_interval

from weaklink.scoring.question import bm25, frequencies, read_question
from weaklink.scoring.relevance import relevance

SETS = ("clapnq", "mtrag")
CANDIDATES = 60


def run(folder: Path) -> None:
    sufficiency(folder)
    held_sufficiency(folder)
    cranfield(folder)


def sufficiency(folder: Path) -> None:
    rows = fit_sufficiency.examples(folder)
    labels, sets = np.array([float(row.answerable) for row in rows]), np.array([row.set for row in rows])
    groups = [row.group for row in rows]
    asked = [read_question(row.question) for row in rows]
    held = [sum((frequencies(passage) for passage in row.passages), Counter[str]()) for row in rows]
    scores = {
        "context length": np.array([float(counts.total()) for counts in held]),
        "coverage of the question's words": np.array(
            [one.coverage(set(counts) & one.weights.keys()) for one, counts in zip(asked, held, strict=True)]
        ),
        "tf-idf cosine": np.array([cosine(one.weights, counts) for one, counts in zip(asked, held, strict=True)]),
        "BM25": np.array([bm25(one, counts, counts.total()) for one, counts in zip(asked, held, strict=True)]),
    }
    ours = fit_sufficiency.out_of_fold(rows)
    lines = [
        ["always sufficient", *(f".500 / {short(f1(labels[sets == s], np.ones((sets == s).sum())))}" for s in SETS)]
    ]
    lines += [
        [name, *(short(auroc(labels[sets == s], found[sets == s])) for s in SETS)] for name, found in scores.items()
    ]
    for name, odds in ours.items():
        lines.append([f"weaklink sufficiency, {name}", *(cell(labels, odds, sets == s, groups) for s in SETS)])
    counts = [f"{s} (n={(sets == s).sum()}, {labels[sets == s].mean():.2f} positive)" for s in SETS]
    table("sufficiency: AUROC / F1 at .5", ["scorer", *counts], lines)


def cell(labels: Floats, odds: Floats, mask: np.ndarray, groups: list[str]) -> str:
    truth, values = labels[mask], odds[mask]
    names = [group for group, mine in zip(groups, mask, strict=True) if mine]
    return f"{with_interval(lambda rows: auroc(truth[rows], values[rows]), names)} / {short(f1(truth, (values >= 0).astype(float)))}"


def cosine(weights: dict[str, float], counts: Counter[str]) -> float:
    own = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
    length = math.sqrt(sum(times**2 for times in counts.values())) or 1.0
    return sum(weight * counts[value] for value, weight in weights.items()) / (own * length)


def held_sufficiency(folder: Path) -> None:
    found = fit_stack.held_questions(folder)
    weights, _ = fit_stack.fit_questions(found)
    scores = {
        "weaklink sufficiency, embedding": found.columns[:, 0],
        "cross-encoder alone": found.columns[:, 1],
        "both, with equal say": found.columns @ weights,
    }
    names = [str(place) for place in range(len(found.labels))]
    lines = []
    for name, odds in scores.items():
        cells = []
        for which in SETS:
            mine = np.flatnonzero(found.sets == which)
            truth, values = found.labels[mine], odds[mine]
            cells.append(
                with_interval(
                    lambda rows, truth=truth, values=values: auroc(truth[rows], values[rows]),
                    [names[place] for place in mine],
                )
            )
        lines.append([name, *cells])
    counts = [f"{s} (n={(found.sets == s).sum()})" for s in SETS]
    table("sufficiency, fold of the cross-encoder: AUROC", ["scorer", *counts], lines)


def cranfield(folder: Path) -> None:
    """NDCG@10 with binary gains; the shares of the mixture were chosen on these questions."""
    documents, queries = development.cranfield(folder)
    ids, texts = list(documents), list(documents.values())
    counts = [frequencies(text) for text in texts]
    gains: dict[str, list[float]] = defaultdict(list)
    for question, relevant in queries:
        asked = read_question(question)
        plain = np.array([bm25(asked, count, count.total()) for count in counts])
        # Only the best by BM25 are scored in full: the score of a passage does not depend on the others.
        best = np.argsort(-plain)[:CANDIDATES]
        full = np.full(len(ids), -1.0)
        full[best] = relevance(question, [texts[place] for place in best])
        for name, values in (
            ("document length", [float(count.total()) for count in counts]),
            (
                "coverage of the question's words",
                [asked.coverage(count.keys() & asked.weights.keys()) for count in counts],
            ),
            ("tf-idf cosine", [cosine(asked.weights, count) for count in counts]),
            ("BM25 with background weights", plain),
            (f"weaklink relevance (of the {CANDIDATES} best of BM25)", full),
        ):
            ranked = np.argsort(-np.asarray(values), kind="stable")[:10]
            gains[name].append(ndcg([ids[place] for place in ranked], set(relevant)))
    names = [str(place) for place in range(len(queries))]
    lines = [
        [name, with_interval(lambda rows, found=found: float(np.mean([found[row] for row in rows])), names)]
        for name, found in gains.items()
    ]
    table(f"Cranfield (n={len(queries)} questions, {len(ids)} documents)", ["scorer", "nDCG@10"], lines)


def ndcg(ranked: list[str], relevant: set[str]) -> float:
    ideal = sum(1 / np.log2(place + 2) for place in range(min(len(relevant), 10)))
    return float(sum(1 / np.log2(place + 2) for place, name in enumerate(ranked) if name in relevant) / ideal)
