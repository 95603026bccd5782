"""Fits the groundedness model and writes its weights: python benchmarks/scoring/fit_groundedness.py --data DIR.

Beside what weaklink needs it needs scipy, scikit-learn and lightgbm.
"""

import argparse
import json
import re
import textwrap
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import claims
import data as development
import numpy as np
from fitting import fit_signed, grouped_folds, reliability
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from weaklink.scoring.features import FEATURES
from weaklink.scoring.risk import answer_features, words_said

try:
    import lightgbm
except ModuleNotFoundError:
    raise SystemExit("fitting needs lightgbm, which weaklink itself does not: pip install lightgbm") from None

TARGET = Path(__file__).resolve().parents[2] / "src/weaklink/scoring/weights/groundedness.json"
PENALTY = 10.0
MOST = 2.0
"""No weight of one block is beyond this: a rare feature must not decide alone."""
TREES = {
    "n_estimators": 120, "learning_rate": 0.07, "num_leaves": 8, "min_child_samples": 20, "subsample": 0.8,
    "subsample_freq": 1, "colsample_bytree": 0.5, "reg_lambda": 5.0, "random_state": 0, "n_jobs": 1, "verbose": -1,
    "deterministic": True, "monotone_constraints_method": "intermediate",
}  # fmt: skip
EDITED_WEIGHT = 0.8
"""How much a sentence of BUMP counts beside one of RAGTruth: edits of order and reference are rare there."""
WORD_SOURCES = 8
"""A word has a weight of its own where it was new in the answers to this many sources."""
WORD_PENALTY = 8.0
MATCHED_WEIGHT = 0.3
"""The same for the matched sets: they say what "nothing to do with it" looks like."""
RECORD_ONLY = (
    "false_said", "unknown_said", "unknown_denied", "true_denied", "polarity", "group_false", "wrong_hours", "missing_days",
)  # fmt: skip
SENTENCE_BINS = (0.25, 0.5, 0.7, 0.8, 0.87, 0.92, 0.95, 0.975)
ANSWER_BINS = (0.2, 0.4, 0.6, 0.75, 0.9)
"""Shares of the rows at which the bins of the reliability end; narrow where the risk is high."""
ANSWER_COLUMNS = ("any", "worst_third")


@dataclass(frozen=True)
class Learnt:
    """The sentence model, as numbers."""

    weights: np.ndarray
    intercept: float
    booster: Any
    words: dict[str, float]

    def log_odds(self, rows: Sequence[claims.Sentence]) -> np.ndarray:
        matrix = claims.matrix(rows)
        linear = by_kind(matrix) @ self.weights + self.intercept
        said = np.array([words_said(self.words, row.novel) for row in rows])
        return (linear + self.booster.predict(matrix, raw_score=True)) / 2 + said


def by_kind(matrix: np.ndarray) -> np.ndarray:
    """Columns: a weight for all, one more for prose, one more for records, and the record flag."""
    shared, record = matrix[:, :-1], matrix[:, -1:]
    return np.hstack([shared, shared * (1 - record), shared * record, record])


def fit(rows: Sequence[claims.Sentence], helpers: Sequence[claims.Sentence]) -> Learnt:
    """Fit on the rows of RAGTruth and the `helpers` out of BUMP and the matched sets."""
    every = [*rows, *helpers]
    given = {"bump": EDITED_WEIGHT} | dict.fromkeys(("clapnq", "mtrag", "record"), MATCHED_WEIGHT)
    say = np.array([given.get(row.task, 1.0) for row in every])
    labels = np.array([float(row.marked) for row in every])
    matrix, signs = claims.matrix(every), list(FEATURES.values())
    weights, intercept = fit_signed(
        by_kind(matrix), labels, signs * 3 + [0], penalty=PENALTY, row_weights=say, most=MOST
    )
    trees = lightgbm.LGBMClassifier(**TREES, monotone_constraints=[*signs, 0])
    booster = trees.fit(matrix, labels, sample_weight=say).booster_
    return Learnt(weights, intercept, booster, fit_words(every, by_kind(matrix) @ weights + intercept, say))


def fit_words(rows: Sequence[claims.Sentence], log_odds: np.ndarray, say: np.ndarray) -> dict[str, float]:
    """What each word that no passage has adds to `log_odds`, by ridge regression; only words that are new in many sources."""
    sources: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for value in row.novel:
            if value.isalpha():
                sources[value].add(row.group)
    words = {word: number for number, word in enumerate(sorted(w for w in sources if len(sources[w]) >= WORD_SOURCES))}
    places = [(place, words[value]) for place, row in enumerate(rows) for value in row.novel if value in words]
    at = tuple(np.array(places).T)
    holds = csr_matrix((np.ones(len(places)), at), shape=(len(rows), len(words)))
    labels = np.array([float(row.marked) for row in rows])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = log_odds + holds @ weights
        gap = 1 / (1 + np.exp(-odds)) - labels
        value = (say * (np.logaddexp(0, odds) - labels * odds)).sum() + 0.5 * WORD_PENALTY * (weights**2).sum()
        return float(value), holds.T @ (say * gap) + WORD_PENALTY * weights

    found = minimize(loss, np.zeros(len(words)), jac=True, method="L-BFGS-B").x
    return {word: round(float(found[number]), 2) for word, number in words.items() if abs(found[number]) >= 0.05}


