"""The pipelines in LlamaIndex, each in a style that people write."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from uuid import uuid4

from llama_index.core import PromptTemplate, VectorStoreIndex, get_response_synthesizer
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, LLMMetadata, MessageRole
from llama_index.core.base.response.schema import PydanticResponse, Response
from llama_index.core.chat_engine import CondenseQuestionChatEngine
from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import CustomQueryEngine, RetrieverQueryEngine, TransformQueryEngine
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle, TextNode
from llama_index.core.tools import FunctionTool
from llama_index_instrumentation import get_dispatcher

from benchmarks.diagnosis.pieces import SEARCH_TOOL, Embed, Pieces, Reply, by_words
from benchmarks.diagnosis.pipeline import Asked, Pipeline

step = get_dispatcher(__name__).span


class SaidLLM(CustomLLM):
    """A model that says what a function of its prompt says."""

    say: Callable[[str], Reply]

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="said", context_window=32_000)

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        reply = self.say(prompt)
        return CompletionResponse(text=reply.text, raw={"choices": [{"finish_reason": reply.finish}]})

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        def pieces() -> Any:
            reply = self.say(prompt)
            yield CompletionResponse(text=reply.text, delta=reply.text)

        return pieces()


class RewritingLLM(SaidLLM):
    """The same; another name, so that the trace tells the two apart."""


class PlanningLLM(FunctionCallingLLM):
    """A function-calling model whose steps a function decides."""

    decide: Callable[[Sequence[str]], Reply]

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="said", is_chat_model=True, is_function_calling_model=True)

    def _reply(self, messages: Sequence[ChatMessage]) -> ChatResponse:
        results = [message.content or "" for message in messages if message.role == MessageRole.TOOL]
        reply = self.decide(results)
        calls = [
            {"name": call.tool, "arguments": dict(call.arguments), "id": f"call_{uuid4().hex[:8]}"}
            for call in reply.calls
        ]
        message = ChatMessage(reply.text, role=MessageRole.ASSISTANT, additional_kwargs={"tool_calls": calls})
        raw = {"choices": [{"finish_reason": "tool_calls" if calls else reply.finish}]}
        return ChatResponse(message=message, raw=raw, delta=reply.text)

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self._reply(messages)

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self._reply(messages)

    def stream_chat(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    astream_chat = complete = acomplete = stream_complete = astream_complete = stream_chat

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        return [
            ToolSelection(tool_id=call["id"], tool_name=call["name"], tool_kwargs=call["arguments"])
            for call in response.message.additional_kwargs.get("tool_calls", [])
        ]

    def _prepare_chat_with_tools(
        self, tools: Any, user_msg: Any = None, chat_history: Any = None, **kwargs: Any
    ) -> dict[str, Any]:
        asked = [ChatMessage(user_msg) if isinstance(user_msg, str) else user_msg] if user_msg else []
        offered = [{"type": "function", "function": {"name": tool.metadata.get_name()}} for tool in tools]
        return {"messages": [*(chat_history or []), *asked], "tools": offered}


class PieceEmbedding(BaseEmbedding):
    pieces: Any

    def _get_text_embedding(self, text: str) -> list[float]:
        return self.pieces.embed_documents([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self.pieces.embed_documents(texts)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.pieces.embed_query([query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class PieceReranker(BaseNodePostprocessor):
    pieces: Any

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        by_text = {node.node.get_content(MetadataMode.NONE): node for node in nodes}
        return [
            by_text[text] for text in self.pieces.rerank(query_bundle.query_str if query_bundle else "", list(by_text))
        ]


class KeywordRetriever(BaseRetriever):
    def __init__(self, pieces: Pieces) -> None:
        self.pieces = pieces
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        query = query_bundle.query_str
        return _searched(self.pieces, query, by_words(query, self.pieces.passages, self.pieces.k))


class CheckedRetriever(BaseRetriever):
    """A retriever of a company's own around its index."""

    def __init__(self, pieces: Pieces, inner: BaseRetriever) -> None:
        self.pieces, self.inner = pieces, inner
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self.inner._retrieve(query_bundle)
        return _searched(self.pieces, query_bundle.query_str, [n.node.get_content(MetadataMode.NONE) for n in found])


