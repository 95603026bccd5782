"""How alike a question and the parts of a passage are, by static embeddings."""

import functools
from typing import TYPE_CHECKING, NamedTuple

from weaklink.scoring.embedding import embed
from weaklink.scoring.question import Asked
from weaklink.scoring.text.units import units_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_UNITS = 60
_MAX_CHARACTERS = 4000


class Likeness(NamedTuple):
    """Cosines of a question with a passage, -1..1."""

    whole: float
    """With the whole passage, of which the first 4,000 characters count."""
    units: list[float]
    """With its units, the likest first; of a long passage with the 60 units that share most words with the question."""


def likeness(asked: Asked, passage: str) -> Likeness:
    """Compare the question with the passage and its units.

    Raises RuntimeError without an embedding model.
    """
    units = units_of(passage)
    if len(units) > _MAX_UNITS:
        best = sorted(units, key=lambda unit: -asked.coverage(unit.values))[:_MAX_UNITS]
        vectors = embed([passage[:_MAX_CHARACTERS], *(unit.text for unit in best)])
    else:
        vectors = _vectors_of(passage)
    cosines = [float(cosine) for cosine in vectors @ _vector_of(asked.text)]
    return Likeness(cosines[0], sorted(cosines[1:], reverse=True))


@functools.lru_cache(maxsize=256)
def _vectors_of(passage: str) -> "NDArray[np.float32]":
    """The passage in row 0 and its units below.

    Kept, since several scorers ask for the same passages.
    """
    return embed([passage[:_MAX_CHARACTERS], *(unit.text for unit in units_of(passage))])


@functools.lru_cache(maxsize=16)
def _vector_of(question: str) -> "NDArray[np.float32]":
    return embed([question])[0]
