"""The reranker of the demo: passages that cover more of the question's words come first."""

import re

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are at be by can did do does for from get has have how i if in is it long many may me much must my "
        "not of often on or our that the their there they this to was we what when where which who will with you your",
    )
)
_STEM = 6


class QuestionCoverageReranker(BaseNodePostprocessor):
    """Keeps the passages that hold most of the question's words; among equals the retriever's order stands."""

    keep: int = 3

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = query_bundle.query_str if query_bundle else ""
        scored = [NodeWithScore(node=node.node, score=coverage(node, query)) for node in nodes]
        return sorted(scored, key=NodeWithScore.get_score, reverse=True)[: self.keep]


def coverage(node: NodeWithScore, query: str) -> float:
    """The part of the question's words that the passage holds, 0 to 1."""
    asked = words(query)
    return len(asked & words(node.text)) / max(1, len(asked))


def words(text: str) -> set[str]:
    """The words of a text that carry meaning, cut to their first letters so that "replaced" meets "replacement"."""
    return {word[:_STEM] for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _COMMON}
