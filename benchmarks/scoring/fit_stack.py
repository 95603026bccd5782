"""Joins the cross-encoder with the lexical scores, on the fold that it was not trained on: python
benchmarks/scoring/fit_stack.py --data DIR. Writes weights/stack.json of weaklink-models."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import claims
import data as development
import fit_groundedness
import fit_sufficiency
import numpy as np
from fitting import auroc, fit_signed, grouped_folds
from pairs import fold_of

from weaklink.scoring.claim import read_claim
from weaklink.scoring.features import Aligner
from weaklink.scoring.index import index_of
from weaklink.scoring.text.sentences import split_sentences
from weaklink_models.crossencoder import Reading, crossencoder
from weaklink_models.pair import pair_of
from weaklink_models.window import window_of

HELD = 0
"""The fold of pairs.py that the shipped cross-encoder never saw."""
TARGET = Path(__file__).resolve().parents[2] / "integrations/models/src/weaklink_models/weights/stack.json"
COLUMNS = ("lexical", "claim", "worst")


@dataclass(frozen=True)
class Held:
    """The sentences of the held fold of RAGTruth."""

    rows: list[claims.Sentence]
    columns: np.ndarray
    """Out-of-fold lexical log odds, and the two of the cross-encoder."""
    readings: list[Reading]


def readings_of(text: str, context: str, question: str) -> list[Reading]:
    """What the cross-encoder says of each sentence of an answer."""
    aligner = Aligner(index_of((context,)))
    pairs = []
    for place, (start, end) in enumerate(split_sentences(text)):
        claim = read_claim(text[start:end], question, follows=place > 0)
        pairs.append(pair_of(claim, aligner.index, aligner.index.evidence(claim.wanted)[0]))
    return crossencoder().read(pairs)


def held(folder: Path, rows: list[claims.Sentence], lexical: np.ndarray) -> Held:
    """`rows` and their out-of-fold log odds, of which those of the held fold are kept and read."""
    answers = development.ragtruth(folder)
    mine = [number for number, answer in enumerate(answers) if fold_of(answer.context) == HELD]
    readings = [
        reading
        for number in mine
        for reading in readings_of(answers[number].text, answers[number].context, answers[number].question)
    ]
    places = [place for place, row in enumerate(rows) if row.answer in set(mine)]
    columns = np.array(
        [[lexical[place], reading.claim, reading.worst] for place, reading in zip(places, readings, strict=True)]
    )
    return Held([rows[place] for place in places], columns, readings)


def fit(columns: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, float]:
    return fit_signed(columns, labels, [1] * columns.shape[1], penalty=1.0)


def out_of_fold(found: Held) -> np.ndarray:
    """Log odds of the stack for each row, by weights that did not see its source."""
    labels = np.array([float(row.marked) for row in found.rows])
    odds = np.zeros(len(labels))
    for train, test in grouped_folds([row.group for row in found.rows]):
        weights, intercept = fit(found.columns[train], labels[train])
        odds[test] = found.columns[test] @ weights + intercept
    return odds


@dataclass(frozen=True)
class HeldQuestions:
    """The questions of the held fold of ClapNQ and MTRAG-UN."""

    sets: np.ndarray
    labels: np.ndarray
    columns: np.ndarray
    """Out-of-fold log odds of the score by words and meaning, and those of the cross-encoder."""


def held_questions(folder: Path) -> HeldQuestions:
    rows = fit_sufficiency.examples(folder)
    words = fit_sufficiency.out_of_fold(rows)["embedding"]
    places = [place for place, row in enumerate(rows) if fold_of(row.group) == HELD]
    read = crossencoder().read([window_of(rows[p].question, index_of(rows[p].passages)) for p in places])
    return HeldQuestions(
        np.array([rows[place].set for place in places]),
        np.array([float(rows[place].answerable) for place in places]),
        np.array([[words[place], reading.answers] for place, reading in zip(places, read, strict=True)]),
    )


def fit_questions(found: HeldQuestions) -> tuple[np.ndarray, float]:
    """One scale and one intercept; both readers have the same say, for the held fold is too small to weigh them."""
    spread = found.columns.std(axis=0)
    together = (found.columns / spread).mean(axis=1)
    counts = {s: {v: ((found.sets == s) & (found.labels == v)).sum() for v in (0.0, 1.0)} for s in set(found.sets)}
    say = np.array([1 / counts[s][v] for s, v in zip(found.sets, found.labels, strict=True)])
    slope, intercept = fit_signed(
        together[:, None], found.labels, [1], penalty=0.1, row_weights=say * len(say) / say.sum()
    )
    return slope[0] / spread / 2, intercept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    folder = parser.parse_args().data
    rows, edited = claims.ragtruth_sentences(folder), claims.edited_sentences(folder)
    lexical, _ = fit_groundedness.out_of_fold(rows, edited, claims.matched_sentences(folder))
    labels = np.array([float(row.marked) for row in rows])
    slope, offset = fit_groundedness.calibrated(lexical, labels)
    found = held(folder, rows, lexical * slope + offset)
    weights, intercept = fit(found.columns, np.array([float(row.marked) for row in found.rows]))
    questions = held_questions(folder)
    question_weights, question_intercept = fit_questions(questions)
    model = {
        "what": "log odds: intercept + weights x log odds of the lexical score and of the cross-encoder",
        "from": f"what the cross-encoder never saw: {len(found.rows)} sentences of RAGTruth (MIT), {len(questions.labels)} "
        "questions of ClapNQ and MTRAG-UN (Apache-2.0)",
        "script": "benchmarks/scoring/fit_stack.py",
        "sentence": {
            "intercept": round(intercept, 4),
            "weights": {name: round(float(weight), 4) for name, weight in zip(COLUMNS, weights, strict=True)},
        },
        "sufficiency": {
            "intercept": round(question_intercept, 4),
            "weights": {
                name: round(float(weight), 4)
                for name, weight in zip(("words", "answers"), question_weights, strict=True)
            },
        },
    }
    TARGET.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, indent=1))
    truth = np.array([float(row.marked) for row in found.rows])
    for name, column in (*zip(COLUMNS, found.columns.T, strict=True), ("stack", out_of_fold(found))):
        print(f"{name}: sentence AUROC {auroc(truth, column):.3f}")
    for name in ("clapnq", "mtrag"):
        mine = questions.sets == name
        both = questions.columns @ question_weights
        values = [auroc(questions.labels[mine], column[mine]) for column in (*questions.columns.T, both)]
        print(name, int(mine.sum()), [round(value, 3) for value in values])


if __name__ == "__main__":
    main()
