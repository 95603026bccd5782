"""hnswlib, the reference implementation of HNSW, by its own client."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from weaklink.bench.data import Hit, Passage, Value
from weaklink.bench.store import Collection, Place, Recipe


class GraphSearch(Collection):
    """A graph of neighbours that knows vectors by number; the passages lie in a list."""

    def __init__(self, place: Place) -> None:
        """Empty, with room for the corpus and a tenth more."""
        self._embed = place.embed
        self._passages: list[Passage] = []
        self._graph = import_module("hnswlib").Index(space="cosine", dim=place.dimensions)
        self._graph.init_index(
            max_elements=place.size * 11 // 10 + 1_000,
            M=place.number("m"),
            ef_construction=place.number("ef_construction"),
        )
        self.tune(place.parameters)

    def add(self, passages: Sequence[Passage]) -> None:
        """Put vectors in under the next numbers."""
        import numpy as np

        numbers = range(len(self._passages), len(self._passages) + len(passages))
        self._passages += passages
        vectors = np.asarray(self._embed([passage.text for passage in passages]), dtype=np.float32)
        self._graph.add_items(vectors, list(numbers))

    def search(self, query: str, k: int) -> list[Passage]:
        """The nearest passages."""
        numbers, _ = self._graph.knn_query(self._embed([query]), k=k)
        return [self._passages[int(number)] for number in numbers[0]]

    def hits(self, result: Any) -> list[Hit]:
        """Ids and texts."""
        return [Hit(passage.id, passage.text) for passage in result]

    def delete(self, passages: Sequence[Passage]) -> None:
        """Mark vectors as deleted."""
        gone = {passage.id for passage in passages}
        for number, passage in enumerate(self._passages):
            if passage.id in gone:
                self._passages[number] = Passage(id="", text="")
                self._graph.mark_deleted(number)

    def tune(self, parameters: Mapping[str, Value]) -> None:
        """Set ef."""
        self._graph.set_ef(int(parameters["ef"]))


@contextmanager
def _open(place: Place) -> Generator[Collection]:
    yield GraphSearch(place)


hnswlib = Recipe(
    "hnswlib", framework="none", open=_open, modules=("hnswlib",), needs=("hnswlib",),
    build={"m": 16, "ef_construction": 100}, search={"ef": 64}, sweep={"ef": (10, 20, 40, 80, 160)},
)  # fmt: skip
