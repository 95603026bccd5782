"""The reranker of the demo: passages that cover more of the question's words come first."""

import re
from collections.abc import Sequence

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are at be by can did do does for from get has have how i if in is it long many may me much must my "
        "not of often on or our that the their there they this to was we what when where which who will with you your",
    )
)
_STEM = 6


class QuestionCoverageReranker(BaseDocumentCompressor):
    """Keeps the passages that hold most of the question's words; among equals the retriever's order stands."""

    keep: int = 3

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """The best `keep` of `documents`, the best first."""
        return sorted(documents, key=lambda document: self.score(document, query), reverse=True)[: self.keep]

    def score(self, document: Document, query: str) -> float:
        """The part of the question's words that the document holds, 0 to 1."""
        asked = words(query)
        return len(asked & words(document.page_content)) / max(1, len(asked))


def words(text: str) -> set[str]:
    """The words of a text that carry meaning, cut to their first letters so that "replaced" meets "replacement"."""
    return {word[:_STEM] for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _COMMON}
