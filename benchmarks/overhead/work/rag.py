"""The LangChain RAG chain of 8 runs, with a chat model that answers at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore

TOKENS = [f"token{i:03} " for i in range(200)]
USAGE = UsageMetadata(input_tokens=900, output_tokens=200, total_tokens=1100)
DOCUMENTS = 16


def new_answer() -> str:
    """The same text in a new string each time, as it comes from a real model."""
    return "".join(TOKENS)


class FakeChat(BaseChatModel):
    """Answers at once: 200 tokens, streamed one by one."""

    @property
    def _llm_type(self) -> str:
        return "fake-chat"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(new_answer(), usage_metadata=USAGE))])

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return self._generate(messages)

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for text in TOKENS:
            yield ChatGenerationChunk(message=AIMessageChunk(content=text))


def documents() -> list[Document]:
    """16 documents of 1 kB with metadata."""
    text = "lorem ipsum dolor sit amet " * 37
    return [
        Document(page_content=f"Document {i}. {text}", metadata={"source": f"file{i}.md", "page": i}, id=str(i))
        for i in range(DOCUMENTS)
    ]


def join(state: dict[str, Any]) -> dict[str, str]:
    """Packs the documents into one context."""
    return {"context": "\n\n".join(d.page_content for d in state["docs"]), "question": state["question"]}


async def join_async(state: dict[str, Any]) -> dict[str, str]:
    """The same for async calls: without it LangChain would send `join` to a thread."""
    return join(state)


def rag_chain() -> Any:
    """Retrieve four of the documents, pack them, prompt, generate, parse."""
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=64))
    store.add_documents(documents())
    prompt = ChatPromptTemplate.from_messages([("system", "Answer from:\n{context}"), ("human", "{question}")])
    retrieve = RunnableParallel(docs=store.as_retriever(search_kwargs={"k": 4}), question=RunnablePassthrough())
    return retrieve | RunnableLambda(join, afunc=join_async, name="join") | prompt | FakeChat() | StrOutputParser()
