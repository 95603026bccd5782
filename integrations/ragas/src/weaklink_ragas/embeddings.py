"""Any embedding model as ragas wants one: for the metrics of its collections, and for the older ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from weaklink.errors import WeaklinkError
from weaklink_ragas.background import in_thread
from weaklink_ragas.library import ragas_module

_embeddings: Any = ragas_module("ragas.embeddings.base")
Embed = Callable[[list[str]], Any]
"""Takes texts and gives a vector for each."""


class UnusableEmbeddings(WeaklinkError):
    """You gave something that embeds no texts."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """An embedding model that can be asked."""

    name: str
    embed: Embed


def embedder(given: Any = None) -> Embedder:
    """LangChain Embeddings, a LlamaIndex embedding, one of ragas, or a function of a list of texts; None: Weaklink's own, offline.

    Raises UnusableEmbeddings where it is none of these.
    """
    if given is None:
        from weaklink.scoring import embed

        return Embedder("wordllama", embed)
    for inner in ("embeddings", "langchain_embeddings"):  # the wrapper that ragas puts around them
        if type(given).__module__.startswith("ragas.") and getattr(given, inner, None) is not None:
            given = getattr(given, inner)
    name = next((found for key in ("model_name", "model") if isinstance(found := getattr(given, key, None), str)), "")
    name = name or getattr(given, "__name__", type(given).__name__)
    for method in ("embed_documents", "get_text_embedding_batch", "embed_texts"):
        if (found := getattr(given, method, None)) is not None:
            return Embedder(name, found)
    if callable(given) and not isinstance(given, type):
        return Embedder(name, given)
    raise UnusableEmbeddings(
        f"cannot embed with a {type(given).__name__}: it is no LangChain or LlamaIndex embedding and no function of texts; "
        "type: RagasScorer('answer_relevancy', llm=..., embeddings=OpenAIEmbeddings())"
    )


def _vectors(embed: Embed, texts: Sequence[str]) -> list[list[float]]:
    return [[float(number) for number in vector] for vector in embed(list(texts))]


class NewEmbeddings(_embeddings.BaseRagasEmbedding):
    """For the metrics of `ragas.metrics.collections`."""

    def __init__(self, found: Embedder) -> None:
        """Embed with `found`."""
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._embed = found.embed

    def embed_text(self, text: str, **kwargs: Any) -> list[float]:
        """One vector."""
        return _vectors(self._embed, [text])[0]

    async def aembed_text(self, text: str, **kwargs: Any) -> list[float]:
        """One vector; the loop goes on meanwhile."""
        return (await self.aembed_texts([text]))[0]

    async def aembed_texts(self, texts: list[str], **kwargs: Any) -> list[list[float]]:
        """A vector for each text, in one call."""
        return await in_thread(_vectors, self._embed, texts)


class OlderEmbeddings(_embeddings.BaseRagasEmbeddings):
    """For the older metrics."""

    def __init__(self, found: Embedder) -> None:
        """Embed with `found`."""
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._embed = found.embed
        self.set_run_config(ragas_module("ragas.run_config").RunConfig())

    def embed_query(self, text: str) -> list[float]:
        """One vector."""
        return _vectors(self._embed, [text])[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text."""
        return _vectors(self._embed, texts)

    async def aembed_query(self, text: str) -> list[float]:
        """One vector; the loop goes on meanwhile."""
        return (await self.aembed_documents([text]))[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector for each text; the loop goes on meanwhile."""
        return await in_thread(_vectors, self._embed, texts)
