"""The vector store of the demo: the handbook in a Chroma collection, in this process."""

from collections.abc import Iterable
from uuid import uuid4

import chromadb
from chromadb.config import Settings
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import TextNode
from llama_index.vector_stores.chroma import ChromaVectorStore  # pyright: ignore[reportMissingTypeStubs]

from weaklink.demo.handbook import Passage
from weaklink.scoring.embedding import embed


class HandbookEmbeddings(BaseEmbedding):
    """Weaklink's default embedder (a static model, offline, 5,000 passages per second), as LlamaIndex wants it."""

    model_name: str = "wordllama"

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in embed(texts)]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def as_node(passage: Passage) -> TextNode:
    """A passage of the handbook as LlamaIndex's node; neither the model nor the embedding reads its metadata."""
    metadata = {"source": passage.source, "title": passage.title}
    unread = list(metadata)
    return TextNode(
        id_=passage.id,
        text=passage.content,
        metadata=metadata,
        excluded_llm_metadata_keys=unread,
        excluded_embed_metadata_keys=unread,
    )


def open_collection(name: str) -> ChromaVectorStore:
    """The collection of this name, in memory; as Chroma does by default, a new and empty one where there is none."""
    # Chroma's in-process clients share one memory, so names must be unique: see `new_name`. Telemetry is on by default.
    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False, is_persistent=False))
    collection = client.get_or_create_collection(name, metadata={"hnsw:space": "cosine"})
    return ChromaVectorStore(chroma_collection=collection)


def index_passages(name: str, passages: Iterable[Passage], embeddings: BaseEmbedding) -> VectorStoreIndex:
    """Put `passages` into the collection `name`, each under its own id."""
    storage = StorageContext.from_defaults(vector_store=open_collection(name))
    return VectorStoreIndex([as_node(passage) for passage in passages], storage_context=storage, embed_model=embeddings)


def index_of(name: str, embeddings: BaseEmbedding) -> VectorStoreIndex:
    """The index over what the collection `name` holds already."""
    return VectorStoreIndex.from_vector_store(open_collection(name), embed_model=embeddings)


def new_name() -> str:
    """A name that no other collection of this process has."""
    return f"handbook-{uuid4().hex[:12]}"
