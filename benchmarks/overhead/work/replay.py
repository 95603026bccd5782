"""The callbacks of one RAG call without the call: the same 8 runs and payloads, through LangChain's CallbackManager."""

from __future__ import annotations

import time
from typing import Any

from langchain_core.callbacks import CallbackManager
from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.prompts import ChatPromptTemplate

from benchmarks.overhead.work.rag import USAGE, join


def run(manager: CallbackManager, name: str, given: Any, returned: Any) -> None:
    """One step that starts and ends."""
    manager.on_chain_start(None, given, name=name).on_chain_end(returned)


def replay(
    config: dict[str, Any], question: str, docs: list[Document], answer: str, prompt: ChatPromptTemplate
) -> float:
    """Fires the events of one call; returns seconds of CPU of this thread, which stay exact on a busy machine."""
    state = {"docs": docs, "question": question}
    joined = join(state)
    value, message = prompt.format_prompt(**joined), AIMessage(answer, usage_metadata=USAGE)
    parameters = {"invocation_params": {"_type": "fake-chat", "stop": None}, "options": {"stop": None}}
    began = time.thread_time()
    manager = CallbackManager.configure(inheritable_callbacks=config.get("callbacks"))
    root = manager.on_chain_start(None, question, name="RunnableSequence")
    child = root.get_child()
    parallel = child.on_chain_start(None, question, name="RunnableParallel")
    inner = parallel.get_child()
    inner.on_retriever_start(None, question, name="VectorStoreRetriever").on_retriever_end(docs)
    run(inner, "RunnablePassthrough", question, question)
    parallel.on_chain_end(state)
    run(child, "join", state, joined)
    run(child, "ChatPromptTemplate", joined, value)
    (model,) = child.on_chat_model_start({"name": "FakeChat"}, [value.to_messages()], name="FakeChat", **parameters)
    model.on_llm_end(LLMResult(generations=[[ChatGeneration(message=message)]]))
    run(child, "StrOutputParser", message, answer)
    root.on_chain_end(answer)
    return time.thread_time() - began