def out_of_fold(
    rows: Sequence[claims.Sentence], edited: Sequence[claims.Sentence], matched: Sequence[claims.Sentence]
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of each row of RAGTruth and of each one of BUMP, by models that saw neither its source nor its article."""
    of_rows, of_edited = np.zeros(len(rows)), np.zeros(len(edited))
    splits = zip(grouped_folds([row.group for row in rows]), grouped_folds([row.group for row in edited]), strict=True)
    for (train, test), (edited_train, edited_test) in splits:
        learnt = fit([rows[place] for place in train], [*(edited[place] for place in edited_train), *matched])
        of_rows[test] = learnt.log_odds([rows[place] for place in test])
        of_edited[edited_test] = learnt.log_odds([edited[place] for place in edited_test])
    return of_rows, of_edited


def risks(rows: Sequence[claims.Sentence], log_odds: np.ndarray) -> np.ndarray:
    """Probability of "unsupported" for each row, with the bounds of contradictions and verbatim runs."""
    raw = 1 / (1 + np.exp(-log_odds))
    risk = np.minimum(np.maximum(raw, [row.least for row in rows]), [row.most for row in rows])
    risk[[not row.is_claim for row in rows]] = 1e-6
    return np.clip(risk, 1e-6, 1 - 1e-6)


def calibrated(log_odds: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Slope and intercept that turn log odds into those of the observed share (Platt 1999)."""
    slope, intercept = fit_signed(log_odds[:, None], labels, [1], penalty=0.1)
    return float(slope[0]), intercept


@dataclass(frozen=True)
class Answers:
    """The answers of RAGTruth: what the sentences say of each, and whether people marked anything."""

    looks: np.ndarray
    """A column for each of `ANSWER_COLUMNS`."""
    many: np.ndarray
    labels: np.ndarray
    kinds: np.ndarray
    tasks: np.ndarray
    groups: list[str]
    models: np.ndarray
    worst: np.ndarray


def answers_of(rows: Sequence[claims.Sentence], risk: np.ndarray) -> Answers:
    grouped = [list(group) for _, group in groupby(zip(rows, risk, strict=True), key=lambda pair: pair[0].answer)]
    looks, many, worst = [], [], []
    for pairs in grouped:
        values = [float(value) for row, value in pairs if row.is_claim] or [1e-6]
        found = answer_features(values)
        looks.append([found[name] for name in ANSWER_COLUMNS])
        many.append(found["many"])
        worst.append(max(values))
    firsts = [pairs[0][0] for pairs in grouped]
    return Answers(
        looks=np.array(looks),
        many=np.array(many),
        labels=np.array([float(any(row.marked for row, _ in pairs)) for pairs in grouped]),
        kinds=np.array([claims.kind(row) for row in firsts]),
        tasks=np.array([row.task for row in firsts]),
        groups=[row.group for row in firsts],
        models=np.array([row.model for row in firsts]),
        worst=np.array(worst),
    )


def fit_answers(answers: Answers, places: np.ndarray) -> dict[str, np.ndarray]:
    """For each kind the weights of `ANSWER_COLUMNS`, of 0 or more, and the intercept, as `risk.answer_risk` uses them."""
    found = {}
    for kind in claims.KINDS:
        mine = places[answers.kinds[places] == kind]
        many, looks = answers.many[mine, None], answers.looks[mine]
        start = (1 - answers.many[mine]) * looks[:, ANSWER_COLUMNS.index("any")]
        columns = np.hstack([looks * many, many])
        found[kind], _ = fit_signed(columns, answers.labels[mine], [1, 1, 0], penalty=1.0, known=start)
    return found


def answer_risks(answers: Answers, places: np.ndarray, models: dict[str, np.ndarray]) -> np.ndarray:
    odds = np.zeros(len(places))
    for kind, weights in models.items():
        mine = answers.kinds[places] == kind
        looks, many = answers.looks[places[mine]], answers.many[places[mine]]
        fitted = looks @ weights[:-1] + weights[-1]
        odds[mine] = (1 - many) * looks[:, ANSWER_COLUMNS.index("any")] + many * fitted
    return np.clip(np.maximum(1 / (1 + np.exp(-odds)), answers.worst[places]), 1e-6, 1 - 1e-6)


def answers_out_of_fold(answers: Answers) -> np.ndarray:
    found = np.zeros(len(answers.labels))
    for train, test in grouped_folds(answers.groups):
        found[test] = answer_risks(answers, test, fit_answers(answers, train))
    return found


def named(weights: np.ndarray, block: int) -> dict[str, float]:
    """The weights of one kind: what is shared and what is added; those of 0 are left out."""
    count = len(claims.NAMES)
    pairs = zip(claims.NAMES, weights[:count] + weights[block * count : (block + 1) * count], strict=True)
    return {
        name: round(float(weight), 4)
        for name, weight in pairs
        if abs(weight) >= 5e-4 and (block == 2 or name not in RECORD_ONLY)
    }


def plain(node: dict[str, Any]) -> float | list[Any]:
    """A tree of lightgbm as `scoring/trees.py` reads it."""
    if "leaf_value" in node:
        return round(float(node["leaf_value"]), 4)
    name = [*claims.NAMES, "is_record"][node["split_feature"]]
    return [name, float(f"{node['threshold']:.6g}"), plain(node["left_child"]), plain(node["right_child"])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    folder = parser.parse_args().data
    rows, edited = claims.ragtruth_sentences(folder), claims.edited_sentences(folder)
    matched = claims.matched_sentences(folder)
    labels = np.array([float(row.marked) for row in rows])
    learnt = fit(rows, [*edited, *matched])
    raw, _ = out_of_fold(rows, edited, matched)
    slope, offset = calibrated(raw, labels)
    risk = risks(rows, raw * slope + offset)
    answers = answers_of(rows, risk)
    answer_risk = answers_out_of_fold(answers)
    of_kind = {kind: np.array([claims.kind(row) == kind for row in rows]) for kind in claims.KINDS}
    model = {
        "what": "How likely a sentence, and an answer, is not carried by its passages; features of scoring/features.py",
        "from": f"RAGTruth (MIT), {len(rows)} sentences with human marks; {len(edited)} sentences of BUMP (MIT); "
        f"{len(matched)} sentences of human answers of ClapNQ and MTRAG-UN (Apache-2.0) with their own or foreign passages",
        "method": f"mean of a logistic regression (L2 {PENALTY}) and {TREES['n_estimators']} monotone trees; signs fixed by "
        f"FEATURES; a weight for words that are new in {WORD_SOURCES} sources or more (L2 {WORD_PENALTY}); "
        f"BUMP weighted {EDITED_WEIGHT}, matched rows {MATCHED_WEIGHT}; calibration, answers and "
        "reliability from 5 folds by source",
        "script": "benchmarks/scoring/fit_groundedness.py",
        "base_rates": {
            kind: {
                "sentence": round(float(labels[mine].mean()), 3),
                "answer": round(float(answers.labels[answers.kinds == kind].mean()), 3),
            }
            for kind, mine in of_kind.items()
        },
        "answer": {
            kind: {
                "intercept": round(float(weights[-1]), 4),
                "weights": {
                    name: round(float(weight), 4) for name, weight in zip(ANSWER_COLUMNS, weights[:-1], strict=True)
                },
            }
            for kind, weights in fit_answers(answers, np.arange(len(answers.labels))).items()
        },
        "reliability": {
            "what": "out of fold: up to this risk, the share of unsupported ones lies between these bounds (90 %, Wilson)",
            "sentence": {kind: reliability(labels[mine], risk[mine], SENTENCE_BINS) for kind, mine in of_kind.items()},
            "answer": {
                kind: reliability(
                    answers.labels[answers.kinds == kind], answer_risk[answers.kinds == kind], ANSWER_BINS
                )
                for kind in claims.KINDS
            },
        },
        "sentence": {
            "calibration": {"intercept": round(offset, 4), "log_odds": round(slope, 4)},
            "linear": {
                "prose": {"intercept": round(learnt.intercept, 4), "weights": named(learnt.weights, 1)},
                "record": {
                    "intercept": round(learnt.intercept + float(learnt.weights[-1]), 4),
                    "weights": named(learnt.weights, 2),
                },
            },
            "words": learnt.words,
            "trees": [plain(tree["tree_structure"]) for tree in learnt.booster.dump_model()["tree_info"]],
        },
    }
    TARGET.write_text(to_text(model) + "\n", encoding="utf-8")
    print(to_text(model | {"sentence": model["sentence"] | {"trees": []}}))


def to_text(model: dict[str, Any]) -> str:
    """JSON that people can read: each tree, and each list of numbers, on one line, many words on one."""
    trees = model["sentence"]["trees"]
    words = json.dumps(model["sentence"]["words"])
    text = json.dumps(model | {"sentence": model["sentence"] | {"trees": "TREES", "words": "WORDS"}}, indent=1)
    text = re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda found: "[" + ", ".join(found.group(1).split(",")) + "]", text)
    text = re.sub(r"(?<=\d)\s*,\s+(?=[-\d])", ", ", text)
    text = text.replace('"WORDS"', "\n".join(textwrap.wrap(words, 120, subsequent_indent="   ")))
    return text.replace('"TREES"', "[\n" + ",\n".join("   " + json.dumps(tree) for tree in trees) + "\n  ]")


if __name__ == "__main__":
    main()
