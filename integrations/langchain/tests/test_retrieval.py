"""What is kept of a retrieval: ids, order, metadata, and the scores that LangChain throws away."""

import math
from typing import Any

import chromadb
import pytest
from chromadb.config import Settings
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore

from weaklink.testing import outline


class Letters(Embeddings):
    """Counts a and b, so that distances are known by heart."""

    def embed_query(self, text: str) -> list[float]:
        return [float(text.count("a")), float(text.count("b")), 1.0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class Broken(Letters):
    def embed_query(self, text: str) -> list[float]:
        raise ConnectionError("no embedding")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[0.0, 0.0, 1.0] for _ in texts]


class FAISS(VectorStore):
    """Distances, as that store has them, and NaN for what is empty."""

    def __init__(self, embedding: Embeddings) -> None:
        self.embedding = embedding
        self.kept: list[Document] = []

    def add_texts(self, texts: Any, metadatas: Any = None, **kwargs: Any) -> list[str]:
        self.kept += [Document(text) for text in texts]
        return []

    @classmethod
    def from_texts(cls, texts: Any, embedding: Embeddings, metadatas: Any = None, **kwargs: Any) -> "FAISS":
        store = cls(embedding)
        store.add_texts(texts)
        return store

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        wanted = self.embedding.embed_query(query)
        pairs = [(found, math.dist(wanted, self.embedding.embed_query(found.page_content))) for found in self.kept]
        return [
            (found, score if found.page_content else math.nan) for found, score in sorted(pairs, key=lambda p: p[1])[:k]
        ]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        return [found for found, _ in self.similarity_search_with_score(query, k)]

    def _select_relevance_score_fn(self) -> Any:
        return lambda distance: 1 / (1 + distance)


class MyFaiss(FAISS):
    pass


DOCUMENTS = [Document("aab", id="1", metadata={"source": "s.md"}), Document("abb", id="2"), Document("bbb", id="3")]


def in_memory(embedding: Embeddings | None = None) -> InMemoryVectorStore:
    store = InMemoryVectorStore(embedding or Letters())
    store.add_documents(DOCUMENTS)
    return store


@pytest.fixture(scope="module")
def chroma() -> Chroma:
    # Chroma's in-process clients must all have the same settings; the demo's are these.
    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False, is_persistent=False))
    store = Chroma("letters", Letters(), client=client)
    store.add_documents(DOCUMENTS)
    return store


def scores(span: Any) -> list[Any]:
    return [
        (found.content, found.rank, found.score and round(found.score, 3), found.score_kind, found.higher_is_better)
        for found in span.documents
    ]


async def run(runnable: Any, handler: Any, is_async: bool) -> Any:
    config = {"callbacks": [handler]}
    return await runnable.ainvoke("aa", config) if is_async else runnable.invoke("aa", config)


BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@BOTH
async def test_chroma_tells_distances(is_async, handler, traces, chroma):
    await run(chroma.as_retriever(search_kwargs={"k": 2}), handler, is_async)

    (span,) = traces()[0].spans
    assert scores(span) == [("aab", 1, 1.0, "distance", False), ("abb", 2, 5.0, "distance", False)]
    assert [(found.id, found.metadata) for found in span.documents] == [("1", {"source": "s.md"}), ("2", {})]
    assert (span.kind, span.input, span.output, span.tags) == ("retriever", "aa", None, ())
    assert span.attributes["store"] == "Chroma"
    assert span.attributes["query_embedding"]["dimensions"] == 3


@BOTH
async def test_one_document_alone_still_has_a_direction(is_async, handler, traces, chroma):
    await run(chroma.as_retriever(search_kwargs={"k": 1}), handler, is_async)

    assert scores(traces()[0].root) == [("aab", 1, 1.0, "distance", False)]


@BOTH
async def test_the_store_in_memory_tells_similarities(is_async, handler, traces):
    await run(in_memory().as_retriever(search_kwargs={"k": 2}), handler, is_async)

    assert scores(traces()[0].root) == [("aab", 1, 0.913, "similarity", True), ("abb", 2, 0.548, "similarity", True)]


@BOTH
@pytest.mark.parametrize("kind", [FAISS, MyFaiss])
async def test_a_store_with_distances_is_known_by_its_order_or_its_family(kind, is_async, handler, traces):
    store = kind.from_texts(["abb", "aab"], Letters())
    await run(store.as_retriever(search_kwargs={"k": 2}), handler, is_async)
    await run(store.as_retriever(search_kwargs={"k": 1}), handler, is_async)

    two, one = traces()
    assert scores(two.root) == [("aab", 1, 1.0, "distance", False), ("abb", 2, 2.236, "distance", False)]
    assert scores(one.root) == [("aab", 1, 1.0, "distance", False)]


def test_a_score_that_is_no_number_is_left_out(handler, traces):
    FAISS.from_texts(["aab", ""], Letters()).as_retriever().invoke("aa", {"callbacks": [handler]})

    assert scores(traces()[0].root) == [("aab", 1, 1.0, "distance", False), ("", 2, None, "", None)]


@BOTH
async def test_a_threshold_search_tells_relevance(is_async, handler, traces):
    retriever = FAISS.from_texts(["aab", "abb", "bbb"], Letters()).as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.3}
    )
    await run(retriever, handler, is_async)

    assert scores(traces()[0].root) == [("aab", 1, 0.5, "relevance", True), ("abb", 2, 0.309, "relevance", True)]


