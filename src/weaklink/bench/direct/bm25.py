"""BM25, the lexical line: what plain word matching finds on the same corpus."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench.data import Hit, Passage
from weaklink.bench.store import Collection, Place, Recipe


class WordSearch(Collection):
    """An index of stemmed words, by bm25s."""

    def __init__(self) -> None:
        """Empty; the index is built when all passages are in."""
        bm25s = import_module("bm25s")
        self._bm25s = bm25s
        self._stem: Callable[[list[str]], list[str]] = import_module("Stemmer").Stemmer("english").stemWords
        self._passages: list[Passage] = []
        self._index: Any = None

    def _tokens(self, texts: Sequence[str]) -> list[list[str]]:
        words: Any = self._bm25s.tokenize(list(texts), stopwords="en", return_ids=False, show_progress=False)
        return [list(self._stem(found)) for found in words]

    def add(self, passages: Sequence[Passage]) -> None:
        """Keep them until the index is built."""
        self._passages += passages

    def ready(self) -> None:
        """Build the index."""
        self._index = self._bm25s.BM25()
        self._index.index(self._tokens([passage.text for passage in self._passages]), show_progress=False)

    def search(self, query: str, k: int) -> list[Passage]:
        """The passages that share the rarest words; those that share none are left out."""
        tokens = self._tokens([query])
        if not tokens[0]:
            return []
        k = min(k, len(self._passages))
        (rows,), (scores,) = self._index.retrieve(tokens, k=k, show_progress=False, n_threads=0)
        return [self._passages[int(row)] for row, score in zip(rows, scores, strict=True) if score > 0]

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [Hit(passage.id, passage.text) for passage in result]


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield WordSearch()


bm25 = Recipe("bm25", "lexical", framework="none", open=_open, modules=("bm25s",), needs=("bm25s",))
