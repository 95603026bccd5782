"""From suspicion to probability: logistic models, one for each failure class, fitted on labelled traces.

A class's model reads the strength that its rule gave, the rule's signals, and what the answer shows. No weight on a sign of
failure is negative, so more of it never makes a step look better. `weights/probabilities.json` says what each was fitted on.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any

from weaklink.diagnosis.finding import Finding
from weaklink.scoring.logistic import log_odds, logit, probability

_LEAST = 0.01


def calibrated(failure: str, finding: Finding, symptoms: Mapping[str, float]) -> Finding:
    """The finding with a probability as its strength; as it is where it is proof, harmless, or of a class without a model."""
    model = fitted()["classes"].get(failure)
    if model is None or finding.hard or finding.harmless or finding.strength <= 0.0:
        return finding
    known = features(finding, symptoms)
    value = logit(model["weights"], model["intercept"], {name: known.get(name, 0.0) for name in model["weights"]})
    return replace(finding, strength=probability(value))


def features(finding: Finding, symptoms: Mapping[str, float]) -> dict[str, float]:
    """What a class's model reads: the rule's strength as log odds, its signals, and what the answer shows besides."""
    return {"strength": log_odds(finding.strength, _LEAST), **symptoms, **finding.signals}


def sure_of_culprit(raw: float) -> float:
    """Probability that a trace that is called broken broke there, from the probability of its first suspect."""
    model = fitted()["verdicts"].get("broken")
    return raw if model is None else probability(model["intercept"] + model["slope"] * log_odds(raw, _LEAST))


def sure_of_ok(known: Mapping[str, float]) -> float:
    """Probability that all is well where no suspicion is strong, from what `soundness` knows."""
    model = fitted()["verdicts"].get("ok")
    if model is None:
        return probability(known["unsuspected"])
    return probability(
        logit(model["weights"], model["intercept"], {name: known.get(name, 0.0) for name in model["weights"]})
    )


@functools.cache
def fitted() -> dict[str, Any]:
    """The fitted models, as the file has them."""
    file = resources.files("weaklink.diagnosis").joinpath("weights", "probabilities.json")
    return json.loads(file.read_text(encoding="utf-8"))
