"""The demo's faults. Each takes healthy pieces and breaks one of them, the way production breaks."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from zlib import crc32

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from langchain_core.embeddings import Embeddings
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.tools import BaseTool, tool

from weaklink.demo.handbook import load_handbook
from weaklink_langchain.demo.chain import RETRIEVED, Pieces, pack_context
from weaklink_langchain.demo.index import HandbookEmbeddings, index_passages, new_name, open_collection
from weaklink_langchain.demo.parsers import AmountParser
from weaklink_langchain.demo.reranker import QuestionCoverageReranker

Sabotage = Callable[[Pieces], Pieces]


def misspelled_collection(pieces: Pieces) -> Pieces:
    """A typing error in the collection's name: Chroma makes a new, empty one, and nobody complains."""
    store = open_collection(pieces.collection.replace("handbook", "hanbdook"), HandbookEmbeddings())
    return replace(pieces, retriever=store.as_retriever(search_kwargs={"k": RETRIEVED}))


def stale_vectors(pieces: Pieces) -> Pieces:
    """The embedding model was exchanged, but the index still holds the old model's vectors, of the same length."""
    name = new_name()
    index_passages(name, load_handbook(), RetiredEmbeddings(len(HandbookEmbeddings().embed_query("length"))))
    store = open_collection(name, HandbookEmbeddings())
    return replace(pieces, retriever=store.as_retriever(search_kwargs={"k": RETRIEVED}))


def half_an_index(pieces: Pieces) -> Pieces:
    """The indexing job died half way: offices, on-call duty, pay and time off are not in the collection."""
    passages = load_handbook()
    files = sorted({passage.source for passage in passages})
    indexed = [passage for passage in passages if passage.source in files[: len(files) // 2]]
    store = index_passages(new_name(), indexed, HandbookEmbeddings())
    return replace(pieces, retriever=store.as_retriever(search_kwargs={"k": RETRIEVED}))


def upside_down_reranker(pieces: Pieces) -> Pieces:
    """Somebody took the reranker's score for a distance: the passages that fit least are kept."""
    return replace(pieces, reranker=DistanceReranker())


def tiny_budget(pieces: Pieces) -> Pieces:
    """A budget meant in tokens is applied to characters: the context ends in the middle of the first passage."""

    def pack(documents: Sequence[Document]) -> str:
        return pack_context(documents, characters=180)

    return replace(pieces, pack=pack)


def renamed_field(pieces: Pieces) -> Pieces:
    """The text moved to the page content, but packing still reads it from the metadata: only file names arrive."""

    def pack(documents: Sequence[Document]) -> str:
        return "\n\n".join(f"[{found.metadata['source']}] {found.metadata.get('text', '')}" for found in documents)

    return replace(pieces, pack=pack)


def json_expected(pieces: Pieces) -> Pieces:
    """The parser was changed to read JSON; the prompt was not, and the model goes on writing sentences."""
    return replace(pieces, text_parser=JsonOutputParser())


def decimal_comma(pieces: Pieces) -> Pieces:
    """The parser was deployed with the numbers of another country: "1,400" is read as one point four."""
    return replace(pieces, amount_parser=AmountParser(thousands=".", decimal=","))


def time_system_down(pieces: Pieces) -> Pieces:
    """The system behind the vacation tool does not answer; the agent goes on with the error as if it were a result."""
    return replace(pieces, tools=(vacation_balance_without_backend, *pieces.tools[1:]))


SABOTAGES: dict[str, Sabotage] = {
    sabotage.__name__: sabotage
    for sabotage in (
        misspelled_collection,
        stale_vectors,
        half_an_index,
        upside_down_reranker,
        tiny_budget,
        renamed_field,
        json_expected,
        decimal_comma,
        time_system_down,
    )
}


class RetiredEmbeddings(Embeddings):
    """The embedding model of before: words hashed into a vector. Good enough with itself, noise to any other model."""

    def __init__(self, length: int) -> None:
        """Make vectors of `length` numbers."""
        self.length = length

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector of word counts per text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """How often words fall into each place of the vector."""
        vector = [0.0] * self.length
        for word in re.findall(r"[a-z0-9]+", text.lower()):
            vector[crc32(word.encode()) % self.length] += 1.0
        return vector


class DistanceReranker(BaseDocumentCompressor):
    """Keeps the documents of the *lowest* score, as one does with distances."""

    keep: int = 3

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """The `keep` documents of lowest coverage."""
        score = QuestionCoverageReranker().score
        return sorted(documents, key=lambda document: score(document, query))[: self.keep]


@tool("vacation_balance")
def _vacation_balance(employee: str) -> str:
    """Look up how many vacation days an employee has this year, has taken, and has left."""
    raise ConnectionError(f"almanac.tarnwick.example:443 did not answer within 5.0 s (GET /balances/{employee})")


vacation_balance_without_backend: BaseTool = _vacation_balance
