"""Fits the sufficiency model and writes its weights: python benchmarks/scoring/fit_sufficiency.py --data DIR."""

import argparse
import json
from pathlib import Path

import data as development
import numpy as np
from fit_relevance import balanced
from fitting import fit_signed, grouped_folds

from weaklink.scoring.sufficiency import SUFFICIENCY_FEATURES, sufficiency_features

TARGET = Path(__file__).resolve().parents[2] / "src/weaklink/scoring/weights/sufficiency.json"
PENALTY = 50.0
LEXICAL = [name for name in SUFFICIENCY_FEATURES if not name.startswith("alike")]
COLUMNS = {"embedding": list(SUFFICIENCY_FEATURES), "lexical": LEXICAL}


def examples(folder: Path) -> list[development.Answerable]:
    return development.clapnq(folder) + development.mtrag(folder)


def foreign(rows: list[development.Answerable]) -> list[development.Answerable]:
    """Every third question with the passages of another one: what "nothing to do with it" looks like."""
    return [
        development.Answerable("foreign", row.group, row.question, rows[(place + 11) % len(rows)].passages, False, "")
        for place, row in enumerate(rows)
        if place % 3 == 0
    ]


def fit(
    rows: list[development.Answerable], features: list[dict[str, float]], columns: list[str]
) -> tuple[np.ndarray, float]:
    matrix = np.array([[row[column] for column in columns] for row in features])
    labels = np.array([float(row.answerable) for row in rows])
    weights = balanced([row.set for row in rows], labels)
    # The foreign rows have one class only; a quarter of a set's weight keeps them a hint.
    weights[[row.set == "foreign" for row in rows]] *= 0.25
    signs = [SUFFICIENCY_FEATURES[column] for column in columns]
    return fit_signed(matrix, labels, signs, penalty=PENALTY, row_weights=weights)


def out_of_fold(rows: list[development.Answerable]) -> dict[str, np.ndarray]:
    """Log odds of each question by the models of `COLUMNS`, fitted without its passage or conversation."""
    features = [sufficiency_features(row.question, row.passages) for row in rows]
    others = foreign(rows)
    of_others = [sufficiency_features(row.question, row.passages) for row in others]
    found = {name: np.zeros(len(rows)) for name in COLUMNS}
    for train, test in grouped_folds([row.group for row in rows]):
        known = [rows[place] for place in train] + others
        of_known = [features[place] for place in train] + of_others
        for name, columns in COLUMNS.items():
            weights, intercept = fit(known, of_known, columns)
            matrix = np.array([[features[place][column] for column in columns] for place in test])
            found[name][test] = matrix @ weights + intercept
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    known = examples(parser.parse_args().data)
    rows = known + foreign(known)
    features = [sufficiency_features(row.question, row.passages) for row in rows]
    model: dict[str, object] = {
        "what": 'Log odds of "sufficient": intercept + weights x features of scoring/sufficiency.py',
        "from": f"{len(known)} questions of ClapNQ and MTRAG-UN (Apache-2.0), {len(rows) - len(known)} foreign",
        "method": f"logistic regression, fixed signs, L2 {PENALTY}; sets and classes weigh the same",
        "script": "benchmarks/scoring/fit_sufficiency.py",
        "base_rate": "one half; in MTRAG-UN .84 of the turns can be answered",
    }
    for name, columns in COLUMNS.items():
        weights, intercept = fit(rows, features, columns)
        named = {column: round(float(weight), 4) for column, weight in zip(columns, weights, strict=True)}
        model[name] = {"intercept": round(intercept, 4), "weights": named}
    TARGET.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, indent=1))


if __name__ == "__main__":
    main()
