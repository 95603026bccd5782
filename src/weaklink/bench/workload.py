"""What every store of a comparison gets: the same passages, vectors and queries; as files, for the measuring processes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from weaklink.bench.data import Hit, Passage, Query
from weaklink.bench.exact import nearest
from weaklink.bench.vectors import Vectors, VectorTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PASSAGES = TypeAdapter(list[Passage])
_QUERIES = TypeAdapter(list[Query])


@dataclass(frozen=True)
class Workload:
    """Passages, queries and their unit vectors, row by row."""

    passages: Sequence[Passage]
    queries: Sequence[Query]
    vectors: NDArray[np.float32]
    query_vectors: NDArray[np.float32]

    @classmethod
    def of(cls, passages: Sequence[Passage], queries: Sequence[Query], vectors: Vectors) -> Workload:
        """With vectors that were computed for these passages and queries."""
        return cls(passages, queries, vectors.passages, vectors.queries)

    @classmethod
    def load(cls, folder: Path) -> Workload:
        """What `save` wrote; the passages' vectors stay on disk until they are used."""
        import numpy as np

        return cls(
            _PASSAGES.validate_json((folder / "passages.json").read_bytes()),
            _QUERIES.validate_json((folder / "queries.json").read_bytes()),
            np.load(folder / "vectors.npy", mmap_mode="r"),
            np.load(folder / "query_vectors.npy"),
        )

    def save(self, folder: Path) -> None:
        """Write it to files in `folder`."""
        import numpy as np

        folder.mkdir(parents=True, exist_ok=True)
        (folder / "passages.json").write_bytes(_PASSAGES.dump_json(list(self.passages)))
        (folder / "queries.json").write_bytes(_QUERIES.dump_json(list(self.queries)))
        np.save(folder / "vectors.npy", self.vectors)
        np.save(folder / "query_vectors.npy", self.query_vectors)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def questions(self) -> list[str]:
        """The texts of the queries."""
        return [query.text for query in self.queries]

    def table(self) -> VectorTable:
        """Looks up the vector of a passage or query by its text; those of the queries are ready."""
        import numpy as np

        texts = [*(passage.text for passage in self.passages), *self.questions]
        table = VectorTable(texts, np.concatenate([self.vectors, self.query_vectors]))
        table.prepare(self.questions)
        return table

    def truth(self, k: int) -> NDArray[np.int64]:
        """The rows of the k nearest passages for each query, by exact search."""
        return nearest(self.vectors, self.query_vectors, k)

    def digest(self) -> str:
        """Tells workloads apart."""
        made = hashlib.blake2b(digest_size=16)
        for text in (*(p.text for p in self.passages), *self.questions):
            made.update(text.encode("utf-8", "surrogatepass") + b"\0")
        made.update(self.vectors[:16].tobytes() + self.query_vectors[:16].tobytes())
        return made.hexdigest()


class Resolver:
    """From what a store returned to the ids of the corpus: by id, else by text, since frameworks drop ids."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Passages that a result may be."""
        self._ids = {passage.id for passage in passages}
        self._by_text = {passage.text: passage.id for passage in passages}
        self._by_line = {" ".join(passage.text.split()): passage.id for passage in passages}

    def __call__(self, hits: Sequence[Hit]) -> list[str]:
        """The ids, in the same order; a hit that is in no corpus keeps its place as ""."""
        return [self._id(hit) for hit in hits]

    def _id(self, hit: Hit) -> str:
        # The text first: a store that was filled already may use our ids for other texts.
        found = self._by_text.get(hit.text) or self._by_line.get(" ".join(hit.text.split()))
        return found or (hit.id if hit.id in self._ids else "")
