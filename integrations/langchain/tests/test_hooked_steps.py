"""Steps that LangChain has no callback for: rerankers, embeddings, writes to a vector store."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore

import weaklink
from weaklink.testing import outline


class Letters(Embeddings):
    def embed_query(self, text: str) -> list[float]:
        return [float(text.count("a")), 1.0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class Search(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document("one"), Document("two")]


KEPT = [Document("two", metadata={"relevance_score": 0.9})]


class Reranker(BaseDocumentCompressor):
    fails: bool = False

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Any = None
    ) -> Sequence[Document]:
        if self.fails:
            raise ConnectionError("no reranker")
        return KEPT


class AsyncReranker(Reranker):
    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Any = None
    ) -> Sequence[Document]:
        await asyncio.sleep(0)
        return self.compress_documents(documents, query, callbacks)


def check_reranker(span: Any, score_kind: str = "rerank") -> None:
    assert [found.content for found in span.candidates] == ["one", "two"]
    assert [(found.content, found.score, found.score_kind) for found in span.documents] == [("two", 0.9, score_kind)]
    assert (span.kind, span.status, span.input, span.output) == ("reranker", "ok", "x", None)


@pytest.mark.parametrize("reranker", [Reranker, AsyncReranker])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
async def test_a_compression_retriever_shows_search_and_reranker(is_async, reranker, handler, traces):
    classic = pytest.importorskip("langchain_classic.retrievers")
    retriever = classic.ContextualCompressionRetriever(base_compressor=reranker(), base_retriever=Search())

    config = {"callbacks": [handler]}
    found = await retriever.ainvoke("x", config) if is_async else retriever.invoke("x", config)

    trace = traces()[0]
    assert outline(trace) == (
        f"ContextualCompressionRetriever:retriever > (Search:retriever, {reranker.__name__}:reranker)"
    )
    check_reranker(trace.of_kind("reranker")[0])
    assert found[0] is KEPT[0]


def test_a_pipeline_of_compressors_is_one_reranker_with_its_parts_below(handler, traces):
    pipelines = pytest.importorskip("langchain_classic.retrievers.document_compressors")
    pipeline = pipelines.DocumentCompressorPipeline(transformers=[Reranker(), Reranker()])

    (Search() | (lambda found: pipeline.compress_documents(found, "x"))).invoke("x", {"callbacks": [handler]})

    rerankers = traces()[0].of_kind("reranker")
    assert rerankers[0].name == "DocumentCompressorPipeline"
    assert {span.status for span in rerankers} == {"ok"}


@pytest.mark.parametrize("call", [
    lambda found: Reranker().compress_documents(found, "x"),
    lambda found: Reranker().compress_documents(documents=found, query="x", callbacks=None),
    lambda found: AsyncReranker().compress_documents(found, query="x"),
], ids=["by place", "by name", "mixed"])  # fmt: skip
def test_a_reranker_called_by_hand_is_a_step(call, handler, traces):
    def rerank(found: list[Document]) -> Any:
        return call(found)

    result = (Search() | rerank).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    check_reranker(trace.of_kind("reranker")[0])
    assert trace.parent(trace.of_kind("reranker")[0]).name == "rerank"
    assert result is KEPT


async def test_a_reranker_awaited_by_hand_is_a_step(handler, traces):
    async def rerank(found: list[Document]) -> Any:
        return await AsyncReranker().acompress_documents(found, "x")

    assert await (Search() | RunnableLambda(rerank)).ainvoke("x", {"callbacks": [handler]}) is KEPT

    check_reranker(traces()[0].of_kind("reranker")[0])


def test_a_reranker_that_fails_is_the_step_that_broke(handler, traces):
    def rerank(found: list[Document]) -> Any:
        return Reranker(fails=True).compress_documents(found, "x")

    with pytest.raises(ConnectionError):
        (Search() | rerank).invoke("x", {"callbacks": [handler]})

    trace = traces()[0]
    assert outline(trace) == "RunnableSequence:chain!* > (Search:retriever, rerank:chain! > Reranker:reranker!)"
    assert trace.root.error.origin == trace.of_kind("reranker")[0].id


async def test_a_reranker_that_is_cancelled_is_no_failure(handler, traces, recorder):
    class Slow(Reranker):
        async def acompress_documents(self, *args: Any, **kwargs: Any) -> Any:
            await asyncio.sleep(30)

    async def rerank(found: list[Document]) -> Any:
        return await Slow().acompress_documents(found, "x")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for((Search() | RunnableLambda(rerank)).ainvoke("x", {"callbacks": [handler]}), 0.2)

    assert outline(traces()[0]) == (
        "RunnableSequence:chain[cancelled]* > (Search:retriever, rerank:chain[cancelled] > Slow:reranker[cancelled])"
    )
    assert recorder.open_spans == 0


def test_an_embedding_outside_a_retriever_is_a_step_without_its_vectors(handler, traces):
    def embed(text: str) -> int:
        return len(Letters().embed_query(text)) + len(Letters().embed_documents([text, text]))

    assert RunnableLambda(embed).invoke("aa", {"callbacks": [handler]}) == 4

    trace = traces()[0]
    assert outline(trace) == "embed:chain > (Letters:embedding, Letters:embedding)"
    assert [(span.input, span.output["vectors"], span.output["dimensions"]) for span in trace.spans[1:]] == [
        ("aa", 1, 2), (["aa", "aa"], 2, 2),
    ]  # fmt: skip


def test_what_is_written_to_a_store_inside_a_chain_is_a_step(handler, traces):
    store = InMemoryVectorStore(Letters())

    RunnableLambda(lambda text: store.add_texts([text])).with_config(run_name="save").invoke(
        "aa", {"callbacks": [handler]}
    )

    assert outline(traces()[0]) == "save:chain > InMemoryVectorStore:vector_store > Letters:embedding"


@pytest.mark.parametrize("way", ["record", "install"])
def test_what_is_written_to_a_store_outside_a_chain_is_a_trace(way, store, recorder, traces):
    def write() -> None:
        index = InMemoryVectorStore(Letters())
        index.add_documents([Document("aa"), Document("b")])
        index.add_texts(["c"])

    write()
    if way == "record":
        with weaklink.record(str(store)):
            write()
    else:
        weaklink.install(str(store))
        write()
        weaklink.uninstall()
    write()

    found = traces()
    assert [outline(trace) for trace in found] == ["InMemoryVectorStore:vector_store > Letters:embedding"] * 2
    assert [trace.root.input for trace in found] == [
        [{"$type": "document", "id": None, "content": text, "metadata": {}} for text in ("aa", "b")], ["c"],
    ]  # fmt: skip
    assert recorder.open_spans == 0


async def test_what_is_written_asynchronously_is_a_trace_too(store, recorder, traces):
    with weaklink.record(str(store)):
        await InMemoryVectorStore(Letters()).aadd_documents([Document("aa")])

    assert [outline(trace) for trace in traces()] == ["InMemoryVectorStore:vector_store > Letters:embedding"]


def test_an_iterator_of_texts_is_left_for_the_store_to_read(store, recorder, traces):
    seen: list[str] = []

    class Listing(InMemoryVectorStore):
        def add_texts(self, texts: Any, metadatas: Any = None, **kwargs: Any) -> list[str]:
            seen.extend(texts)
            return []

    with weaklink.record(str(store)):
        Listing(Letters()).add_texts(iter(["a", "b"]))

    assert seen == ["a", "b"]


def test_classes_made_later_are_hooked_and_keep_their_names_and_signatures(handler, traces):
    import inspect

    class Late(Reranker):
        def compress_documents(self, documents: Any, query: str, callbacks: Any = None, *, extra: int = 1) -> Any:
            """Its own words."""
            return documents[extra:]

    assert list(inspect.signature(Late.compress_documents).parameters)[-1] == "extra"
    assert (Late.compress_documents.__name__, Late.compress_documents.__doc__) == (
        "compress_documents",
        "Its own words.",
    )
    (Search() | (lambda found: Late().compress_documents(found, "x", extra=1))).invoke("x", {"callbacks": [handler]})
    assert [found.content for found in traces()[0].of_kind("reranker")[0].documents] == ["two"]


def test_where_nobody_listens_a_hooked_method_only_does_its_work(store, recorder):
    assert Reranker().compress_documents([Document("one")], "x") is KEPT
    assert Letters().embed_query("aa") == [2.0, 1.0]
    with pytest.raises(ConnectionError):
        Reranker(fails=True).compress_documents([], "x")
    assert recorder.counts().emitted == 0


def test_a_handler_without_hooks_leaves_every_class_as_it_is(tmp_path):
    code = f"""
from weaklink_langchain import WeaklinkCallbackHandler
from langchain_core.documents import BaseDocumentCompressor
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.vectorstores import InMemoryVectorStore, VectorStoreRetriever
before = dict(vars(DeterministicFakeEmbedding)), dict(vars(InMemoryVectorStore)), dict(vars(VectorStoreRetriever))
handler = WeaklinkCallbackHandler({str(tmp_path / "t.db")!r}, hooks=False)
store = InMemoryVectorStore(DeterministicFakeEmbedding(size=3))
store.add_texts(["x"])
store.as_retriever().invoke("x", {{"callbacks": [handler]}})
assert [document.score for document in handler.last_trace().root.documents] == [None]
after = dict(vars(DeterministicFakeEmbedding)), dict(vars(InMemoryVectorStore)), dict(vars(VectorStoreRetriever))
assert before == after
WeaklinkCallbackHandler({str(tmp_path / "t.db")!r})
assert "embed_query" in vars(DeterministicFakeEmbedding) and hasattr(DeterministicFakeEmbedding.embed_query, "__wrapped__")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
