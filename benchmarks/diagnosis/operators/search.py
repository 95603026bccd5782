"""Faults of the index, the rewriting of the query, the search and the reranker."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import Pieces, by_meaning, embedded, most_alike
from benchmarks.diagnosis.situation import Situation, changed
from weaklink.scoring.question import read_question
from weaklink.scoring.text.sentences import split_sentences

_NOT_FOUND = ("missed", "missing_content", "off_topic")
"""Without a probe of the live store a recording cannot tell a search that missed the passage from a gap in the corpus."""


def empty_index(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The index was never filled."""
    return pieces.but(passages=())


def filter_drops_all(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """A metadata filter with a typing error lets nothing through."""
    return pieces.but(search=lambda query, found: [])


def threshold_too_high(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """A least similarity that was tuned for another embedding model."""

    def search(query: str, found: list[str]) -> list[str]:
        asked = np.asarray(embedded([query])[0])
        return [text for text in found if float(asked @ np.asarray(embedded([text])[0])) > 0.985]

    return pieces.but(search=search)


def other_index(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The index of another department is asked."""
    return pieces.but(passages=at.foreign.passages)


def mixed_embeddings(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The index holds the vectors of the embedding model of before."""
    return pieces.but(embed_documents=hashed)


def constant_query_vector(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The embedding service answers each query with the same vector."""
    chance = np.random.default_rng(at.seed)
    fixed = [float(x) for x in chance.normal(size=len(embedded(["length"])[0]))]
    return pieces.but(embed_query=lambda texts: [fixed for _ in texts])


def gold_not_indexed(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The page that answers was never indexed."""
    return pieces.but(passages=at.without_gold())


def half_an_index(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The indexing job died half way, before the page that answers."""
    rest = at.without_gold()
    return pieces.but(passages=rest[: max(5, int(len(rest) * (1 - 0.5 * strength)))])


def k_too_small(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """So few passages are asked for that the one that answers is not among them."""
    order = by_meaning(at.question.text, pieces.passages, 50)
    ranks = [order.index(text) for text in at.gold if text in order]
    return pieces.but(k=min(ranks)) if ranks and min(ranks) > 0 else None


def noisy_query(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The query is embedded with the settings of another model."""
    chance = np.random.default_rng(at.seed)
    length = len(embedded(["length"])[0])
    noise = chance.normal(size=length) * (1 + strength) / np.sqrt(length)

    def embed(texts: Sequence[str]) -> list[list[float]]:
        return [[float(x) for x in np.asarray(vector) + 2 * noise] for vector in embedded(texts)]

    return pieces.but(embed_query=embed)


def second_page(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """An offset that was left in the code: the best passages are skipped."""

    def search(query: str, found: list[str]) -> list[str]:
        rest = [text for text in found if text not in at.gold]
        return rest[max(0, min(len(rest) - 2, round(3 * strength))) :]

    return pieces.but(search=search)


def cut_every_few_characters(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Passages were cut into pieces of a fixed length, in the middle of sentences and words."""
    near = dict.fromkeys((*by_meaning(at.question.text, pieces.passages, 20), *at.gold))
    return pieces.but(passages=_chunks(list(near), round(110 - 50 * strength)))


def cut_inside_the_answer(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The chunk that answers ends in the middle of the sentence that answers."""
    if not at.evidence:
        return None
    new: list[str] = []
    for text in pieces.passages:
        cuts = [place + len(s) // 2 for s in at.evidence if (place := text.find(s)) >= 0]
        if text in at.gold and cuts:
            words = text[: min(cuts)].rsplit(" ", 1)[0]
            new.append(words)
        else:
            new.append(text)
    return pieces.but(passages=tuple(new)) if tuple(new) != pieces.passages else None


def indexed_again_and_again(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """A job that indexes the same page at each run: the copies fill all places."""
    rivals = [text for text in by_meaning(at.question.text, pieces.passages, 10) if text not in at.gold]
    if not rivals:
        return None
    rest = [text for text in pieces.passages if text not in at.gold]
    return pieces.but(passages=(*rest, *at.gold), search=_crowded(rivals[0], pieces.k, lambda n: rivals[0]))


def copies_with_headers(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The same page under several addresses: each copy with a line of its own."""
    rivals = [text for text in by_meaning(at.question.text, pieces.passages, 10) if text not in at.gold]
    if not rivals:
        return None
    return pieces.but(search=_crowded(rivals[0], pieces.k, lambda n: f"{rivals[0]} (copy {n + 1}, mirror {n * 7 + 3})"))


def old_version_first(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """An outdated version of the page stands beside the new one, and the model reads the outdated one."""
    return _stale(pieces, at, "Last updated: {year}-03-01. {text}")


def archive_in_the_index(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The archive was indexed together with what is in force."""
    return _stale(pieces, at, "{text} (Version of June {year})")


def entity_dropped_by_model(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The rewritten query lacks what the question is about."""
    weights = read_question(at.question.text).weights
    if len(weights) < 3:
        return None
    heavy = sorted(weights, key=lambda value: -weights[value])[: max(2, round(len(weights) * (0.3 + 0.4 * strength)))]
    kept = [word for word in at.question.text.split() if not _has_value(word, heavy)]
    return pieces.but(rewrite=lambda question: " ".join(kept)) if kept else None


def subject_becomes_it(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The rewritten query says "it" where the question names its subject."""
    query = at.asked.follow_up
    return pieces.but(rewrite=lambda question: query) if query != at.question.text else None


def query_of_another_question(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """A cache of rewritten queries returns that of another user."""
    other = at.other_question().text
    return pieces.but(rewrite=lambda question: other)


def vague_query(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model generalises the question until nothing of it is left."""
    query = at.chance.choice(
        ["general information and overview of the topic", "important facts and background", "latest news and updates"]
    )
    return pieces.but(rewrite=lambda question: query)


def worst_kept(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker takes scores for distances: the worst are kept."""
    keep = 3 if strength < 0.7 else 2
    return pieces.but(rerank=lambda query, found: _from_the_end(query, found)[:keep])


def shortest_kept(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker prefers short passages over good ones."""

    def rerank(query: str, found: Sequence[str]) -> list[str]:
        return sorted((text for text in found if text not in at.gold), key=len)[:3]

    return pieces.but(rerank=rerank)


def random_kept(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker's model was not loaded: its scores are noise."""

    def rerank(query: str, found: Sequence[str]) -> list[str]:
        return random.Random(at.seed).sample(list(found), len(found))[: 3 if strength < 0.7 else 2]

    return pieces.but(rerank=rerank)


def reversed_before_the_cut(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker sorts the wrong way round and drops nothing; packing takes the first three."""
    return pieces.but(rerank=_from_the_end, pack=_first_three)


def best_put_last(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker puts the best passages last; packing takes the first three."""

    def rerank(query: str, found: Sequence[str]) -> list[str]:
        best = most_alike(query, found)[:2]
        rest = [text for text in found if text not in (*best, *at.gold)]
        return [*rest, *dict.fromkeys((*best, *(text for text in found if text in at.gold)))]

    return pieces.but(rerank=rerank, pack=_first_three)


def _from_the_end(query: str, found: Sequence[str]) -> list[str]:
    ordered = by_meaning(query, list(found), len(found))
    return ordered[::-1]


def _first_three(passages: Sequence[str]) -> str:
    return "\n\n".join(passages[:3])


def hashed(texts: Sequence[str]) -> list[list[float]]:
    length = len(embedded(["length"])[0])
    vectors: list[list[float]] = []
    for text in texts:
        vector = [0.0] * length
        for word in re.findall(r"[a-z0-9]+", text.lower()):
            vector[crc32(word.encode()) % length] += 1.0
        vectors.append(vector)
    return vectors


def _chunks(passages: Sequence[str], size: int) -> tuple[str, ...]:
    return tuple(
        text[n : n + size] for text in passages for n in range(0, len(text), size) if text[n : n + size].strip()
    )


def _crowded(rival: str, k: int, copy):  # type: ignore[no-untyped-def]
    def search(query: str, found: list[str]) -> list[str]:
        return [copy(n) for n in range(max(k, len(found)))]

    return search


def _stale(pieces: Pieces, at: Situation, form: str) -> Pieces | None:
    """Both versions are found; the model's answer is that of the old one."""
    sentences = [text[a:b] for text in at.gold for a, b in split_sentences(text)]
    if not sentences or not at.evidence:
        return None
    gold = next(text for text in at.gold if any(s in text for s in at.evidence))
    place = next(s for s in at.evidence if s in gold)
    old_sentence = changed(place, at.chance)
    if old_sentence.startswith("It is "):
        return None
    year = at.chance.randint(2012, 2018)
    old = form.format(year=year, text=gold.replace(place, old_sentence))
    new = form.format(year=year + at.chance.randint(3, 6), text=gold)
    rest = at.without_gold()

    def search(query: str, found: list[str]) -> list[str]:
        return [old, new, *[text for text in found if text not in (old, new)]][: pieces.k]

    from benchmarks.diagnosis.pieces import Reply

    return pieces.but(passages=(*rest, old, new), search=search, answer=lambda prompt: Reply(old_sentence))


def _has_value(word: str, values: Sequence[str]) -> bool:
    return bool(read_question(word).weights.keys() & set(values))


_LOSES = {"loses_evidence": True}
SEARCH: tuple[Operator, ...] = (
    Operator(("no_results",), "retrieve", empty_index, hard=True, loses_evidence=True),
    Operator(("no_results",), "retrieve", filter_drops_all, hard=True, loses_evidence=True),
    Operator(("no_results",), "retrieve", threshold_too_high, unseen=True, hard=True, loses_evidence=True),
    Operator(("off_topic",), "retrieve", other_index, loses_evidence=True),
    Operator(("off_topic", "missing_content", "missed"), "retrieve", mixed_embeddings, loses_evidence=True),
    Operator(
        ("off_topic", "missing_content", "missed"), "retrieve", constant_query_vector, unseen=True, loses_evidence=True
    ),
    Operator(("missing_content", "off_topic", "missed"), "retrieve", gold_not_indexed, loses_evidence=True),
    Operator(("missing_content", "off_topic", "missed"), "retrieve", half_an_index, unseen=True, loses_evidence=True),
    Operator(_NOT_FOUND, "retrieve", k_too_small, loses_evidence=True),
    Operator(_NOT_FOUND, "retrieve", noisy_query, unseen=True, loses_evidence=True),
    Operator(_NOT_FOUND, "retrieve", second_page, unseen=True, loses_evidence=True),
    Operator(("chunk_cut",), "retrieve", cut_every_few_characters, loses_evidence=True),
    Operator(("chunk_cut",), "retrieve", cut_inside_the_answer, unseen=True, loses_evidence=True),
    Operator(("duplicates",), "retrieve", indexed_again_and_again, loses_evidence=True),
    Operator(("duplicates",), "retrieve", copies_with_headers, unseen=True, loses_evidence=True),
    Operator(("stale",), "retrieve", old_version_first),
    Operator(("stale",), "retrieve", archive_in_the_index, unseen=True),
    Operator(("entity_dropped", "rewrite_drift"), "rewrite", entity_dropped_by_model, loses_evidence=True),
    Operator(("entity_dropped", "rewrite_drift"), "rewrite", subject_becomes_it, unseen=True, loses_evidence=True),
    Operator(("rewrite_drift", "entity_dropped"), "rewrite", query_of_another_question, loses_evidence=True),
    Operator(("rewrite_drift", "entity_dropped"), "rewrite", vague_query, unseen=True, loses_evidence=True),
    Operator(("good_document_dropped",), "rerank", worst_kept, hard=True, loses_evidence=True),
    Operator(("good_document_dropped",), "rerank", shortest_kept, unseen=True, hard=True, loses_evidence=True),
    Operator(("good_document_dropped",), "rerank", random_kept, unseen=True, hard=True, loses_evidence=True),
    Operator(("bad_order",), "rerank", reversed_before_the_cut, loses_evidence=True, only=("reranker", "custom")),
    Operator(("bad_order",), "rerank", best_put_last, unseen=True, loses_evidence=True, only=("reranker", "custom")),
)