def _searched(pieces: Pieces, query: str, found: list[str]) -> list[NodeWithScore]:
    texts = pieces.search(query, found) if pieces.search else found
    return [NodeWithScore(node=TextNode(text=text), score=1.0 / (n + 1)) for n, text in enumerate(texts)]


class PieceRewrite(BaseQueryTransform):
    """Asks a model for a better query."""

    def __init__(self, model: SaidLLM) -> None:
        self.model = model

    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: Any) -> None:
        return None

    def _run(self, query_bundle: QueryBundle, metadata: dict[str, Any]) -> QueryBundle:
        prompt = PromptTemplate("Rewrite the question as a query for a search engine.\nQuestion: {question}\nQuery:")
        return QueryBundle(self.model.predict(prompt, question=query_bundle.query_str))


@cache
def _indexed(passages: tuple[str, ...], embed: Embed) -> VectorStoreIndex:
    """An index; kept, because most pipelines index the same passages."""
    nodes = [TextNode(id_=f"n{number}", text=text) for number, text in enumerate(passages)]
    return VectorStoreIndex(nodes, embed_model=PieceEmbedding(pieces=Pieces(passages, embed_documents=embed)))


def retriever_of(pieces: Pieces) -> BaseRetriever:
    index = _indexed(pieces.passages, pieces.embed_documents)
    inner = index.as_retriever(similarity_top_k=pieces.k, embed_model=PieceEmbedding(pieces=pieces))
    return CheckedRetriever(pieces, inner) if pieces.search else inner


def writer(pieces: Pieces) -> SaidLLM:
    return SaidLLM(say=pieces.answer)


def rewriter(pieces: Pieces, question: str) -> RewritingLLM:
    return RewritingLLM(say=lambda prompt: Reply(pieces.rewrite(question)))


def engine_of(pieces: Pieces, retriever: BaseRetriever, **more: Any) -> RetrieverQueryEngine:
    template = PromptTemplate(pieces.prompt.replace("{context}", "{context_str}").replace("{question}", "{query_str}"))
    synthesizer = get_response_synthesizer(llm=writer(pieces), text_qa_template=template)
    return RetrieverQueryEngine(retriever=retriever, response_synthesizer=synthesizer, **more)


SEARCH = ("VectorIndexRetriever", "KeywordRetriever", "CheckedRetriever", "query embedding", "search_documents")
SYNTHESIS = ("CompactAndRefine", "prompt", "synthesize", "get_response", "DefaultRefineProgram", "SaidLLM")
ANSWER = ("SaidLLM", "SaidLLM.predict", "SaidLLM.complete")


def naive(pieces: Pieces, asked: Asked) -> Pipeline:
    """The engine of the tutorials."""
    engine = engine_of(pieces, retriever_of(pieces))
    return Pipeline(lambda _: engine.query(asked.text), {"retrieve": SEARCH, "pack": SYNTHESIS, "generate": ANSWER})


def rewriting(pieces: Pieces, asked: Asked) -> Pipeline:
    """A query transform in front of the engine."""
    engine = TransformQueryEngine(engine_of(pieces, retriever_of(pieces)), PieceRewrite(rewriter(pieces, asked.text)))
    return Pipeline(
        lambda _: engine.query(asked.text),
        {
            "rewrite": ("RewritingLLM", "PieceRewrite"), "retrieve": SEARCH, "pack": SYNTHESIS, "generate": ANSWER,
        },
    )  # fmt: skip


def reranker(pieces: Pieces, asked: Asked) -> Pipeline:
    """A deep search, and a postprocessor that keeps the best."""
    engine = engine_of(
        pieces, retriever_of(pieces.but(k=2 * pieces.k)), node_postprocessors=[PieceReranker(pieces=pieces)]
    )
    return Pipeline(
        lambda _: engine.query(asked.text),
        {"retrieve": SEARCH, "rerank": ("PieceReranker",), "pack": SYNTHESIS, "generate": ANSWER},
    )


