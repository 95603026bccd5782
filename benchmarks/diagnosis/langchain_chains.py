"""The pipelines in LangChain and LangGraph, each in a style that people write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypedDict
from uuid import uuid4

from langchain.agents import create_agent
from langchain_classic.chains import create_history_aware_retriever, create_retrieval_chain
from langchain_classic.chains.combine_documents import create_stuff_documents_chain
from langchain_classic.retrievers import ContextualCompressionRetriever, EnsembleRetriever
from langchain_core.callbacks import CallbackManagerForLLMRun, CallbackManagerForRetrieverRun
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.output_parsers import BaseOutputParser, StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnablePassthrough
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.graph import END, START, StateGraph

from benchmarks.diagnosis.pieces import SEARCH_TOOL, Embed, Pieces, Reply, by_words
from benchmarks.diagnosis.pipeline import Asked, Pipeline

REWRITE = PromptTemplate.from_template(
    "Rewrite the question as a query for a search engine.\nQuestion: {question}\nQuery:"
)
CONDENSE = ChatPromptTemplate.from_messages(
    [
        ("system", "Given a chat history and the latest question, formulate a question that stands alone."),
        MessagesPlaceholder("chat_history"),
        ("human", "{input}"),
    ]
)


class SaidModel(BaseChatModel):
    """A chat model that says what a function of its prompt says."""

    say: Callable[[Sequence[BaseMessage]], Reply]

    @property
    def _llm_type(self) -> str:
        return "said"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        reply = self.say(messages)
        calls = [
            {"name": call.tool, "args": dict(call.arguments), "id": f"call_{uuid4().hex[:8]}", "type": "tool_call"}
            for call in reply.calls
        ]
        known = {"finish_reason": "tool_calls" if calls else reply.finish, "model_name": "said"}
        message = AIMessage(reply.text, tool_calls=calls, response_metadata=known)
        return ChatResult(
            generations=[ChatGeneration(message=message, generation_info={"finish_reason": reply.finish})]
        )


class PieceEmbeddings(Embeddings):
    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self.pieces.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.pieces.embed_query([text])[0]


class PieceReranker(BaseDocumentCompressor):
    pieces: Any

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> list[Document]:
        by_text = {document.page_content: document for document in documents}
        return [by_text[text] for text in self.pieces.rerank(query, list(by_text))]


class KeywordRetriever(BaseRetriever):
    pieces: Any

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return _searched(self.pieces, query, by_words(query, self.pieces.passages, self.pieces.k))


class PieceParser(BaseOutputParser[Any]):
    pieces: Any

    def parse(self, text: str) -> Any:
        return self.pieces.parse(text)


class CheckedRetriever(BaseRetriever):
    """A retriever of a company's own around its vector store."""

    store: Any
    pieces: Any

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = [document.page_content for document in self.store.similarity_search(query, k=self.pieces.k)]
        return _searched(self.pieces, query, found)


def _searched(pieces: Pieces, query: str, found: list[str]) -> list[Document]:
    return [Document(text) for text in (pieces.search(query, found) if pieces.search else found)]


@cache
def _indexed(passages: tuple[str, ...], embed: Embed) -> dict[str, Any]:
    """The content of a vector store; kept, because most pipelines index the same passages."""
    store = InMemoryVectorStore(PieceEmbeddings(Pieces(passages, embed_documents=embed)))
    if passages:
        store.add_texts(list(passages))
    return store.store


def retriever_of(pieces: Pieces) -> BaseRetriever:
    store = InMemoryVectorStore(PieceEmbeddings(pieces))
    store.store = _indexed(pieces.passages, pieces.embed_documents)
    if pieces.search is not None:
        return CheckedRetriever(store=store, pieces=pieces)
    return store.as_retriever(search_kwargs={"k": pieces.k})


def writer(pieces: Pieces) -> SaidModel:
    return SaidModel(say=lambda messages: pieces.answer("\n".join(message.text for message in messages)))


def rewriter(pieces: Pieces, question: str) -> SaidModel:
    return SaidModel(say=lambda messages: Reply(pieces.rewrite(question)))


def planner(pieces: Pieces, question: str) -> SaidModel:
    def say(messages: Sequence[BaseMessage]) -> Reply:
        return pieces.next_step(question, [message.text for message in messages if isinstance(message, ToolMessage)])

    return SaidModel(say=say)


def packer(pieces: Pieces) -> Callable[[Sequence[Document]], str]:
    def format_docs(docs: Sequence[Document]) -> str:
        return pieces.pack([document.page_content for document in docs])

    return format_docs


def parser_of(pieces: Pieces) -> Any:
    from benchmarks.diagnosis.pieces import stripped

    return StrOutputParser() if pieces.parse is stripped else PieceParser(pieces=pieces)


