"""Reads the small fitted models that ship as JSON, and applies them."""

import functools
import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any


@functools.lru_cache(maxsize=8)
def fitted(name: str) -> dict[str, Any]:
    """The model file `name`.json of the folder `weights`; each says inside what it was fitted on and by which script."""
    return json.loads(
        resources.files("weaklink.scoring").joinpath("weights", f"{name}.json").read_text(encoding="utf-8")
    )


def logit(weights: Mapping[str, float], intercept: float, features: Mapping[str, float]) -> float:
    """Intercept plus weighted features; a feature without a weight counts nothing."""
    return intercept + sum(weight * features[name] for name, weight in weights.items())


def log_odds(value: float, least: float = 0.02) -> float:
    """Log odds of a probability, which is kept `least` away from 0 and 1."""
    bounded = min(max(value, least), 1.0 - least)
    return math.log(bounded / (1.0 - bounded))


def probability(logit_value: float) -> float:
    """The logistic function, clipped to 1e-6..1 - 1e-6 so that no product of many probabilities becomes 0 or 1."""
    bounded = min(max(logit_value, -13.8), 13.8)
    return min(max(1 / (1 + math.exp(-bounded)), 1e-6), 1 - 1e-6)
