"""Is a passage about what the question asks?"""

from collections.abc import Sequence

from weaklink.scoring.embedding import is_available
from weaklink.scoring.logistic import fitted, logit, probability
from weaklink.scoring.passage_vectors import likeness
from weaklink.scoring.question import bm25, frequencies, read_question


def relevance(question: str, passages: Sequence[str]) -> list[float]:
    """Probability that each passage is relevant to the question, 0..1, one per passage; 0.0 for a passage without words.

    About .5 means: as likely relevant as not. BM25 and, with a fifth of its say each, the static embedding's likeness to
    the passage and to its best sentence; the scale is fitted on ClapNQ, MTRAG-UN and Cranfield
    (`weights/relevance.json`). Without the embedding model BM25 decides alone. It says that a passage is on the topic,
    never that it holds the answer. A passage's value does not depend on the others.
    """
    model = fitted("relevance")["embedding" if is_available() else "lexical"]
    rows = relevance_features(question, passages)
    return [
        probability(logit(model["weights"], model["intercept"], row)) if frequencies(passage) else 0.0
        for row, passage in zip(rows, passages, strict=True)
    ]


def relevance_features(question: str, passages: Sequence[str]) -> list[dict[str, float]]:
    """What `relevance` looks at, for each passage: "bm25", and from embeddings "alike" and "alike_unit" (its best unit)."""
    asked = read_question(question)
    counts = [frequencies(passage) for passage in passages]
    rows = [{"bm25": bm25(asked, count, count.total())} for count in counts]
    if is_available():
        for row, passage in zip(rows, passages, strict=True):
            found = likeness(asked, passage)
            row["alike"], row["alike_unit"] = found.whole, max(found.units, default=0.0)
    return rows