SEARCH = ("VectorStoreRetriever", "CheckedRetriever", "KeywordRetriever", "PieceEmbeddings", "search_documents")
ANSWER = ("SaidModel",)
PARSE = ("StrOutputParser", "PieceParser")


def naive(pieces: Pieces, asked: Asked) -> Pipeline:
    """The chain of the tutorials, in LCEL."""
    prompt = PromptTemplate.from_template(pieces.prompt)
    chain = (
        {"context": retriever_of(pieces) | packer(pieces), "question": RunnablePassthrough()}
        | prompt
        | writer(pieces)
        | parser_of(pieces)
    )
    return Pipeline(
        lambda callbacks: chain.invoke(asked.text, {"callbacks": callbacks}),
        {"retrieve": SEARCH, "pack": ("format_docs", "PromptTemplate"), "generate": ANSWER, "parse": PARSE},
    )


def classic(pieces: Pieces, asked: Asked) -> Pipeline:
    """The retrieval chain of langchain-classic: the framework packs."""
    prompt = ChatPromptTemplate.from_messages(
        [("system", pieces.prompt.replace("{question}", "{input}")), ("human", "{input}")]
    )
    chain = create_retrieval_chain(retriever_of(pieces), create_stuff_documents_chain(writer(pieces), prompt))
    return Pipeline(
        lambda callbacks: chain.invoke({"input": asked.text}, {"callbacks": callbacks}),
        {"retrieve": SEARCH, "pack": ("format_inputs", "ChatPromptTemplate"), "generate": ANSWER},
    )


def rewriting(pieces: Pieces, asked: Asked) -> Pipeline:
    """A model rewrites the question into a query first."""
    query = REWRITE | rewriter(pieces, asked.text).with_config(run_name="rewrite_question") | StrOutputParser()
    chain = (
        RunnablePassthrough.assign(query=query)
        | RunnablePassthrough.assign(docs=(lambda found: found["query"]) | retriever_of(pieces))
        | RunnablePassthrough.assign(context=lambda found: packer(pieces)(found["docs"]))
        | PromptTemplate.from_template(pieces.prompt)
        | writer(pieces).with_config(run_name="write_answer")
        | parser_of(pieces)
    )
    return Pipeline(
        lambda callbacks: chain.invoke({"question": asked.text}, {"callbacks": callbacks}),
        {
            "rewrite": ("rewrite_question",), "retrieve": SEARCH, "generate": ("write_answer",), "parse": PARSE,
            "pack": ("RunnableLambda", "RunnableParallel<context>", "RunnableAssign<context>", "PromptTemplate"),
        },
    )  # fmt: skip


def reranker(pieces: Pieces, asked: Asked) -> Pipeline:
    """A deep search, and a reranker that keeps the best."""
    deep = retriever_of(pieces.but(k=2 * pieces.k))

    def rerank(found: dict[str, Any], config: RunnableConfig) -> list[Document]:
        return PieceReranker(pieces=pieces).compress_documents(
            found["docs"], found["question"], config.get("callbacks")
        )

    chain = (
        {"docs": deep, "question": RunnablePassthrough()}
        | RunnablePassthrough.assign(docs=RunnableLambda(rerank))
        | RunnablePassthrough.assign(context=RunnableLambda(lambda found: packer(pieces)(found["docs"])).with_config(run_name="pack"))
        | PromptTemplate.from_template(pieces.prompt)
        | writer(pieces)
        | parser_of(pieces)
    )  # fmt: skip
    return Pipeline(
        lambda callbacks: chain.invoke(asked.text, {"callbacks": callbacks}),
        {
            "retrieve": SEARCH, "rerank": ("PieceReranker", "rerank"), "pack": ("pack", "PromptTemplate"),
            "generate": ANSWER, "parse": PARSE,
        },
    )  # fmt: skip


def compression(pieces: Pieces, asked: Asked) -> Pipeline:
    """The same inside one retriever, as langchain-classic has it."""
    search = ContextualCompressionRetriever(
        base_retriever=retriever_of(pieces.but(k=2 * pieces.k)), base_compressor=PieceReranker(pieces=pieces)
    )
    prompt = ChatPromptTemplate.from_messages([("system", pieces.prompt.replace("{question}", "{input}"))])
    chain = create_retrieval_chain(search, create_stuff_documents_chain(writer(pieces), prompt))
    return Pipeline(
        lambda callbacks: chain.invoke({"input": asked.text}, {"callbacks": callbacks}),
        {
            "retrieve": SEARCH, "rerank": ("PieceReranker", "ContextualCompressionRetriever"), "generate": ANSWER,
            "pack": ("format_inputs", "ChatPromptTemplate")
        },
    )  # fmt: skip


