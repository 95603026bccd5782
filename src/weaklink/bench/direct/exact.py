"""Exact search in numpy: what every store has to find, and often all that a small corpus needs."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from weaklink.bench.data import Hit, Passage, Value
from weaklink.bench.store import Collection, Embed, Place, Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ExactSearch(Collection):
    """One matrix of vectors; a search is a product and a partial sort."""

    def __init__(self, embed: Embed, dimensions: int) -> None:
        """Empty."""
        import numpy as np

        self._embed = embed
        self._passages: list[Passage] = []
        self._matrix: NDArray[np.float32] = np.zeros((0, dimensions), dtype=np.float32)

    def add(self, passages: Sequence[Passage]) -> None:
        """Append rows."""
        import numpy as np

        made = np.asarray(self._embed([passage.text for passage in passages]), dtype=np.float32)
        self._matrix = np.concatenate([self._matrix, made])
        self._passages += passages

    def delete(self, passages: Sequence[Passage]) -> None:
        """Drop rows."""
        gone = {passage.id for passage in passages}
        kept = [row for row, passage in enumerate(self._passages) if passage.id not in gone]
        self._matrix = self._matrix[kept]
        self._passages = [self._passages[row] for row in kept]

    def search(self, query: str, k: int) -> list[Passage]:
        """The nearest passages."""
        return self._nearest(query, k, self._passages, self._matrix)

    def search_where(self, query: str, k: int, key: str, value: str) -> list[Passage]:
        """The nearest among those with this metadata."""
        rows = [row for row, passage in enumerate(self._passages) if passage.metadata.get(key) == value]
        return self._nearest(query, k, [self._passages[row] for row in rows], self._matrix[rows])

    def _nearest(self, query: str, k: int, passages: Sequence[Passage], matrix: NDArray[np.float32]) -> list[Passage]:
        import numpy as np

        (vector,) = self._embed([query])
        likeness = matrix @ np.asarray(vector, dtype=np.float32)
        k = min(k, len(passages))
        if k == 0:
            return []
        best = np.argpartition(-likeness, k - 1)[:k]
        return [passages[row] for row in best[np.argsort(-likeness[best])]]

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [Hit(passage.id, passage.text) for passage in result]

    def tune(self, parameters: Mapping[str, Value]) -> None:
        """There is nothing to tune."""


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield ExactSearch(place.embed, place.dimensions)


exact = Recipe("exact", "exact", framework="none", open=_open)
