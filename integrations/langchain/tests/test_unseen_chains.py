"""Chains of many shapes over the real Chroma, each broken in one step, and their healthy twins: the right step is named, or none."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import chromadb
import pytest
from chromadb.config import Settings
from langchain_chroma import Chroma
from langchain_classic.retrievers import EnsembleRetriever, MultiQueryRetriever
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnablePassthrough

import weaklink
from weaklink.demo.handbook import load_handbook
from weaklink.diagnosis import diagnose
from weaklink.scoring import embed
from weaklink_langchain import WeaklinkCallbackHandler

QUESTION = "How large is the training budget per year?"
RIGHT, REFUSAL = "The training budget is 1,400 euros per year.", "I don't know, the passages do not say."
PROMPT = ChatPromptTemplate.from_template("Answer from the context.\n\n{context}\n\nQuestion: {question}")
FORGETS = ChatPromptTemplate.from_template("Answer from the context.\n\nQuestion: {question}")


class StaticEmbeddings(Embeddings):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(number) for number in vector] for vector in embed(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


@pytest.fixture(scope="module")
def store() -> Chroma:
    pages = [Document(page.content, metadata={"area": page.id.partition("/")[0]}) for page in load_handbook()]
    client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False, is_persistent=False))
    return Chroma.from_documents(pages, StaticEmbeddings(), collection_name="unseen-chains", client=client)


def model(*texts: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(text) for text in texts]))


def joined(documents: Sequence[Document]) -> str:
    return "\n\n".join(document.page_content for document in documents)


def rag(
    search: Any, answer: str, *, pack: Callable[[Any], str] = joined, prompt: Any = PROMPT, parser: Any = None
) -> Runnable[str, Any]:
    packed = search | RunnableLambda(pack).with_config(run_name="pack")
    return (
        {"context": packed, "question": RunnablePassthrough()} | prompt | model(answer) | (parser or StrOutputParser())
    )  # type: ignore[return-value]


def areas(store: Chroma, *names: str) -> list[Any]:
    return [store.as_retriever(search_kwargs={"k": 3, "filter": {"area": name}}) for name in names]


def ensemble(store: Chroma, *names: str) -> EnsembleRetriever:
    return EnsembleRetriever(retrievers=areas(store, *names), weights=[0.5, 0.5])


def queries(store: Chroma, written: str) -> MultiQueryRetriever:
    return MultiQueryRetriever.from_llm(store.as_retriever(search_kwargs={"k": 3}), model(written))


def refuses(question: str) -> list[Document]:
    raise ConnectionError("store:8000 refused")


def swallowing(question: str, config: RunnableConfig) -> list[Document]:
    try:
        return RunnableLambda(refuses, name="search_store").invoke(question, config)
    except ConnectionError:
        return []


def mapped(store: Chroma, first: str, final: str) -> Runnable[str, Any]:
    notes = iter([first, "Nothing.", "Nothing."])

    def read(documents: Sequence[Document], config: RunnableConfig) -> str:
        one = PROMPT | model(*notes) | StrOutputParser()
        return "\n".join(one.invoke({"context": d.page_content, "question": QUESTION}, config) for d in documents)

    return rag(store.as_retriever(search_kwargs={"k": 3}) | RunnableLambda(read, name="map"), final, pack=str)


Build = Callable[[Chroma], Runnable[str, Any]]
BROKEN: dict[str, tuple[Build, str]] = {
    "the prompt forgets the context": (lambda s: rag(s.as_retriever(), REFUSAL, prompt=FORGETS), "ChatPromptTemplate"),
    "packing cuts": (lambda s: rag(s.as_retriever(), "It is 2,500 euros.", pack=lambda d: joined(d)[:20]), "pack"),
    "a filter of another area": (lambda s: rag(areas(s, "offices")[0], REFUSAL), "VectorStoreRetriever"),
    "a filter with a typing error": (lambda s: rag(areas(s, "benefits")[0], REFUSAL), "VectorStoreRetriever"),
    "queries about something else": (lambda s: rag(queries(s, "canteen lunch\nparking places\nWi-Fi"), REFUSAL), "GenericFakeChatModel"),
    "two searches in the wrong place": (lambda s: rag(ensemble(s, "offices", "time-off"), "It is 900 euros."), "VectorStoreRetriever"),
    "no JSON": (lambda s: rag(s.as_retriever(), "It is 1,400 euros.", parser=JsonOutputParser()), "JsonOutputParser"),
    "an error that is swallowed": (lambda s: rag(RunnableLambda(swallowing, name="search"), REFUSAL), "search_store"),
    "a map step invents": (lambda s: mapped(s, "It is 7,700 euros.", "The budget is 7,700 euros."), "GenericFakeChatModel"),
}  # fmt: skip
HEALTHY: dict[str, Build] = {
    "the same prompt with it": lambda s: rag(s.as_retriever(), RIGHT),
    "packing with room": lambda s: rag(s.as_retriever(), RIGHT, pack=lambda d: joined(d)[:4_000]),
    "a filter of the right area": lambda s: rag(areas(s, "pay-and-benefits")[0], RIGHT),
    "queries in other words": lambda s: rag(queries(s, "training budget\nmoney for courses\nconferences"), RIGHT),
    "one search in the right place": lambda s: rag(ensemble(s, "offices", "pay-and-benefits"), RIGHT),
    "JSON": lambda s: rag(s.as_retriever(), '{"amount": 1400}', parser=JsonOutputParser()),
    "an error with a fallback": lambda s: rag(RunnableLambda(refuses).with_fallbacks([s.as_retriever()]), RIGHT),
    "a map step that reads": lambda s: mapped(s, RIGHT, RIGHT),
}


def diagnosed(build: Build, store: Chroma, folder: Path):
    handler = WeaklinkCallbackHandler(folder / "traces.db")
    with suppress(ValueError):  # what the parser could not read
        build(store).invoke(QUESTION, {"callbacks": [handler]})
    weaklink.flush(30.0)
    trace = handler.last_trace()
    assert trace is not None
    return diagnose(trace)


@pytest.mark.parametrize("name", BROKEN)
def test_the_step_that_broke_is_named(name: str, store: Chroma, tmp_path: Path):
    build, step = BROKEN[name]
    diagnosis = diagnosed(build, store, tmp_path)
    assert (diagnosis.verdict, diagnosis.culprit and diagnosis.culprit.name) == ("broken", step)


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_twin_is_never_blamed(name: str, store: Chroma, tmp_path: Path):
    verdict = diagnosed(HEALTHY[name], store, tmp_path).verdict
    assert verdict in ("ok", "recovered") or (name == "JSON" and verdict == "unknown")
