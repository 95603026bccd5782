"""A LlamaIndex vector store or retriever, as the benchmark fills and asks it."""

from collections.abc import Sequence
from typing import Any

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import MetadataMode, NodeWithScore, TextNode
from llama_index.core.vector_stores.types import BasePydanticVectorStore, MetadataFilter, MetadataFilters
from pydantic import PrivateAttr

from weaklink.bench import Collection, Embed, Hit, Passage, Unsupported


class LookedUp(BaseEmbedding):
    """An embedder that looks up vectors which were computed beforehand."""

    model_name: str = "looked-up"
    _embed: Any = PrivateAttr(default=None)

    @classmethod
    def by(cls, embed: Embed) -> "LookedUp":
        """`embed` gives one vector for each text."""
        made = cls()
        made._embed = embed
        return made

    def _get_text_embedding(self, text: str) -> list[float]:
        return list(self._embed([text])[0])

    def _get_query_embedding(self, query: str) -> list[float]:
        return list(self._embed([query])[0])

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class RetrieverCollection(Collection):
    """Any retriever; the k that it was made with stays."""

    def __init__(self, retriever: BaseRetriever) -> None:
        """It is filled already."""
        self.retriever = self.inside = retriever

    def search(self, query: str, k: int) -> list[NodeWithScore]:
        """What a query engine gets from `retriever.retrieve`."""
        return self.retriever.retrieve(query)[:k]

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [hit_of(found) for found in result]


class StoreCollection(Collection):
    """Any vector store, asked as a query engine does: through `index.as_retriever(...).retrieve(question)`."""

    def __init__(self, store: BasePydanticVectorStore, embed: Embed, *, parallel: bool = True) -> None:
        """`parallel` says whether several threads may use it."""
        self.parallel = parallel
        self.embedder = LookedUp.by(embed)
        self._embed = embed
        self.store = store
        if store.stores_text:
            self.index = VectorStoreIndex.from_vector_store(store, self.embedder)
        else:
            context = StorageContext.from_defaults(vector_store=store)
            self.index = VectorStoreIndex([], storage_context=context, embed_model=self.embedder)
        self.inside = self.index
        self._retrievers: dict[Any, BaseRetriever] = {}

    def add(self, passages: Sequence[Passage]) -> None:
        """`insert_nodes`, with vectors, so that nothing is embedded."""
        vectors = self._embed([passage.text for passage in passages])
        self.index.insert_nodes([_node(passage, vector) for passage, vector in zip(passages, vectors, strict=True)])

    def search(self, query: str, k: int) -> list[NodeWithScore]:
        """What a query engine gets."""
        return self._retriever(k).retrieve(query)

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [hit_of(found) for found in result]

    def delete(self, passages: Sequence[Passage]) -> None:
        """`delete_nodes` by id."""
        try:
            self.index.delete_nodes(
                [passage.id for passage in passages], delete_from_docstore=not self.store.stores_text
            )
        except NotImplementedError:
            raise Unsupported(f"{type(self.store).__name__} of LlamaIndex cannot delete nodes") from None

    def search_where(self, query: str, k: int, key: str, value: str) -> list[NodeWithScore]:
        """With `MetadataFilters`."""
        filters = MetadataFilters(filters=[MetadataFilter(key=key, value=value)])
        try:
            return self._retriever(k, filters=filters).retrieve(query)
        except (NotImplementedError, ValueError) as error:
            raise Unsupported(f"{type(self.store).__name__} of LlamaIndex: {error}") from None

    def search_diverse(self, query: str, k: int) -> list[NodeWithScore]:
        """Maximal marginal relevance with the framework's defaults."""
        try:
            return self._retriever(k, vector_store_query_mode="mmr").retrieve(query)
        except (NotImplementedError, ValueError) as error:
            raise Unsupported(f"{type(self.store).__name__} of LlamaIndex: {error}") from None

    def _retriever(self, k: int, **more: Any) -> BaseRetriever:
        key = (k, repr(more))
        if key not in self._retrievers:
            self._retrievers[key] = self.index.as_retriever(similarity_top_k=k, **more)
        return self._retrievers[key]


def _node(passage: Passage, vector: Sequence[float]) -> TextNode:
    keys = list(passage.metadata)
    return TextNode(
        id_=passage.id, text=passage.text, metadata=dict(passage.metadata), embedding=list(vector),
        excluded_embed_metadata_keys=keys, excluded_llm_metadata_keys=keys,
    )  # fmt: skip


def hit_of(found: NodeWithScore) -> Hit:
    """One result."""
    return Hit(found.node.node_id, found.node.get_content(MetadataMode.NONE))
