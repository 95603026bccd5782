"""A LangChain vector store or retriever, as the benchmark fills and asks it."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore

from weaklink.bench import Collection, Embed, Hit, Passage, Unsupported


class LookedUp(Embeddings):
    """An embedder that looks up vectors which were computed beforehand."""

    def __init__(self, embed: Embed) -> None:
        """`embed` gives one vector for each text."""
        self._embed = embed

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        return [list(vector) for vector in self._embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return list(self._embed([text])[0])


class RetrieverCollection(Collection):
    """Any retriever; the k that it was made with stays."""

    def __init__(self, retriever: BaseRetriever) -> None:
        """It is filled already."""
        self.retriever = self.inside = retriever

    def search(self, query: str, k: int) -> list[Document]:
        """What a chain gets from `retriever.invoke`."""
        return self.retriever.invoke(query)[:k]

    def hits(self, result: Any) -> list[Hit]:
        """Ids, where the store kept them, and texts."""
        return [hit_of(document) for document in result]


class StoreCollection(Collection):
    """Any vector store, asked as a chain does: through `as_retriever(...).invoke(question)`."""

    def __init__(self, store: VectorStore, *, parallel: bool = True) -> None:
        """`parallel` says whether several threads may use it."""
        self.store = self.inside = store
        self.parallel = parallel
        self.embedder = store.embeddings
        self._retrievers: dict[Any, BaseRetriever] = {}

    def add(self, passages: Sequence[Passage]) -> None:
        """`add_texts`, with our ids where the store takes any."""
        self.store.add_texts(
            [passage.text for passage in passages],
            [dict(passage.metadata) for passage in passages],
            ids=[passage.id for passage in passages],
        )

    def search(self, query: str, k: int) -> list[Document]:
        """What a chain gets."""
        return self._retriever(k).invoke(query)

    def hits(self, result: Any) -> list[Hit]:
        """Ids, where the store kept them, and texts."""
        return [hit_of(document) for document in result]

    def delete(self, passages: Sequence[Passage]) -> None:
        """`delete` by id."""
        try:
            self.store.delete([passage.id for passage in passages])
        except NotImplementedError:
            raise Unsupported(f"{type(self.store).__name__} of LangChain has no delete") from None

    def search_where(self, query: str, k: int, key: str, value: str) -> list[Document]:
        """With the filter on metadata in the form that this store wants."""
        return self._retriever(k, filter=self.condition(key, value)).invoke(query)

    def condition(self, key: str, value: str) -> Any:
        """The filter "`key` is `value`"; a dict, where the store wants nothing else."""
        return {key: value}

    def search_diverse(self, query: str, k: int) -> list[Document]:
        """Maximal marginal relevance with the framework's defaults (20 candidates, lambda 0.5)."""
        try:
            return self._retriever(k, search_type="mmr").invoke(query)
        except NotImplementedError:
            raise Unsupported(f"{type(self.store).__name__} of LangChain has no MMR") from None

    def _retriever(self, k: int, search_type: str = "similarity", **more: Any) -> BaseRetriever:
        key = (k, search_type, repr(sorted(more.items())))
        if key not in self._retrievers:
            wanted: Mapping[str, Any] = {"k": k, **more}
            self._retrievers[key] = self.store.as_retriever(search_type=search_type, search_kwargs=dict(wanted))
        return self._retrievers[key]


def hit_of(document: Document) -> Hit:
    """One result."""
    return Hit(str(document.id or ""), document.page_content)
