"""The demo's faults. Each takes healthy pieces and breaks one of them, the way production breaks."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from zlib import crc32

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle
from llama_index.core.tools import BaseTool, FunctionTool

from weaklink.demo.handbook import load_handbook
from weaklink_llama_index.demo.engine import RETRIEVED, Pieces, packed, step
from weaklink_llama_index.demo.index import HandbookEmbeddings, index_of, index_passages, new_name
from weaklink_llama_index.demo.parsers import AmountParser, JsonParser
from weaklink_llama_index.demo.reranker import coverage

Sabotage = Callable[[Pieces], Pieces]


def misspelled_collection(pieces: Pieces) -> Pieces:
    """A typing error in the collection's name: Chroma makes a new, empty one, and nobody complains."""
    index = index_of(pieces.collection.replace("handbook", "hanbdook"), HandbookEmbeddings())
    return replace(pieces, retriever=index.as_retriever(similarity_top_k=RETRIEVED))


def stale_vectors(pieces: Pieces) -> Pieces:
    """The embedding model was exchanged, but the index still holds the old model's vectors, of the same length."""
    name = new_name()
    index_passages(
        name, load_handbook(), RetiredEmbeddings(length=len(HandbookEmbeddings().get_query_embedding("length")))
    )
    return replace(pieces, retriever=index_of(name, HandbookEmbeddings()).as_retriever(similarity_top_k=RETRIEVED))


def half_an_index(pieces: Pieces) -> Pieces:
    """The indexing job died half way: offices, on-call duty, pay and time off are not in the collection."""
    passages = load_handbook()
    files = sorted({passage.source for passage in passages})
    indexed = [passage for passage in passages if passage.source in files[: len(files) // 2]]
    index = index_passages(new_name(), indexed, HandbookEmbeddings())
    return replace(pieces, retriever=index.as_retriever(similarity_top_k=RETRIEVED))


def upside_down_reranker(pieces: Pieces) -> Pieces:
    """Somebody took the reranker's score for a distance: the passages that fit least are kept."""
    return replace(pieces, reranker=DistanceReranker())


def tiny_budget(pieces: Pieces) -> Pieces:
    """A budget meant in tokens is applied to characters: the context ends in the middle of the first passage."""

    @step
    def pack_context(nodes: Sequence[NodeWithScore]) -> str:
        return packed(nodes, characters=180)

    return replace(pieces, pack=pack_context)


def renamed_field(pieces: Pieces) -> Pieces:
    """The text moved out of the metadata, but packing still reads it from there: only file names arrive."""

    @step
    def pack_context(nodes: Sequence[NodeWithScore]) -> str:
        return "\n\n".join(f"[{found.metadata['source']}] {found.metadata.get('text', '')}" for found in nodes)

    return replace(pieces, pack=pack_context)


def json_expected(pieces: Pieces) -> Pieces:
    """The parser was changed to read JSON; the prompt was not, and the model goes on writing sentences."""
    return replace(pieces, text_parser=JsonParser())


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


class RetiredEmbeddings(BaseEmbedding):
    """The embedding model of before: words hashed into a vector. Good enough with itself, noise to any other model."""

    length: int
    """How many numbers a vector has."""

    def _get_text_embedding(self, text: str) -> list[float]:
        vector = [0.0] * self.length
        for word in re.findall(r"[a-z0-9]+", text.lower()):
            vector[crc32(word.encode()) % self.length] += 1.0
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class DistanceReranker(BaseNodePostprocessor):
    """Keeps the nodes of the *lowest* score, as one does with distances."""

    keep: int = 3

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = query_bundle.query_str if query_bundle else ""
        scored = [NodeWithScore(node=node.node, score=coverage(node, query)) for node in nodes]
        return sorted(scored, key=NodeWithScore.get_score)[: self.keep]


def _vacation_balance(employee: str) -> str:
    """Look up how many vacation days an employee has this year, has taken, and has left."""
    raise ConnectionError(f"almanac.tarnwick.example:443 did not answer within 5.0 s (GET /balances/{employee})")


vacation_balance_without_backend: BaseTool = FunctionTool.from_defaults(_vacation_balance, name="vacation_balance")