def test_a_threshold_search_of_a_store_that_has_none_fails_as_it_does_without_us(handler, traces):
    retriever = in_memory().as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.3}
    )

    with pytest.raises(NotImplementedError):
        retriever.invoke("aa", {"callbacks": [handler]})

    assert outline(traces()[0]) == "VectorStoreRetriever:retriever!"


@BOTH
async def test_a_diverse_search_tells_no_scores(is_async, handler, traces, chroma):
    await run(chroma.as_retriever(search_type="mmr", search_kwargs={"k": 2}), handler, is_async)

    assert [entry[2:] for entry in scores(traces()[0].root)] == [(None, "", None)] * 2


def test_the_same_text_twice_keeps_both_scores(handler, traces):
    class Twice(FAISS):
        def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
            return [(Document("aab", id="1"), 0.1), (Document("aab", id="2"), 0.4)]

    Twice(Letters()).as_retriever().invoke("aa", {"callbacks": [handler]})

    assert [(found.id, found.score) for found in traces()[0].root.documents] == [("1", 0.1), ("2", 0.4)]


def test_scores_in_the_metadata_are_read_there_and_left_there(handler, traces):
    class Cohere(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document("x", metadata={"relevance_score": 0.7}), Document("y", metadata={"relevance_score": True})]

    found = Cohere().invoke("aa", {"callbacks": [handler]})

    assert scores(traces()[0].root) == [("x", 1, 0.7, "relevance", True), ("y", 2, None, "", None)]
    assert [document.metadata for document in found] == [{"relevance_score": 0.7}, {"relevance_score": True}]


@BOTH
async def test_a_retriever_of_one_s_own_that_asks_a_store_has_its_scores_and_its_embedding(
    is_async, handler, traces, chroma
):
    class Own(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return chroma.similarity_search(query, k=1)

    await run(RunnableLambda(str) | Own(), handler, is_async)

    trace = traces()[0]
    assert outline(trace) == "RunnableSequence:chain* > (str:chain, Own:retriever)"
    (span,) = trace.of_kind("retriever")
    assert scores(span) == [("aab", 1, 1.0, "distance", False)]
    assert span.attributes["query_embedding"]["dimensions"] == 3


def test_a_retriever_that_does_not_take_a_run_manager_works(handler, traces):
    class Old(BaseRetriever):
        def _get_relevant_documents(self, query: str) -> list[Document]:  # type: ignore[override]
            return [Document(query)]

    assert Old().invoke("aa", {"callbacks": [handler]}) == [Document("aa")]
    assert outline(traces()[0]) == "Old:retriever"


@BOTH
async def test_an_embedding_that_fails_inside_a_retriever_is_the_step_that_broke(is_async, handler, traces):
    with pytest.raises(ConnectionError):
        await run(in_memory(Broken()).as_retriever(), handler, is_async)

    trace = traces()[0]
    assert outline(trace) == "VectorStoreRetriever:retriever! > Broken:embedding!"
    assert trace.spans[1].input == "aa"
    assert {span.error.origin for span in trace.spans} == {trace.spans[1].id}


@BOTH
async def test_a_function_that_asks_a_store_is_a_retriever(is_async, handler, traces):
    store = in_memory()

    def find(query: str) -> dict[str, Any]:
        return {"documents": store.similarity_search(query, k=2), "query": query}

    await run(RunnableLambda(find), handler, is_async)

    trace = traces()[0]
    assert outline(trace) == "find:retriever > Letters:embedding"
    assert scores(trace.root) == [("aab", 1, 0.913, "similarity", True), ("abb", 2, 0.548, "similarity", True)]


def test_a_function_that_calls_a_retriever_is_none_itself(handler, traces):
    def find(query: str) -> list[Document]:
        return in_memory().as_retriever().invoke(query)

    RunnableLambda(find).invoke("aa", {"callbacks": [handler]})

    assert traces()[0].root.kind == "chain"
    assert len(traces()[0].of_kind("retriever")) == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda found: found[:1], "reranker"),
        (lambda found: found[::-1], "reranker"),
        (lambda found: [*found], "chain"),
        (lambda found: [document.page_content for document in found], "chain"),
        (len, "chain"),
        (lambda found: [], "chain"),
    ],
    ids=["drops", "moves", "copies", "reads", "counts", "loses all"],
)
def test_a_function_that_drops_or_moves_documents_is_a_reranker(change, kind, handler, traces):
    def work(found: list[Document]) -> Any:
        return change(found)

    (in_memory().as_retriever() | work).invoke("aa", {"callbacks": [handler]})

    span = traces()[0].spans[-1]
    assert (span.name, span.kind) == ("work", kind)
    if kind == "reranker":
        assert [found.content for found in span.candidates] == ["aab", "abb", "bbb"]
        assert [found.content for found in span.documents] == [found.page_content for found in change(DOCUMENTS)]


def test_an_empty_result_has_no_documents(handler, traces):
    InMemoryVectorStore(Letters()).as_retriever().invoke("aa", {"callbacks": [handler]})

    assert (traces()[0].status, traces()[0].root.documents) == ("ok", ())
