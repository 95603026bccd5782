"""Groundedness: sentences, answers, characters and edited pairs, by the default scorer and with the cross-encoder."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import claims
import data as development
import fit_groundedness
import fit_stack
import numpy as np
from fit_groundedness import Answers
from fitting import Floats, auroc, best_threshold, calibration_error, f1, grouped_folds
from pairs import fold_of
from tables import short, table, with_interval

from weaklink.scoring.claim import read_claim
from weaklink.scoring.features import Aligner
from weaklink.scoring.groundedness import AlignedClaim
from weaklink.scoring.index import index_of
from weaklink_models.groundedness import unsupported
from weaklink_models.pair import pair_of
from weaklink_models.stack import stacked

TASKS = ("qa", "summary", "data2txt", "all")
NOVEL = claims.NAMES.index("novel_count")
Spans = Sequence[tuple[int, int]]


class Cut(NamedTuple):
    """Rows with labels, and how to split them."""

    labels: Floats
    tasks: np.ndarray
    groups: list[str]

    def of(self, task: str) -> np.ndarray:
        return np.flatnonzero((self.tasks == task) | (task == "all"))

    def flagged(self, scores: Floats) -> Floats:
        """1 where a score reaches the best threshold of its kind on the other folds."""
        found = np.zeros(len(scores))
        for train, test in grouped_folds(self.groups):
            for task in TASKS[:3]:
                known, mine = train[self.tasks[train] == task], test[self.tasks[test] == task]
                found[mine] = scores[mine] >= best_threshold(self.labels[known], scores[known])
        return found

    def cells(self, scores: Floats, *, intervals: bool) -> list[str]:
        """AUROC and F1 per task; the thresholds of the F1 are those of the kinds, from the other folds."""
        flagged, cells = self.flagged(scores), []
        for task in TASKS:
            mine = self.of(task)
            truth, values = self.labels[mine], scores[mine]

            def area(rows: Floats, truth: Floats = truth, values: Floats = values) -> float:
                return auroc(truth[rows], values[rows])

            shown = (
                with_interval(area, [self.groups[place] for place in mine])
                if intervals
                else short(area(np.arange(len(mine))))
            )
            cells.append(f"{shown} / {short(f1(truth, flagged[mine]))}")
        return cells

    def always(self) -> list[str]:
        return [f".500 / {short(f1(self.labels[self.of(task)], np.ones(len(self.of(task)))))}" for task in TASKS]


def run(folder: Path) -> None:
    rows, edited = claims.ragtruth_sentences(folder), claims.edited_sentences(folder)
    matched = claims.matched_sentences(folder)
    labels = np.array([float(row.marked) for row in rows])
    raw, _ = fit_groundedness.out_of_fold(rows, edited, matched)
    slope, offset = fit_groundedness.calibrated(raw, labels)
    lexical = raw * slope + offset
    risk = fit_groundedness.risks(rows, lexical)
    found = fit_stack.held(folder, rows, lexical)
    stack = fit_groundedness.risks(found.rows, fit_stack.out_of_fold(found))
    places = {id(row): place for place, row in enumerate(rows)}
    same = risk[[places[id(row)] for row in found.rows]]
    sentences("sentences", rows, {"weaklink groundedness": risk})
    answers("answers", rows, risk)
    characters("characters", folder, rows, risk, None)
    sentences(
        "sentences, fold of the cross-encoder", found.rows, {"weaklink groundedness": same, "with cross-encoder": stack}
    )
    answers("answers, fold of the cross-encoder", found.rows, same, stack)
    characters("characters, fold of the cross-encoder", folder, found.rows, same, None)
    characters("characters, with cross-encoder", folder, found.rows, stack, crossencoder_spans(folder, found))
    bump(folder, rows, edited, matched)


def cut_of(rows: Sequence[claims.Sentence]) -> Cut:
    return Cut(np.array([float(r.marked) for r in rows]), np.array([r.task for r in rows]), [r.group for r in rows])


def sentences(title: str, rows: Sequence[claims.Sentence], ours: dict[str, Floats]) -> None:
    cut = cut_of(rows)
    words = np.array([float(row.words) for row in rows])
    baselines = {
        "sentence length": words,
        "novel word share": np.array([row.features[NOVEL] for row in rows]) / np.maximum(words, 1),
        "1 - tf-idf cosine": np.array([row.unlike for row in rows]),
        "1 - BM25": np.array([row.unmatched for row in rows]),
    }
    ece = ", ".join(f"{name} {short(calibration_error(cut.labels, risk))}" for name, risk in ours.items())
    table(
        f"groundedness, {title}: AUROC / F1 (n={len(rows)}, {short(float(cut.labels.mean()))} marked)",
        ["scorer", *TASKS],
        [
            ["always unsupported", *cut.always()],
            *([name, *cut.cells(values, intervals=False)] for name, values in baselines.items()),
            *([name, *cut.cells(values, intervals=True)] for name, values in ours.items()),
        ],
        f"ECE: {ece}",
    )


def answers(title: str, rows: Sequence[claims.Sentence], lexical: Floats, stack: Floats | None = None) -> None:
    grouped = [list(group) for _, group in groupby(rows, key=lambda row: row.answer)]
    ours: dict[str, Floats] = {}
    looked = fit_groundedness.answers_of(rows, lexical)
    ours["weaklink groundedness"] = fit_groundedness.answers_out_of_fold(looked)
    if stack is not None:
        of_stack = fit_groundedness.answers_of(rows, stack)
        ours["with cross-encoder"] = fit_groundedness.answers_out_of_fold(of_stack)
    cut = Cut(looked.labels, looked.tasks, looked.groups)
    length = np.array([float(sum(row.words for row in group)) for group in grouped])
    baselines = {
        "answer length": length,
        "novel word share": np.array([sum(r.features[NOVEL] for r in group) for group in grouped])
        / np.maximum(length, 1),
        "1 - tf-idf cosine, worst sentence": np.array([max(row.unlike for row in group) for group in grouped]),
        "1 - BM25, worst sentence": np.array([max(row.unmatched for row in group) for group in grouped]),
    }
    ece = ", ".join(f"{name} {short(calibration_error(cut.labels, risk))}" for name, risk in ours.items())
    table(
        f"groundedness, {title}: AUROC / F1 (n={len(grouped)}, {short(float(cut.labels.mean()))} with a mark)",
        ["scorer", *TASKS],
        [
            ["always unsupported", *cut.always()],
            *([name, *cut.cells(values, intervals=False)] for name, values in baselines.items()),
            *([name, *cut.cells(values, intervals=True)] for name, values in ours.items()),
        ],
        f"ECE: {ece}",
    )
    table(
        f"groundedness, {title}: mean AUROC within one generating model",
        ["scorer", *TASKS[:3]],
        [[name, *within_models(looked, values)] for name, values in (baselines | ours).items()],
    )


def within_models(looked: Answers, scores: Floats) -> list[str]:
    cells = []
    for task in TASKS[:3]:
        masks = [(looked.tasks == task) & (looked.models == model) for model in sorted(set(looked.models))]
        cells.append(short(float(np.nanmean([auroc(looked.labels[mask], scores[mask]) for mask in masks]))))
    return cells


def characters(
    title: str, folder: Path, rows: Sequence[claims.Sentence], risk: Floats, spans: Sequence[Spans] | None
) -> None:
    """F1 over characters: which of them people marked, and which the scorer would show."""
    cut, texts = cut_of(rows), development.ragtruth(folder)
    flagged = cut.flagged(risk)
    spans = [row.spans for row in rows] if spans is None else spans
    shown = [list(found) if flag else [] for found, flag in zip(spans, flagged, strict=True)]
    whole = [[(row.start, row.end)] if flag else [] for row, flag in zip(rows, flagged, strict=True)]
    everything = [[(row.start, row.end)] for row in rows]
    lines = []
    for name, found in (("all characters", everything), ("whole flagged sentences", whole), (title, shown)):
        cells = []
        for task in TASKS:
            mine = cut.of(task)
            marked = {rows[place].answer: texts[rows[place].answer].marked for place in mine}
            chosen: dict[int, set[int]] = {}
            for place in mine:
                for start, end in found[place]:
                    chosen.setdefault(rows[place].answer, set()).update(range(start, end))
            truth = {
                number: {at for start, end in places for at in range(start, end)} for number, places in marked.items()
            }
            hits = sum(len(truth[number] & chosen.get(number, set())) for number in truth)
            total = sum(map(len, truth.values())) + sum(map(len, chosen.values()))
            cells.append(short(2 * hits / total if total else 0.0))
        lines.append([name, *cells])
    table(
        f"groundedness, {title}: F1 over characters (n={len({row.answer for row in rows})} answers)",
        ["shown", *TASKS],
        lines,
    )


def crossencoder_spans(folder: Path, found: fit_stack.Held) -> list[Spans]:
    """The words that the cross-encoder finds wrong, for each sentence, whether flagged or not."""
    texts, spans = development.ragtruth(folder), []
    for row, reading in zip(found.rows, found.readings, strict=True):
        answer = texts[row.answer]
        aligner = Aligner(index_of((answer.context,)))
        claim = read_claim(answer.text[row.start : row.end], answer.question)
        alignment = aligner.align(claim)
        item = AlignedClaim(row.start, row.end, claim, alignment, 0.5)
        spans.append(unsupported(item, pair_of(claim, aligner.index, alignment.evidence), reading))
    return spans


def bump(
    folder: Path, rows: Sequence[claims.Sentence], edited: Sequence[claims.Sentence], matched: Sequence[claims.Sentence]
) -> None:
    """Which of two versions is worse: mean log odds over sentences, by models that saw no other version of the article."""
    pairs = development.bump(folder)
    groups = [row.group for row in edited]
    hits: dict[str, dict[str, list[float]]] = {}
    for train, test in grouped_folds(groups):
        learnt = fit_groundedness.fit(rows, [*(edited[place] for place in train), *matched])
        articles = {groups[place] for place in test}
        for pair in pairs:
            if pair.article not in articles:
                continue
            good, bad = claims.pair_sentences(pair)
            for name, better, worse in (
                ("text length", words_of(good), words_of(bad)),
                ("novel word share", novelty_of(good), novelty_of(bad)),
                ("1 - tf-idf cosine, mean", mean_of(good, "unlike"), mean_of(bad, "unlike")),
                ("1 - BM25, mean", mean_of(good, "unmatched"), mean_of(bad, "unmatched")),
                ("weaklink groundedness", float(learnt.log_odds(good).mean()), float(learnt.log_odds(bad).mean())),
            ):
                note(hits, name, pair.error, better, worse)
            if fold_of(pair.context) == fit_stack.HELD:
                readings = [fit_stack.readings_of(text, pair.context, "") for text in (pair.faithful, pair.unfaithful)]
                note(
                    hits,
                    "same, fold of the cross-encoder",
                    pair.error,
                    float(learnt.log_odds(good).mean()),
                    float(learnt.log_odds(bad).mean()),
                )
                say = stacked()["sentence"]["weights"]
                means = [
                    say["lexical"] * float(learnt.log_odds(side).mean())
                    + float(np.mean([say["claim"] * one.claim + say["worst"] * one.worst for one in read]))
                    for side, read in zip((good, bad), readings, strict=True)
                ]
                note(hits, "with cross-encoder", pair.error, means[0], means[1])
    kinds = sorted(hits["text length"])
    counts = [len(hits[name]["all"]) for name in ("text length", "with cross-encoder")]
    table(
        f"BUMP pair accuracy (n={counts[0]}, of which {counts[1]} in the fold of the cross-encoder; chance .500)",
        ["scorer", *(kind.replace(" Error", "") for kind in kinds)],
        [[name, *(short(float(np.mean(found.get(kind, [np.nan])))) for kind in kinds)] for name, found in hits.items()],
    )


def note(hits: dict[str, dict[str, list[float]]], name: str, error: str, better: float, worse: float) -> None:
    for kind in (error, "all"):
        value = 1.0 if worse > better else 0.5 if worse == better else 0.0
        hits.setdefault(name, {}).setdefault(kind, []).append(value)


def words_of(side: Sequence[claims.Sentence]) -> float:
    return float(sum(row.words for row in side))


def novelty_of(side: Sequence[claims.Sentence]) -> float:
    return sum(row.features[NOVEL] for row in side) / max(words_of(side), 1)


def mean_of(side: Sequence[claims.Sentence], name: str) -> float:
    return float(np.mean([getattr(row, name) for row in side]))
