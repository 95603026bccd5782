"""Nodes with their scores: which score is the store's, which the reranker's, and what a step did to a list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaklink.snapshot import Passage, Snapshotter
from weaklink_llama_index.state import StepState, state_of

if TYPE_CHECKING:
    from weaklink.recorder import OpenSpan

_MOST_REMEMBERED = 1_000


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


def remember(span: OpenSpan, found: list[Passage]) -> None:
    """A step of a workflow has found these: a later step may gather what several have found."""
    run = _run_around(span)
    if run is not None:
        known = run.found = run.found or {}
        if len(known) < _MOST_REMEMBERED:
            for passage in found:
                known.setdefault(passage.content, passage)


def describe_documents(span: OpenSpan, given: list[Passage], found: list[Passage] | None) -> None:
    """A function that made documents out of none is a retriever; one that dropped or moved documents is a reranker."""
    if span.plumbing or span.has_retrieval or not found:
        return
    before, after = [passage.content for passage in given], [passage.content for passage in found]
    run = _run_around(span)
    if not set(after) <= set(before) and run is not None and run.found and set(after) <= run.found.keys():
        before, given = [*run.found], [*run.found.values()]  # it was given them in earlier calls, and kept them
    if not set(before) & set(after):
        span.kind, span.documents = "retriever", found
        mark_retrieved(found)
        remember(span, found)
    elif before != after and set(after) <= set(before):
        span.kind, span.documents, span.candidates = "reranker", found, given
        mark_reranked(given, found)


def _run_around(span: OpenSpan) -> StepState | None:
    """The workflow that a step belongs to."""
    above = span.parent
    while above is not None:
        state = state_of(above)
        if state is not None and state.family == "run":
            return state
        above = above.parent
    return None
