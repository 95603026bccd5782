"""Hybrid search: what words find and what vectors find, in one list by reciprocal rank fusion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from weaklink.bench.data import Hit, Passage, Value
from weaklink.bench.direct.bm25 import WordSearch
from weaklink.bench.direct.exact import ExactSearch
from weaklink.bench.store import Collection, Place, Recipe


def fused(lists: Sequence[Sequence[Passage]], constant: int) -> list[Passage]:
    """The passages of several ranked lists, the best first: each list gives 1 / (constant + rank), ranks from 1.

    Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009), whose authors took 60 for the constant. Equal sums keep the
    order of the first list.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    passages: dict[str, Passage] = {}
    for ranked in lists:
        for rank, passage in enumerate(ranked, 1):
            scores[passage.id] += 1 / (constant + rank)
            passages.setdefault(passage.id, passage)
    return [passages[found] for found in sorted(passages, key=lambda found: -scores[found])]


class HybridSearch(Collection):
    """BM25 and exact vector search over the same passages."""

    def __init__(self, place: Place) -> None:
        """Empty."""
        self._words, self._vectors = WordSearch(), ExactSearch(place.embed, place.dimensions)
        self.tune(place.parameters)

    def add(self, passages: Sequence[Passage]) -> None:
        """Into both."""
        self._words.add(passages)
        self._vectors.add(passages)

    def ready(self) -> None:
        """Build the index of words."""
        self._words.ready()

    def tune(self, parameters: Mapping[str, Value]) -> None:
        """How many candidates each of the two gives, and the constant of the fusion."""
        self._depth, self._constant = int(parameters["depth"]), int(parameters["rrf"])

    def search(self, query: str, k: int) -> list[Passage]:
        """The best of both."""
        depth = max(k, self._depth)
        return fused([self._vectors.search(query, depth), self._words.search(query, depth)], self._constant)[:k]

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [Hit(passage.id, passage.text) for passage in result]


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield HybridSearch(place)


hybrid = Recipe(
    "hybrid", "hybrid", search={"depth": 50, "rrf": 60}, sweep={"depth": (10, 50, 100)},
    framework="none", open=_open, modules=("bm25s",), needs=("bm25s",),
)  # fmt: skip
