"""R18: what Weaklink itself asks of models, embedders and stores is no step of anybody's chain."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.schema import TextNode

import weaklink
from weaklink.diagnosis import probe
from weaklink.recorder import Recorder
from weaklink.store import open_store
from weaklink_langchain import WeaklinkCallbackHandler
from weaklink_ragas import RagasScorer

PASSAGES = ("The largest room in Ostmere is Heron.", "Standby pay is 45 euros.")
JUDGED = weaklink.trace_from("What is the pay?", PASSAGES, "Standby pay is 45 euros. It is paid monthly.")


def langchain_store() -> InMemoryVectorStore:
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    store.add_documents([Document(text) for text in PASSAGES])
    return store


def llama_index_store() -> VectorStoreIndex:
    return VectorStoreIndex([TextNode(text=text) for text in PASSAGES], embed_model=MockEmbedding(embed_dim=8))


def chat_model(asked: list[str]) -> RunnableLambda[Any, str]:
    """A LangChain model that notes that it was asked."""
    model = FakeListChatModel(responses=['{"statements": ["It is."]}', '{"statements": []}'])
    return RunnableLambda(lambda prompt: asked.append("model") or model.invoke(prompt).content)


def questions(asked: list[str]) -> dict[str, Callable[[], Any]]:
    """Each way in which Weaklink asks something that the user's framework would report as a step."""
    langchain, llama_index = langchain_store(), llama_index_store()
    retriever = langchain.as_retriever()
    judge = chat_model(asked)
    embeddings = DeterministicFakeEmbedding(size=8)
    return {
        "default scorers": lambda: weaklink.diagnose(JUDGED, weaklink.score(JUDGED)),
        "a LangChain judge": lambda: RagasScorer("faithfulness", FakeListChatModel(responses=["{}"]), retries=0).score(JUDGED),
        "a function that asks LangChain": lambda: RagasScorer("faithfulness", lambda text: judge.invoke(text), retries=0).score(JUDGED),
        "a LlamaIndex judge": lambda: RagasScorer("faithfulness", MockLLM(), retries=0).score(JUDGED),
        "embeddings of a judge": lambda: RagasScorer("answer_relevancy", MockLLM(), embeddings=embeddings, retries=0).score(JUDGED),
        "an estimate": lambda: RagasScorer("faithfulness", FakeListChatModel(responses=["{}"])).estimate(JUDGED),
        "a scorer of the user's": lambda: weaklink.score(JUDGED, [lambda trace: float(bool(judge.invoke(trace.answer)))]),
        "a probe of a LangChain store": lambda: probe(JUDGED, langchain),
        "a probe of a LangChain retriever": lambda: probe(JUDGED, retriever),
        "a probe of a LlamaIndex index": lambda: probe(JUDGED, llama_index),
        "a probe through a function": lambda: probe(JUDGED, lambda query, k: [found.page_content for found in retriever.invoke(query)]),
    }  # fmt: skip


def steps_in(path: Path) -> list[str]:
    store = open_store(path)
    try:
        return [span.name for trace in store.traces() for span in trace.spans]
    finally:
        store.close()


def test_what_weaklink_asks_is_no_step(shared_recorder: Recorder, store_path: Path):
    asked: list[str] = []
    own = questions(asked)  # putting passages into a store is the user's own work, and over before we listen
    weaklink.install(store=str(store_path))
    try:
        ask_all(own, WeaklinkCallbackHandler(store_path))
    finally:
        weaklink.uninstall()
    assert shared_recorder.flush(60)
    found = steps_in(store_path)
    expected = ["RunnableLambda", "FakeListChatModel"] * (len(own) + 1) + ["RunnableSequence"] * len(own) + [*own]
    too_many = len(found) - len(expected)
    print(f"R18: {2 * len(own)} times Weaklink asked a judge, an embedder or a store: {too_many} of its calls recorded, "
          f"{len(expected)} of {len(expected)} steps of the user's own")  # fmt: skip
    assert sorted(found) == sorted(expected)
    assert len(asked) >= 4


def ask_all(own: dict[str, Callable[[], Any]], handler: WeaklinkCallbackHandler) -> None:
    """Beside the user's chains, and in the middle of them."""
    for ask in own.values():
        ask()
    mine = chat_model([])
    for name, ask in own.items():  # where the chain has a handler of its own besides
        step = RunnableLambda(lambda text, ask=ask: ask() and text, name=name)
        (step | mine).invoke("x", {"callbacks": [handler]})
    mine.invoke("x")
