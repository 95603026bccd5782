"""Fits the groundedness model and writes its weights: python benchmarks/scoring/fit_groundedness.py --data DIR."""

import argparse
import json
import math
from itertools import groupby
from pathlib import Path

import claims
import data as development
import numpy as np
from fitting import fit_signed, grouped_folds

TARGET = Path(__file__).resolve().parents[2] / "src/weaklink/scoring/weights/groundedness.json"
PENALTY = 10.0
MATCHED_WEIGHT = 0.3
"""How much a row of the matched sets counts beside one of RAGTruth: they say what "nothing to do with it" looks like."""
RECORD_ONLY = ("false_said", "unknown_said", "true_denied", "polarity", "group_false", "wrong_hours", "missing_days")
BASE_RATE = 0.2
"""Share of unsupported sentences that the shipped intercept assumes.

RAGTruth has .09 by sentence; a user who looks at a trace has a reason to, and answers of small models fail more often.
"""


def fit(rows: list[claims.Sentence], matched: list[claims.Sentence]) -> tuple[np.ndarray, float]:
    every = rows + matched
    weights = np.array([1.0] * len(rows) + [MATCHED_WEIGHT] * len(matched))
    labels = np.array([float(row.marked) for row in every])
    return fit_signed(claims.matrix(every), labels, claims.SIGNS, penalty=PENALTY, row_weights=weights)


def risks(rows: list[claims.Sentence], weights: np.ndarray, intercept: float) -> np.ndarray:
    """Probability of "unsupported" for each row, with the bounds of contradictions and verbatim runs."""
    raw = 1 / (1 + np.exp(-(claims.matrix(rows) @ weights + intercept)))
    ceilings = np.array([row.ceiling for row in rows])
    floors = np.array([row.floor for row in rows])
    risk = 1 - np.maximum(np.minimum(1 - raw, ceilings), floors)
    risk[[not row.is_claim for row in rows]] = 1e-6
    return np.clip(risk, 1e-6, 1 - 1e-6)


def shifted(intercept: float, rows: list[claims.Sentence], base_rate: float = BASE_RATE) -> float:
    """The intercept for another share of unsupported sentences."""
    seen = float(np.mean([row.marked for row in rows]))
    return intercept + math.log(base_rate / (1 - base_rate)) - math.log(seen / (1 - seen))


def out_of_fold(rows: list[claims.Sentence], matched: list[claims.Sentence], *, shift: bool) -> np.ndarray:
    found = np.zeros(len(rows))
    for train, test in grouped_folds([row.group for row in rows]):
        known = [rows[place] for place in train]
        weights, intercept = fit(known, matched)
        intercept = shifted(intercept, known) if shift else intercept
        found[test] = risks([rows[place] for place in test], weights, intercept)
    return found


def answers_of(rows: list[claims.Sentence], risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per answer: log odds of the noisy-or over its claims, and whether people marked anything."""
    odds, labels = [], []
    for _, group in groupby(zip(rows, risk, strict=True), key=lambda pair: pair[0].answer):
        pairs = list(group)
        total = -sum(math.log(1 - value) for _, value in pairs)
        odds.append(math.log(math.expm1(min(max(total, 1e-6), 30))))
        labels.append(float(any(row.marked for row, _ in pairs)))
    return np.array(odds), np.array(labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    folder = parser.parse_args().data
    rows, matched = claims.ragtruth_sentences(folder), claims.matched_sentences(folder)
    weights, intercept = fit(rows, matched)
    odds, labels = answers_of(rows, out_of_fold(rows, matched, shift=True))
    slope, offset = fit_signed(odds[:, None], labels, [1], penalty=0.1)
    count = len(claims.NAMES)

    def named(block: int) -> dict[str, float]:
        pairs = zip(claims.NAMES, weights[:count] + weights[block * count : (block + 1) * count], strict=True)
        return {
            name: round(float(weight), 4)
            for name, weight in pairs
            if abs(weight) >= 5e-4 and (block == 2 or name not in RECORD_ONLY)
        }

    base = shifted(intercept, rows)
    TARGET.parent.mkdir(exist_ok=True)
    model = {
        "what": 'Log odds of "unsupported": intercept + weights x features of scoring/features.py',
        "from": f"RAGTruth (MIT), {len(rows)} sentences with human marks; {len(matched)} sentences of human "
        "answers of ClapNQ and MTRAG-UN (Apache-2.0) with their own or foreign passages",
        "method": f"logistic regression, fixed signs, L2 {PENALTY}, matched rows weighted {MATCHED_WEIGHT}",
        "script": "benchmarks/scoring/fit_groundedness.py",
        "base_rate": f"{np.mean([row.marked for row in rows]):.3f} in RAGTruth; shifted to {BASE_RATE}",
        "sentence": {
            "prose": {"intercept": round(base, 4), "weights": named(1)},
            "record": {"intercept": round(base + float(weights[-1]), 4), "weights": named(2)},
        },
        "answer": {
            "what": "log odds of an unsupported answer: intercept + log_odds x log odds of the sentences' noisy-or",
            "intercept": round(offset, 4),
            "log_odds": round(float(slope[0]), 4),
        },
    }
    TARGET.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, indent=1))


if __name__ == "__main__":
    main()
