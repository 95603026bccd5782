"""Nodes with their scores: which score is the store's, which the reranker's, and what a step did to a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaklink.snapshot import Passage, Snapshotter

if TYPE_CHECKING:
    from weaklink.recorder import OpenSpan


def passages_of(taker: Snapshotter, nodes: Any) -> list[Passage]:
    """The documents in a list of nodes."""
    return taker.take(nodes)[1].passages or []


def mark_retrieved(passages: list[Passage]) -> None:
    """Say what a retriever's scores are. LlamaIndex's are similarities, but some stores hand out their distances."""
    scores = [passage.score for passage in passages if passage.score is not None]
    is_distance = len(scores) > 1 and scores == sorted(scores) and scores[0] < scores[-1]
    for passage in passages:
        if passage.score is not None:
            passage.higher_is_better = not is_distance
            passage.score_kind = "distance" if is_distance else "similarity"


def mark_reranked(before: list[Passage], after: list[Passage]) -> None:
    """A score that a postprocessor changed is its own; one that it left alone is still the retriever's."""
    known = {passage.id or passage.content: passage for passage in before}
    for passage in after:
        old = known.get(passage.id or passage.content)
        if old is not None and old.score == passage.score:
            passage.higher_is_better, passage.score_kind = old.higher_is_better, old.score_kind
        elif passage.score is not None:
            passage.higher_is_better, passage.score_kind = True, "rerank"


def describe_documents(span: OpenSpan, given: list[Passage], found: list[Passage] | None) -> None:
    """A function that made documents out of none is a retriever; one that dropped or moved documents is a reranker."""
    if span.plumbing or span.has_retrieval or not found:
        return
    before, after = [passage.content for passage in given], [passage.content for passage in found]
    if not set(before) & set(after):
        span.kind, span.documents = "retriever", found
        mark_retrieved(found)
    elif before != after and set(after) <= set(before):
        span.kind, span.documents, span.candidates = "reranker", found, given
        mark_reranked(given, found)
