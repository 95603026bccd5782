"""Indexes and retrievers that the user already has, as `weaklink.bench.compare` takes them."""

from typing import Any

from llama_index.core import VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.indices.vector_store.retrievers import VectorIndexRetriever
from llama_index.core.schema import MetadataMode

from weaklink.bench import Collection, Passage
from weaklink.bench.own import Own
from weaklink_llama_index.stores.collection import RetrieverCollection, hit_of


class IndexCollection(Collection):
    """A filled index, asked through a retriever for each k."""

    def __init__(self, index: VectorStoreIndex) -> None:
        """Nothing is put in or taken out."""
        self.index = self.inside = index
        self._retrievers: dict[int, BaseRetriever] = {}

    def search(self, query: str, k: int) -> Any:
        """What a query engine gets."""
        if k not in self._retrievers:
            self._retrievers[k] = self.index.as_retriever(similarity_top_k=k)
        return self._retrievers[k].retrieve(query)

    def hits(self, result: Any) -> Any:
        """Ids and texts."""
        return [hit_of(found) for found in result]


def own(given: object) -> Own | None:
    """What is known of an index or retriever of LlamaIndex; None for anything else."""
    if isinstance(given, VectorStoreIndex):
        return Own(
            IndexCollection(given),
            "llama_index",
            "approximate",
            vars(given).get("_embed_model"),
            lambda: passages_in(given),
        )
    if isinstance(given, VectorIndexRetriever):
        inside = vars(given)
        index = inside.get("_index")
        read = (lambda: passages_in(index)) if isinstance(index, VectorStoreIndex) else None
        return Own(RetrieverCollection(given), "llama_index", "approximate", inside.get("_embed_model"), read)
    if isinstance(given, BaseRetriever):
        return Own(RetrieverCollection(given), "llama_index", "retriever")
    return None


def passages_in(index: VectorStoreIndex) -> list[Passage]:
    """What is in the index's docstore; empty where the vector store alone holds the texts and cannot be read out."""
    nodes = index.docstore.docs.values()
    if not nodes:
        try:
            nodes = index.vector_store.get_nodes([])
        except (NotImplementedError, ValueError):
            return []
    return [Passage(id=node.node_id, text=text) for node in nodes if (text := node.get_content(MetadataMode.NONE))]
