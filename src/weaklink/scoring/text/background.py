"""How rare a word is in English prose: the background that a handful of passages is too small to tell."""

import functools
import json
from importlib import resources


@functools.lru_cache(maxsize=1)
def _table() -> tuple[dict[str, float], float]:
    """Stem to weight, and the weight of a stem that the table does not hold."""
    raw = json.loads(
        resources.files("weaklink.scoring.text").joinpath("background_idf.json").read_text(encoding="utf-8")
    )
    weights = {word: float(weight) for weight, words in raw["weights"].items() for word in words.split()}
    return weights, float(raw["unseen"])


def background_weight(value: str) -> float:
    """Inverse document frequency of a token value, scaled to 0..1: near 0 for a word of every text, 1 for an unseen one.

    The table is `background_idf.json`, which says inside where it comes from; `benchmarks/scoring/build_idf.py` writes
    it.
    """
    weights, unseen = _table()
    return weights.get(value, unseen)
