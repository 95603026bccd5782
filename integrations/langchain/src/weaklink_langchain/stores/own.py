"""Vector stores and retrievers that the user already has, as `weaklink.bench.compare` takes them."""

from typing import Any

from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore, VectorStoreRetriever

from weaklink.bench import Passage
from weaklink.bench.own import Own
from weaklink_langchain.stores.collection import RetrieverCollection, StoreCollection


def own(given: object) -> Own | None:
    """What is known of a store or retriever of LangChain; None for anything else."""
    if isinstance(given, VectorStore):
        return Own(StoreCollection(given), "langchain", "approximate", given.embeddings, lambda: passages_in(given))
    if isinstance(given, VectorStoreRetriever):
        store = given.vectorstore
        kind = "approximate" if given.search_type == "similarity" else "retriever"
        return Own(RetrieverCollection(given), "langchain", kind, store.embeddings, lambda: passages_in(store))
    if isinstance(given, BaseRetriever):
        return Own(RetrieverCollection(given), "langchain", "retriever")
    return None


def passages_in(store: VectorStore) -> list[Passage]:
    """What is in the store: known for Chroma, FAISS and InMemoryVectorStore; empty for others."""
    if isinstance(store, InMemoryVectorStore):
        return [Passage(id=key, text=row["text"]) for key, row in store.store.items()]
    known: Any = store
    if type(store).__name__ == "Chroma":
        found = known.get(include=["documents"])
        return [Passage(id=key, text=text) for key, text in zip(found["ids"], found["documents"], strict=True) if text]
    if type(store).__name__ == "FAISS":
        documents = ((key, known.docstore.search(key)) for key in known.index_to_docstore_id.values())
        return [Passage(id=key, text=document.page_content) for key, document in documents]
    return []
