"""The vector store of the demo: the handbook in a Chroma collection, in this process."""

from collections.abc import Iterable
from uuid import uuid4

import chromadb
from chromadb.config import Settings
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from weaklink.demo.handbook import Passage
from weaklink.scoring.embedding import embed


class HandbookEmbeddings(Embeddings):
    """Weaklink's default embedder (a static model, offline, 5,000 passages per second), as LangChain wants it."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text."""
        return [[float(number) for number in vector] for vector in embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of the question."""
        return self.embed_documents([text])[0]


def as_document(passage: Passage) -> Document:
    """A passage of the handbook as LangChain's document."""
    metadata = {"source": passage.source, "title": passage.title}
    return Document(id=passage.id, page_content=passage.content, metadata=metadata)


def open_collection(name: str, embeddings: Embeddings) -> Chroma:
    """The collection of this name, in memory; as Chroma does by default, a new and empty one where there is none."""
    # Chroma's in-process clients share one memory, so names must be unique: see `new_name`. Telemetry is on by default.
    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False, is_persistent=False))
    return Chroma(
        collection_name=name,
        embedding_function=embeddings,
        client=client,
        collection_metadata={"hnsw:space": "cosine"},
    )


def index_passages(name: str, passages: Iterable[Passage], embeddings: Embeddings) -> Chroma:
    """Put `passages` into the collection `name`, each under its own id."""
    store = open_collection(name, embeddings)
    store.add_documents([as_document(passage) for passage in passages])
    return store


def new_name() -> str:
    """A name that no other collection of this process has."""
    return f"handbook-{uuid4().hex[:12]}"
