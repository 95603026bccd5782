"""Steps that raise: whatever the reason, the deepest one is to blame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import Pieces, Reply
from benchmarks.diagnosis.situation import Situation


class RateLimitError(Exception):
    """As providers call it."""


class BadRequestError(Exception):
    """As providers call it."""


def _raises(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any) -> Any:
        raise error

    return fail


def search_raises(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The vector store refuses the connection."""
    return pieces.but(search=_raises(ConnectionError("connection refused: store:6333")))


def embedding_raises(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The embedding service does not like the query."""
    return pieces.but(embed_query=_raises(ValueError("dimension 256 expected, got 1536")))


def model_raises(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model's service is down."""
    return pieces.but(answer=_raises(RuntimeError("upstream connect error: 502")))


def packing_raises(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Packing reads a key that is not there."""
    return pieces.but(pack=_raises(KeyError("page_content")))


def reranker_raises(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The reranker's model was not found."""
    return pieces.but(rerank=_raises(OSError("model file not found")))


def search_times_out(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The vector store is slow."""
    return pieces.but(search=_raises(TimeoutError("store did not answer within 2 s")))


def model_times_out(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model is slow."""
    return pieces.but(answer=_raises(TimeoutError("request timed out")))


def rate_limit(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The provider's quota is used up."""
    return pieces.but(answer=_raises(RateLimitError("Error code: 429 - rate limit reached for requests")))


def context_window(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The prompt is longer than the model's window."""
    text = "This model's maximum context length is 4096 tokens. However, your messages resulted in 5210 tokens."

    def answer(prompt: str) -> Reply:
        raise BadRequestError(text)

    return pieces.but(answer=answer)


CRASHES: tuple[Operator, ...] = (
    Operator(("raised",), "retrieve", search_raises, hard=True),
    Operator(("raised",), "retrieve", embedding_raises, unseen=True, hard=True),
    Operator(("raised",), "generate", model_raises, unseen=True, hard=True),
    Operator(("raised", "tool_error"), "pack", packing_raises, hard=True),
    Operator(("raised",), "rerank", reranker_raises, unseen=True, hard=True),
    Operator(("timed_out",), "retrieve", search_times_out, hard=True),
    Operator(("timed_out",), "generate", model_times_out, unseen=True, hard=True),
    Operator(("limit_reached", "raised"), "generate", rate_limit, hard=True),
    Operator(("limit_reached", "raised"), "generate", context_window, unseen=True, hard=True),
)
