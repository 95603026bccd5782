"""What a live retriever, vector store or index can be asked, whatever framework it is of; recognised by its methods."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from weaklink.errors import WeaklinkError
from weaklink.model import Document

Search = Callable[[str, int], Sequence[str | Document]]
"""(query, k) -> the k best passages, the best first."""

_SETTINGS = "search_kwargs"


class NothingToAsk(WeaklinkError):
    """You gave `probe` an object that it does not know how to search."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Passages of a store, with their vectors where it gives them away."""

    texts: Sequence[str]
    vectors: np.ndarray[Any, np.dtype[np.float32]] | None = None
    """Shape (passages, dimensions)."""


@dataclass(frozen=True, slots=True)
class Live:
    """The questions that a live object answers; None where it does not."""

    search: Search
    stored: Callable[[int], Stored | None] | None = None
    """At most so many of its passages."""
    embed: Callable[[str], Sequence[float]] | None = None
    """The vector of a query, by the model that the store searches with."""


def live_of(given: Any) -> Live:
    """What `given` can be asked: a function (query, k), a LangChain vector store or retriever over one, or a LlamaIndex index,
    retriever or query engine. Raises NothingToAsk for anything else.
    """
    store = getattr(given, "vectorstore", given)
    if hasattr(store, "similarity_search"):
        return _of_langchain(store, dict(getattr(given, _SETTINGS, None) or {}))
    index = _llama_index(given)
    if index is not None:
        return _of_llama_index(index)
    if callable(given):
        return Live(cast("Search", given))
    raise NothingToAsk(
        f"a {type(given).__name__} cannot be probed: it is no vector store, no retriever over one and no index; "
        "give a function instead: probe(trace, lambda query, k: [...the k best passages...])"
    )


def _of_langchain(store: Any, settings: dict[str, Any]) -> Live:
    settings = {name: value for name, value in settings.items() if name in ("filter", "where_document", "namespace")}

    def search(query: str, k: int) -> list[str | Document]:
        return [found.page_content for found in store.similarity_search(query, k=k, **settings)]

    embeddings = getattr(store, "embeddings", None)
    return Live(search, lambda most: _stored_by(store, most), getattr(embeddings, "embed_query", None))


def _llama_index(given: Any) -> Any:
    """The index behind a LlamaIndex index, retriever or query engine; None where it is none of them."""
    retriever = getattr(given, "retriever", given)
    index = getattr(retriever, "_index", retriever)
    return index if hasattr(index, "as_retriever") and hasattr(index, "vector_store") else None


def _of_llama_index(index: Any) -> Live:
    def search(query: str, k: int) -> list[str | Document]:
        return [found.node.get_content() for found in index.as_retriever(similarity_top_k=k).retrieve(query)]

    model = getattr(index, "_embed_model", None)
    return Live(
        search, lambda most: _stored_by(index.vector_store, most, index), getattr(model, "get_query_embedding", None)
    )


def _stored_by(store: Any, most: int, index: Any = None) -> Stored | None:
    """The passages of a store that gives them away: Chroma, the frameworks' in-memory stores, a LlamaIndex document store."""
    collection: Any = getattr(store, "_collection", None) or getattr(store, "client", None)
    if hasattr(collection, "get") and hasattr(collection, "query"):  # Chroma's collection
        found = collection.get(limit=most, include=["documents", "embeddings"])
        return _with_vectors(found["documents"], found["embeddings"])
    entries = getattr(store, "store", None)
    if isinstance(entries, dict):  # LangChain's InMemoryVectorStore
        kept: list[Any] = list(entries.values())[:most]  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        return _with_vectors([entry["text"] for entry in kept], [entry["vector"] for entry in kept])
    docstore = getattr(index, "docstore", None)
    nodes = list(getattr(docstore, "docs", {}).values())[:most]
    if not nodes:
        return None
    kept_vectors = getattr(getattr(store, "data", None), "embedding_dict", {})  # LlamaIndex's SimpleVectorStore
    vectors = [kept_vectors.get(node.node_id) for node in nodes]
    return _with_vectors([node.get_content() for node in nodes], vectors)


def _with_vectors(texts: Iterable[str | None], vectors: Any) -> Stored:
    known = [text or "" for text in texts]
    if vectors is None or len(vectors) != len(known) or any(vector is None for vector in vectors):
        return Stored(known)
    return Stored(known, np.asarray(vectors, dtype=np.float32))
