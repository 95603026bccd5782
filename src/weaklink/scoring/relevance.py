"""Is a passage about what the question asks?"""

from collections.abc import Sequence

from weaklink.scoring.embedding import is_available
from weaklink.scoring.logistic import fitted, logit, probability
from weaklink.scoring.passage_vectors import likeness
from weaklink.scoring.question import Asked, bm25, frequencies, read_question
from weaklink.scoring.text.units import units_of


def relevance(question: str, passages: Sequence[str]) -> list[float]:
    """Probability that each passage is relevant to the question, 0..1, one per passage; 0.0 for a passage without words.

    About .5 means: as likely relevant as not. From word coverage, BM25 and static embedding similarity, in a logistic
    regression fitted on ClapNQ, MTRAG-UN and Cranfield (`weights/relevance.json`); without the embedding model, from
    words alone. It says that a passage is on the topic, never that it holds the answer. A passage's value does not
    depend on the others.
    """
    model = fitted("relevance")["embedding" if is_available() else "lexical"]
    rows = relevance_features(question, passages)
    return [
        probability(logit(model["weights"], model["intercept"], row)) if frequencies(passage) else 0.0
        for row, passage in zip(rows, passages, strict=True)
    ]


def relevance_features(question: str, passages: Sequence[str]) -> list[dict[str, float]]:
    """What `relevance` looks at, for each passage: "coverage", "best_unit", "bm25", and "alike", "alike_unit" from
    embeddings."""
    asked = read_question(question)
    rows = [_lexical(asked, passage) for passage in passages]
    if is_available():
        for row, passage in zip(rows, passages, strict=True):
            found = likeness(asked, passage)
            row["alike"], row["alike_unit"] = found.whole, max(found.units, default=0.0)
    return rows


def _lexical(asked: Asked, passage: str) -> dict[str, float]:
    counts = frequencies(passage)
    units = units_of(passage)
    return {
        "coverage": asked.coverage(counts.keys() & asked.weights.keys()),
        "best_unit": max((asked.coverage(unit.values) for unit in units), default=0.0),
        "bm25": bm25(asked, counts, counts.total()),
    }