def hybrid(pieces: Pieces, asked: Asked) -> Pipeline:
    """Words and meaning, fused by rank."""
    fused = QueryFusionRetriever(
        [KeywordRetriever(pieces), retriever_of(pieces)],
        llm=writer(pieces),
        num_queries=1,
        use_async=False,
        mode="reciprocal_rerank",  # type: ignore[arg-type]
        similarity_top_k=pieces.k,
    )
    engine = engine_of(pieces, fused)
    return Pipeline(
        lambda _: engine.query(asked.text),
        {"retrieve": (*SEARCH, "QueryFusionRetriever"), "pack": SYNTHESIS, "generate": ANSWER},
    )


def conversational(pieces: Pieces, asked: Asked) -> Pipeline:
    """A follow-up question that a model turns into one that stands alone."""
    engine = CondenseQuestionChatEngine.from_defaults(
        query_engine=engine_of(pieces, retriever_of(pieces)), llm=rewriter(pieces, asked.text)
    )
    history = [
        ChatMessage(asked.history[0], role=MessageRole.USER),
        ChatMessage(asked.history[1], role=MessageRole.ASSISTANT),
    ]
    return Pipeline(
        lambda _: engine.chat(asked.follow_up, chat_history=history),
        {"rewrite": ("RewritingLLM",), "retrieve": SEARCH, "pack": SYNTHESIS, "generate": ANSWER},
    )


class OwnEngine(CustomQueryEngine):
    """An engine that calls its parts by hand."""

    retriever: Any
    pieces: Any
    llm: Any

    def custom_query(self, query_str: str) -> Any:
        nodes = self.retriever.retrieve(query_str)
        nodes = PieceReranker(pieces=self.pieces).postprocess_nodes(nodes, query_str=query_str)
        context = build_context(self.pieces, [node.node.get_content(MetadataMode.NONE) for node in nodes])
        text = self.llm.predict(PromptTemplate(self.pieces.prompt), context=context, question=query_str)
        parsed = parse_answer(self.pieces, text)
        return Response(parsed, source_nodes=nodes) if isinstance(parsed, str) else PydanticResponse(parsed)


@step
def build_context(pieces: Pieces, texts: list[str]) -> str:
    return pieces.pack(texts)


@step
def parse_answer(pieces: Pieces, text: str) -> Any:
    return pieces.parse(text)


def custom(pieces: Pieces, asked: Asked) -> Pipeline:
    """A custom query engine with packing and parsing of its own."""
    engine = OwnEngine(retriever=retriever_of(pieces.but(k=2 * pieces.k)), pieces=pieces, llm=writer(pieces))
    return Pipeline(
        lambda _: engine.query(asked.text),
        {
            "retrieve": SEARCH, "rerank": ("PieceReranker",), "pack": ("build_context", "prompt", "SaidLLM"), "generate": ANSWER,
            "parse": ("parse_answer",),
        },
    )  # fmt: skip


def agentic(pieces: Pieces, asked: Asked) -> Pipeline:
    """An agent that searches when it wants to."""
    search = retriever_of(pieces)

    def search_documents(query: str) -> str:
        """Search the documents for passages that answer a question."""
        return pieces.pack([node.node.get_content(MetadataMode.NONE) for node in search.retrieve(query)])

    tools = [FunctionTool.from_defaults(search_documents)]
    for name, call in pieces.tools.items():
        tools.append(FunctionTool.from_defaults(_one_argument(call), name=name, description=call.__doc__ or name))
    agent = FunctionAgent(
        tools=tools,
        llm=PlanningLLM(decide=lambda results: pieces.next_step(asked.text, results)),
        system_prompt="You are a helpful assistant. Use the tools.",
        streaming=False,
    )

    async def run() -> Any:
        return await agent.run(asked.text, max_iterations=12)

    return Pipeline(
        lambda _: asyncio.run(run()),
        {
            "retrieve": (*SEARCH, SEARCH_TOOL), "tool": tuple(pieces.tools), "plan": ("PlanningLLM",),
            "generate": ("PlanningLLM",), "pack": (SEARCH_TOOL,),
        },
    )  # fmt: skip


def _one_argument(call: Callable[[str], str]) -> Callable[[str], str]:
    def run(value: str) -> str:
        return call(value)

    return run


PIPELINES: dict[str, Callable[[Pieces, Asked], Pipeline]] = {
    make.__name__: make for make in (naive, rewriting, reranker, hybrid, conversational, custom, agentic)
}