def hybrid(pieces: Pieces, asked: Asked) -> Pipeline:
    """Words and meaning, fused by rank."""
    both = EnsembleRetriever(retrievers=[KeywordRetriever(pieces=pieces), retriever_of(pieces)], weights=[0.5, 0.5])
    chain = (
        {"context": both | packer(pieces), "question": RunnablePassthrough()}
        | ChatPromptTemplate.from_template(pieces.prompt)
        | writer(pieces)
        | parser_of(pieces)
    )
    return Pipeline(
        lambda callbacks: chain.invoke(asked.text, {"callbacks": callbacks}),
        {
            "retrieve": (*SEARCH, "EnsembleRetriever"), "pack": ("format_docs", "ChatPromptTemplate"),
            "generate": ANSWER, "parse": PARSE,
        },
    )  # fmt: skip


def conversational(pieces: Pieces, asked: Asked) -> Pipeline:
    """A follow-up question that a model turns into one that stands alone."""
    search = create_history_aware_retriever(
        rewriter(pieces, asked.text).with_config(run_name="condense"), retriever_of(pieces), CONDENSE
    )
    prompt = ChatPromptTemplate.from_messages(
        [
            ("system", pieces.prompt.replace("{question}", "{input}")),
            MessagesPlaceholder("chat_history"),
            ("human", "{input}"),
        ]
    )
    chain = create_retrieval_chain(
        search, create_stuff_documents_chain(writer(pieces).with_config(run_name="write_answer"), prompt)
    )
    history = [HumanMessage(asked.history[0]), AIMessage(asked.history[1])]
    return Pipeline(
        lambda callbacks: chain.invoke(
            {"input": asked.follow_up, "chat_history": history}, {"callbacks": callbacks}
        ),
        {
            "rewrite": ("condense",), "retrieve": SEARCH, "generate": ("write_answer",),
            "pack": ("format_inputs", "ChatPromptTemplate"),
        },
    )  # fmt: skip


class _State(TypedDict, total=False):
    question: str
    documents: list[Document]
    generation: str


def graph(pieces: Pieces, asked: Asked) -> Pipeline:
    """The RAG graph of the LangGraph tutorials: nodes that call parts by hand."""
    search, prompt, model = retriever_of(pieces), PromptTemplate.from_template(pieces.prompt), writer(pieces)

    def retrieve(state: _State) -> _State:
        return {"documents": search.invoke(state["question"])}

    def generate(state: _State) -> _State:
        context = packer(pieces)(state["documents"])
        said = model.invoke(prompt.invoke({"context": context, "question": state["question"]}))
        return {"generation": pieces.parse(said.text)}

    built: Any = StateGraph(_State)
    built.add_node("retrieve", retrieve)
    built.add_node("generate", generate)
    built.add_edge(START, "retrieve")
    built.add_edge("retrieve", "generate")
    built.add_edge("generate", END)
    app = built.compile()
    return Pipeline(
        lambda callbacks: app.invoke({"question": asked.text}, {"callbacks": callbacks}),
        {"retrieve": SEARCH, "pack": ("PromptTemplate",), "generate": ANSWER, "parse": ("generate",)},
    )


def tools_of(pieces: Pieces) -> list[BaseTool]:
    search = retriever_of(pieces)

    def search_documents(query: str) -> str:
        """Search the documents for passages that answer a question."""
        return pieces.pack([document.page_content for document in search.invoke(query)])

    return [StructuredTool.from_function(search_documents), *(_tool(name, call) for name, call in pieces.tools.items())]


def _tool(name: str, call: Callable[[str], str]) -> BaseTool:
    def run(value: str) -> str:
        return call(value)

    return StructuredTool.from_function(run, name=name, description=call.__doc__ or name)


def agentic(pieces: Pieces, asked: Asked) -> Pipeline:
    """An agent that searches when it wants to."""
    agent = create_agent(
        planner(pieces, asked.text), tools_of(pieces), system_prompt="You are a helpful assistant. Use the tools."
    )
    return Pipeline(
        lambda callbacks: agent.invoke(
            {"messages": [("user", asked.text)]}, {"callbacks": callbacks, "recursion_limit": 20}
        ),
        {
            "retrieve": (*SEARCH, SEARCH_TOOL), "tool": tuple(pieces.tools), "plan": ANSWER, "generate": ANSWER,
            "pack": (SEARCH_TOOL,),
        },
    )  # fmt: skip


PIPELINES: dict[str, Callable[[Pieces, Asked], Pipeline]] = {
    make.__name__: make
    for make in (naive, classic, rewriting, reranker, compression, hybrid, conversational, graph, agentic)
}
