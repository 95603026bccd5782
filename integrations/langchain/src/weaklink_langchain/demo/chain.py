"""The demo's RAG chain: retrieve, rerank, pack, prompt, model, parser; each can be broken on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import BaseOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda, RunnablePassthrough
from langchain_core.tools import BaseTool

from weaklink.demo.handbook import load_handbook
from weaklink_langchain.demo.company import TOOLS
from weaklink_langchain.demo.index import HandbookEmbeddings, index_passages, new_name
from weaklink_langchain.demo.parsers import AmountParser
from weaklink_langchain.demo.reranker import QuestionCoverageReranker

RETRIEVED = 8
CONTEXT_CHARACTERS = 2400

PROMPT = ChatPromptTemplate.from_messages(
    [
        (
            "system",
            "You answer questions about the employee handbook of Tarnwick Instruments. Answer in one short sentence, "
            "using only the passages. If the passages do not answer the question, say that you do not know.",
        ),
        ("human", "Passages:\n{context}\n\nQuestion: {question}"),
    ]
)


@dataclass(frozen=True)
class Pieces:
    """What the chain and the agent are made of. A sabotage is a copy with one piece replaced."""

    collection: str
    """The name of the collection that the retriever searches."""
    retriever: BaseRetriever
    reranker: BaseDocumentCompressor
    pack: Callable[[Sequence[Document]], str]
    prompt: ChatPromptTemplate
    model: BaseChatModel
    text_parser: BaseOutputParser[Any]
    amount_parser: BaseOutputParser[Any]
    tools: tuple[BaseTool, ...]


def healthy_pieces(model: BaseChatModel) -> Pieces:
    """Everything as it should be, with the handbook freshly indexed."""
    name = new_name()
    store = index_passages(name, load_handbook(), HandbookEmbeddings())
    return Pieces(
        collection=name,
        retriever=store.as_retriever(search_kwargs={"k": RETRIEVED}),
        reranker=QuestionCoverageReranker(keep=3),
        pack=pack_context,
        prompt=PROMPT,
        model=model,
        text_parser=StrOutputParser(),
        amount_parser=AmountParser(),
        tools=TOOLS,
    )


def pack_context(documents: Sequence[Document], characters: int = CONTEXT_CHARACTERS) -> str:
    """The passages, the best first, as far as they fit."""
    return "\n\n".join(document.page_content for document in documents)[:characters]


def build_chain(pieces: Pieces, parser: BaseOutputParser[Any]) -> Runnable[str, Any]:
    """Question in, parsed answer out."""

    def rerank(found: dict[str, Any], config: RunnableConfig) -> Sequence[Document]:
        return pieces.reranker.compress_documents(found["documents"], found["question"], config.get("callbacks"))

    def pack(found: dict[str, Any]) -> str:
        return pieces.pack(found["documents"])

    search = pieces.retriever.with_config(run_name="search_handbook")
    chain: Runnable[str, Any] = (
        {"question": RunnablePassthrough(), "documents": search}
        | RunnablePassthrough.assign(documents=RunnableLambda(rerank).with_config(run_name="rerank"))
        | RunnablePassthrough.assign(context=RunnableLambda(pack).with_config(run_name="pack_context"))
        | pieces.prompt.with_config(run_name="fill_prompt")
        | pieces.model.with_config(run_name="write_answer")
        | parser.with_config(run_name="parse_answer")
    )
    return chain.with_config(run_name="handbook_chain")
