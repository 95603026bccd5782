"""Fits the relevance model and writes its weights: python benchmarks/scoring/fit_relevance.py --data DIR."""

import argparse
import json
from pathlib import Path

import data as development
import numpy as np
from fitting import fit_signed

from weaklink.scoring.question import bm25, frequencies, read_question
from weaklink.scoring.relevance import relevance_features

TARGET = Path(__file__).resolve().parents[2] / "src/weaklink/scoring/weights/relevance.json"
MIXTURES = {"embedding": {"bm25": 1.0, "alike": 0.2, "alike_unit": 0.2}, "lexical": {"bm25": 1.0}}
"""Shares fixed beforehand: fitted on pairs, the embedding gets so much say that the ranking of Cranfield falls below that
of BM25 alone (nDCG@10 .375 against .390)."""


def pairs(folder: Path) -> list[tuple[str, str, str, bool]]:
    """(set, question, passage, relevant): per relevant passage one foreign passage at random and the hardest of forty."""
    chance = np.random.default_rng(7)
    found: list[tuple[str, str, str, bool]] = []
    for name, rows in (("clapnq", development.clapnq(folder)), ("mtrag", development.mtrag(folder))):
        pool = [(row.group, passage) for row in rows for passage in row.passages]
        for row in rows:
            if row.answerable:
                for passage in row.passages[:3]:
                    found.append((name, row.question, passage, True))
                    found += [
                        (name, row.question, other, False) for other in foreign(row.question, row.group, pool, chance)
                    ]
    documents, queries = development.cranfield(folder)
    pool = list(documents.items())
    for question, relevant in queries:
        known = {name for name in relevant if name in documents}
        for name in sorted(known)[:4]:
            found.append(("cranfield", question, documents[name], True))
            others = [item for item in pool if item[0] not in known]
            found += [("cranfield", question, other, False) for other in foreign(question, "", others, chance)]
    return found


def foreign(question: str, group: str, pool: list[tuple[str, str]], chance: np.random.Generator) -> list[str]:
    drawn = [pool[place][1] for place in chance.choice(len(pool), size=21, replace=False) if pool[place][0] != group]
    asked = read_question(question)
    covered = [bm25(asked, frequencies(passage), frequencies(passage).total()) for passage in drawn]
    return [drawn[0], drawn[1], drawn[int(np.argmax(covered))]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    rows = pairs(parser.parse_args().data)
    labels = np.array([float(row[3]) for row in rows])
    features = [relevance_features(question, [passage])[0] for _, question, passage, _ in rows]
    weights = balanced([row[0] for row in rows], labels)
    model: dict[str, object] = {
        "what": 'Log odds of "relevant": intercept + weights x features of scoring/relevance.py',
        "from": f"{len(rows)} pairs of ClapNQ, MTRAG-UN (Apache-2.0) and Cranfield; sets and classes weigh the same",
        "method": "fixed shares of BM25 and likeness; slope and intercept by logistic regression",
        "script": "benchmarks/scoring/fit_relevance.py",
    }
    for name, shares in MIXTURES.items():
        mixed = np.array([[sum(share * row[column] for column, share in shares.items())] for row in features])
        slope, intercept = fit_signed(mixed, labels, [1], penalty=0.1, row_weights=weights)
        named = {column: round(share * float(slope[0]), 4) for column, share in shares.items()}
        model[name] = {"intercept": round(intercept, 4), "weights": named}
    TARGET.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(model, indent=1))


def balanced(sets: list[str], labels: np.ndarray) -> np.ndarray:
    """Row weights that give each set and class the same say; they add up to the number of rows."""
    keys = [(name, label) for name, label in zip(sets, labels, strict=True)]
    counts = {key: keys.count(key) for key in set(keys)}
    return np.array([len(keys) / (len(counts) * counts[key]) for key in keys])


if __name__ == "__main__":
    main()
