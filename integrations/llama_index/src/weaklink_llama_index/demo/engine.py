"""The demo's RAG engine: retrieve, rerank, pack, prompt, model, parser; each can be broken on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.base.response.schema import PydanticResponse, Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.llms import LLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.prompts import ChatPromptTemplate
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.schema import MetadataMode, NodeWithScore
from llama_index.core.tools import BaseTool
from llama_index.core.types import BaseOutputParser
from llama_index_instrumentation import get_dispatcher

from weaklink.demo.handbook import load_handbook
from weaklink_llama_index.demo.company import TOOLS
from weaklink_llama_index.demo.index import HandbookEmbeddings, index_passages, new_name
from weaklink_llama_index.demo.parsers import AmountParser, TextParser
from weaklink_llama_index.demo.reranker import QuestionCoverageReranker

RETRIEVED = 8
CONTEXT_CHARACTERS = 2400

PROMPT = ChatPromptTemplate(
    [
        ChatMessage(
            "You answer questions about the employee handbook of Tarnwick Instruments. Answer in one short sentence, "
            "using only the passages. If the passages do not answer the question, say that you do not know.",
            role=MessageRole.SYSTEM,
        ),
        ChatMessage("Passages:\n{context}\n\nQuestion: {question}", role=MessageRole.USER),
    ]
)

Pack = Callable[[Sequence[NodeWithScore]], str]
# A function of your own becomes a step with a name when it is a span of LlamaIndex.
step = get_dispatcher(__name__).span


@dataclass(frozen=True)
class Pieces:
    """What the engine and the agent are made of. A sabotage is a copy with one piece replaced."""

    collection: str
    """The name of the collection that the retriever searches."""
    retriever: BaseRetriever
    reranker: BaseNodePostprocessor
    pack: Pack
    prompt: ChatPromptTemplate
    model: LLM
    text_parser: BaseOutputParser
    amount_parser: BaseOutputParser
    tools: tuple[BaseTool, ...]


def healthy_pieces(model: LLM) -> Pieces:
    """Everything as it should be, with the handbook freshly indexed."""
    name = new_name()
    index = index_passages(name, load_handbook(), HandbookEmbeddings())
    return Pieces(
        collection=name,
        retriever=index.as_retriever(similarity_top_k=RETRIEVED),
        reranker=QuestionCoverageReranker(keep=3),
        pack=pack_context,
        prompt=PROMPT,
        model=model,
        text_parser=TextParser(),
        amount_parser=AmountParser(),
        tools=TOOLS,
    )


@step
def pack_context(nodes: Sequence[NodeWithScore]) -> str:
    """The passages, the best first, as far as they fit."""
    return packed(nodes, CONTEXT_CHARACTERS)


def packed(nodes: Sequence[NodeWithScore], characters: int) -> str:
    """The first `characters` of the passages."""
    return "\n\n".join(node.get_content(MetadataMode.NONE) for node in nodes)[:characters]


class HandbookEngine(CustomQueryEngine):
    """Question in, parsed answer out."""

    retriever: Any
    reranker: Any
    pack: Any
    prompt: Any
    llm: Any
    parser: Any

    @classmethod
    def of(cls, pieces: Pieces, parser: BaseOutputParser, callback_manager: CallbackManager) -> HandbookEngine:
        """An engine made of `pieces`."""
        return cls(
            retriever=pieces.retriever, reranker=pieces.reranker, pack=pieces.pack, prompt=pieces.prompt, llm=pieces.model,
            parser=parser, callback_manager=callback_manager,
        )  # fmt: skip

    def custom_query(self, query_str: str) -> Any:
        """Search the handbook and let the model answer from what was found."""
        nodes = self.retriever.retrieve(query_str)
        nodes = self.reranker.postprocess_nodes(nodes, query_str=query_str)
        context = self.pack(nodes)
        text = self.llm.predict(self.prompt, context=context, question=query_str)
        answer = self.parser.parse(text)
        if isinstance(answer, str):
            return Response(answer, source_nodes=nodes)
        return PydanticResponse(answer, source_nodes=nodes)
