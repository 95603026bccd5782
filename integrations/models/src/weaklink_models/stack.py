"""The few fitted numbers that join the cross-encoder with the lexical scores."""

import functools
import json
import math
from importlib import resources
from typing import Any


@functools.lru_cache(maxsize=1)
def stacked() -> dict[str, Any]:
    """`weights/stack.json`, which says inside what it was fitted on and by which script."""
    path = resources.files("weaklink_models").joinpath("weights", "stack.json")
    return json.loads(path.read_text(encoding="utf-8"))


def log_odds(share: float) -> float:
    """Of a probability, cut to 1e-6..1 - 1e-6."""
    bounded = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
