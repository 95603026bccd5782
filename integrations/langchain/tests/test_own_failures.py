"""When something of ours breaks: the chain goes on as if we were not there, and one warning says so."""

import asyncio
import logging
from typing import Any

import pytest
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.graph import START, MessagesState, StateGraph

from weaklink.recorder import Recorder, encode, errors, recorder
from weaklink.recorder.latest import Latest
from weaklink.snapshot import Snapshotter
from weaklink_langchain import WeaklinkCallbackHandler, capture, convert, hooks, langgraph, recording, scores, steps
from weaklink_langchain.capture import Capture
from weaklink_langchain.recording import Recording


class Letters(Embeddings):
    def embed_query(self, text: str) -> list[float]:
        return [float(len(text)), 1.0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class Reranker(BaseDocumentCompressor):
    def compress_documents(self, documents: Any, query: str, callbacks: Any = None) -> Any:
        return documents[:1]


@tool
def shout(text: str) -> str:
    """Shouts."""
    return text.upper()


@tool
def refuse(text: str) -> str:
    """Refuses."""
    raise ConnectionError(text)


STORE = InMemoryVectorStore(Letters())
STORE.add_documents([Document("one"), Document("three")])


def rerank(found: list[Document]) -> Any:
    return Reranker().compress_documents(found, "x")


RAG = (
    {"found": STORE.as_retriever() | rerank, "text": RunnablePassthrough()}
    | ChatPromptTemplate.from_template("{found} {text}")
    | FakeListChatModel(responses=["fine"])
    | StrOutputParser()
    | {"text": RunnablePassthrough()}
    | shout.with_fallbacks([refuse])
)
FAILING = RunnableLambda(lambda text: {"text": text}) | refuse


def agent() -> Any:
    graph = StateGraph(MessagesState)
    graph.add_node("say", lambda state: {"messages": [("ai", "fine")]})
    graph.add_edge(START, "say")
    return graph.compile()


def everything(config: Any) -> list[Any]:
    """A run of every kind, in every mode."""
    results: list[Any] = [
        RAG.invoke("x", config), asyncio.run(RAG.ainvoke("x", config)), list(RAG.stream("x", config)), RAG.batch(["x"], config),
        agent().invoke({"messages": []}, config)["messages"][-1].content,
    ]  # fmt: skip
    stream = (ChatPromptTemplate.from_template("{x}") | FakeListChatModel(responses=["fine"])).stream({"x": 1}, config)
    results.append(next(stream).content)
    stream.close()
    try:
        FAILING.invoke("x", config)
    except ConnectionError as error:
        results.append(error.args)
    return results


PARTS: list[tuple[Any, str]] = [
    *[(Recorder, name) for name in ("begin", "find", "finish", "fail_with", "_put", "_close_children", "_sweep_gone", "_amend")],
    *[(Snapshotter, name) for name in ("take", "freeze", "_encoder_for", "freeze_dict", "_list")],
    *[(convert, name) for name in ("name_of", "invocation_of", "model_call", "tool_names", "answer_of", "with_answer", "output_of")],
    *[
        (steps, name)
        for name in (
            "own_metadata", "read_tags", "describe", "describe_node", "template_of", "describe_retriever", "describe_documents",
            "add_scores", "arguments", "describe_reranker", "result_of", "says_error",
        )
    ],
    (recording, "is_plumbing_name"), (langgraph, "status_of"), (langgraph, "is_interrupted"), (capture, "read"), (capture, "here"),
    (recorder, "describe"), (recorder, "_swept_status"), (errors, "message_of"), (errors, "_stack"),
    (Latest, "watch"), (hooks, "listening_place"), (scores, "listening_place"), (scores, "_scored"),
    *[
        (Recording, name)
        for name in ("begin", "end_chain", "end_llm", "end_retriever", "end_tool", "end", "fail", "set_answer", "note_scores")
    ],
    *[(Capture, name) for name in ("start", "end", "fail", "tell", "take", "first_token", "origin", "_results")],
    (WeaklinkCallbackHandler, "start_hooked"), (WeaklinkCallbackHandler, "note_scores"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "name"), PARTS, ids=[name for _, name in PARTS])
def test_the_chain_does_not_notice_that_a_part_of_ours_fails(place, name, store, recorder, monkeypatch, caplog):
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ours")

    untraced = everything({})
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(place, name, fail)
        handler = WeaklinkCallbackHandler(store)
        traced = everything({"callbacks": [handler], "metadata": {"mine": 1}, "tags": ["mine"]})
        recorder.catch_up()

    assert traced == untraced
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == len(set(messages))
    assert all(message.startswith("weaklink: ") for message in messages), messages


def test_the_same_runs_with_all_parts_in_order_warn_of_nothing(handler, recorder, traces, caplog):
    with caplog.at_level(logging.WARNING):
        assert everything({"callbacks": [handler]}) == everything({})

    assert caplog.records == []
    assert recorder.open_spans == 0
    assert {trace.status for trace in traces()} == {"ok", "abandoned", "error"}


def test_a_record_that_cannot_be_stored_is_counted_and_told_once(handler, recorder, monkeypatch, caplog):
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("ours")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(encode, "_count", fail)
        assert RunnableLambda(str).invoke("x", {"callbacks": [handler]}) == "x"
        assert RunnableLambda(str).invoke("y", {"callbacks": [handler]}) == "y"
        assert recorder.flush(10)

    counts = recorder.counts()
    assert (counts.emitted, counts.stored, counts.dropped) == (2, 0, {"could not be encoded": 2})
    assert len(caplog.records) == 1


def test_a_strict_handler_raises_what_is_ours(store, recorder, monkeypatch):
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ours")

    with monkeypatch.context() as patch:
        patch.setattr(Snapshotter, "take", fail)
        handler = WeaklinkCallbackHandler(store, strict=True)
        with pytest.raises(RuntimeError, match="ours"):
            RunnableLambda(str).invoke("x", {"callbacks": [handler], "metadata": {"mine": 1}})


def test_a_strict_handler_raises_what_came_up_later_when_it_is_flushed_and_only_once(store, recorder, monkeypatch):
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ours")

    handler = WeaklinkCallbackHandler(store, strict=True)
    monkeypatch.setattr(steps, "own_metadata", fail)
    with recorder.backlog._lock:  # nobody deals with the start before the end is told, which would raise it
        RunnableLambda(str).invoke("x", {"callbacks": [handler], "metadata": {"mine": 1}})
    with pytest.raises(RuntimeError, match="ours"):
        handler.flush()
    assert handler.flush()
