"""Fits the probabilities of the diagnosis on the traces whose operators are not kept apart.

The steps of a chain break one after the other, so each suspicion about a step up to the broken one is one observation: right
or wrong. What comes after it is explained by it and says nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

try:
    from scipy.optimize import minimize
except ModuleNotFoundError as error:
    raise SystemExit("fitting needs scipy, which weaklink itself does not: pip install scipy") from error

from benchmarks.diagnosis.measure import Suspected, judged, using
from benchmarks.diagnosis.natural import NATURAL
from benchmarks.diagnosis.operators import LATER
from weaklink.diagnosis import Limits, blame
from weaklink.diagnosis.finding import Finding, symptoms
from weaklink.diagnosis.probabilities import features
from weaklink.diagnosis.soundness import soundness

WEIGHTS = Path(__file__).resolve().parents[2] / "src" / "weaklink" / "diagnosis" / "weights" / "probabilities.json"
PENALTY = 4.0
"""L2 towards the rule's own strength: weight 1 on its log odds, 0 on all else."""
PENALTY_OF_MANY = 1.0
"""The same where many suspicions were right, and many wrong."""
MANY = 15
FEWEST = 6
"""Observations below which a class keeps its rule's strength."""
LOST = ("abstained", "ungrounded", "insufficient")
READS: dict[str, tuple[str, ...]] = {
    "off_topic": ("far", *LOST), "missing_content": ("scattered", "undrawn", *LOST), "chunk_cut": ("share", "short", *LOST),
    "duplicates": ("share", *LOST),
    "stale": (), "rewrite_drift": ("lost", *LOST), "entity_dropped": ("lost", *LOST),
    "good_document_dropped": ("gap", "lost", *LOST), "bad_order": ("gap", *LOST),
    "context_truncated": ("lost", "hidden", *LOST), "contradicted": ("number", "name", "negation", "alike", "sufficient"),
    "unsupported": ("number", "name", "novel", "share", "sufficient"), "answered_without_evidence": ("ungrounded", "insufficient"),
    "false_abstention": (), "incomplete": ("sufficient",), "off_question": ("gap", "shared", "type", "sufficient"), "lost_in_parsing": (),
    "tool_error": LOST, "bad_arguments": LOST, "invented_argument": LOST, "wrong_route": LOST, "premature_stop": (),
    "misread_output": ("number", "name", "negation", "alike"), "loop": LOST,
}  # fmt: skip
"""What the model of each class reads beside the rule's strength; each may only speak for the failure."""


@dataclass(frozen=True)
class Observation:
    """A suspicion about a step, and whether it was right."""

    failure: str
    known: dict[str, float]
    right: bool


def observations(found: Iterable[Suspected]) -> list[Observation]:
    """The suspicions about the steps up to the broken one; of a healthy trace, all."""
    result: list[Observation] = []
    for item in found:
        case, trace = item.case, item.trace
        shown = symptoms(trace, item.scores)
        by_step: dict[str, list[tuple[str, Finding]]] = defaultdict(list)
        for named in item.found:
            if not named.finding.harmless and named.finding.strength > 0:
                by_step[named.finding.span_id].append((named.rule.__name__, named.finding))
        start = {span.id: span.start_ns for span in trace.spans}
        proof = {named.finding.span_id for named in item.found if named.finding.hard}
        losses = {
            named.finding.span_id
            for named in item.found
            if named.rule.__name__ in blame.LOSSES and named.finding.strength > 0.5
        }
        for step in sorted(by_step, key=lambda span_id: start[span_id]):
            here = by_step[step]
            is_culprit = step in case.culprits
            is_named = any(name in case.failures for name, _ in here)
            for name, finding in here:
                right = is_culprit and (name in case.failures or not is_named)
                beside = is_culprit and not right  # true of the step as well, and not what was done to it: says nothing
                # Where a proof or a loss explains the answer, `blame` discounts the doubt by itself.
                explained = bool(proof - {step}) or (finding.general and bool(losses - {step}))
                if not finding.hard and not beside and not explained:
                    result.append(Observation(name, features(finding, shown), right))
            if is_culprit:
                break
    return result


def fit_classes(seen: Sequence[Observation]) -> dict[str, Any]:
    """One model for each class that was observed often enough."""
    by_class: dict[str, list[Observation]] = defaultdict(list)
    for observation in seen:
        by_class[observation.failure].append(observation)
    return {
        failure: _fit_one(by_class[failure], READS[failure])
        for failure in sorted(READS)
        if len(by_class[failure]) >= FEWEST
    }


def _fit_one(seen: Sequence[Observation], reads: tuple[str, ...]) -> dict[str, Any]:
    names = ("strength", *reads)
    rows = np.array([[observation.known.get(name, 0.0) for name in names] for observation in seen])
    labels = np.array([observation.right for observation in seen], float)
    prior = np.array([1.0, *[0.0] * len(reads), 0.0])
    penalty = PENALTY_OF_MANY if min(labels.sum(), len(labels) - labels.sum()) >= MANY else PENALTY

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        risk = rows @ point[:-1] + point[-1]
        gap = 1 / (1 + np.exp(-risk)) - labels
        away = penalty * (point - prior)
        away[-1] /= 2
        value = float((np.logaddexp(0, risk) - labels * risk).sum() + 0.5 * (away * (point - prior)).sum())
        return value, np.append(rows.T @ gap, gap.sum()) + away

    bounds = [(0.0, None)] * len(names) + [(None, None)]
    best = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = {name: round(float(weight), 3) for name, weight in zip(names, best[:-1], strict=True)}
    return {"intercept": round(float(best[-1]), 3), "weights": weights, "n": len(seen), "right": int(labels.sum())}


SOUND = {
    "unsuspected": 1,
    "grounded": 1,
    "sufficient": 1,
    "telling": 1,
    "carried": 1,
    "covered": 1,
    "mistyped": -1,
    "asking": -1,
}
"""What the probability that all is well reads, and in which direction each may move it."""


def fit_ok(found: Sequence[Suspected]) -> dict[str, Any]:
    """Logistic regression, over the traces without a strong suspicion, for whether nothing is wrong."""
    rows: list[list[float]] = []
    labels: list[bool] = []
    for item in found:
        suspects = blame.suspects_of(item.trace, Limits(), blame.weighed(item.trace, item.scores, item.found))
        if suspects and suspects[0].probability >= Limits().broken:
            continue
        known = soundness(item.trace, item.scores, blame.unsuspected(suspects))
        rows.append([known.get(name, 0.0) for name in SOUND])
        labels.append(item.case.healthy)
    values, right = np.array(rows), np.array(labels, float)

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        risk = values @ point[:-1] + point[-1]
        gap = 1 / (1 + np.exp(-risk)) - right
        value = float((np.logaddexp(0, risk) - right * risk).sum() + 0.5 * (point[:-1] ** 2).sum())
        return value, np.append(values.T @ gap + point[:-1], gap.sum())

    bounds = [(0.0, None) if sign > 0 else (None, 0.0) for sign in SOUND.values()] + [(None, None)]
    best = minimize(loss, np.zeros(len(SOUND) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    fitted = {name: round(float(weight), 3) for name, weight in zip(SOUND, best[:-1], strict=True)}
    return {"intercept": round(float(best[-1]), 3), "weights": fitted, "n": len(labels), "right": sum(labels)}


def _is_natural(item: Suspected) -> bool:
    return item.case.operators[0] == NATURAL


def fit_verdict(pairs: Sequence[tuple[float, bool]]) -> dict[str, float]:
    """Slope and intercept that make a probability of what a verdict claims (Platt, 1999)."""
    values = np.clip([value for value, _ in pairs], 0.01, 0.99)
    rows = np.log(values / (1 - values))
    labels = np.array([right for _, right in pairs], float)

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        risk = point[0] * rows + point[1]
        gap = 1 / (1 + np.exp(-risk)) - labels
        value = float((np.logaddexp(0, risk) - labels * risk).sum() + 0.5 * ((point[0] - 1) ** 2))
        return value, np.array([(gap * rows).sum() + (point[0] - 1), gap.sum()])

    best = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, None), (None, None)]).x
    return {"slope": round(float(best[0]), 3), "intercept": round(float(best[1]), 3), "n": len(pairs)}


def fit(found: Sequence[Suspected]) -> dict[str, Any]:
    """All models, fitted on these traces; those of the classes on injected faults, of which the class is known.

    The operators that were added later count for the class that they were made for, and for nothing else: how sure one can be of
    another class or of a verdict depends on how often things break, and each fault that is added makes a fault more frequent.
    """
    later = {operator.name for operator in LATER}
    mixture = [item for item in found if not later.intersection(item.case.operators)]
    added = [item for item in found if later.intersection(item.case.operators)]
    seen = observations(item for item in mixture if not _is_natural(item))
    made_for = {item.case.failures[0] for item in added}
    seen += [observation for observation in observations(added) if observation.failure in made_for]
    model: dict[str, Any] = {"classes": fit_classes(seen), "verdicts": {}}
    with using(model):
        results = judged(mixture)
        model["verdicts"]["ok"] = fit_ok(mixture)
    pairs = [(result.confidence, result.right_step) for result in results if result.verdict == "broken"]
    model["verdicts"]["broken"] = fit_verdict(pairs)
    return model


def write(model: dict[str, Any], found: Sequence[Suspected], path: Path = WEIGHTS) -> None:
    """Puts the models where the package reads them, with what they come from."""
    head = {
        "what": "Log odds that a suspicion is right: intercept + weights x what diagnosis/probabilities.py reads",
        "from": f"{len(found)} traces of real LangChain and LlamaIndex pipelines, with operators of the half that is not kept apart or "
        "with nothing injected, over questions of the half that is not kept apart",
        "method": f"logistic regression for each class, no negative weight, L2 {PENALTY} ({PENALTY_OF_MANY} for classes seen often) "
        "towards the rule's own strength; for ok, over the traces without a strong suspicion, each weight in the direction that "
        "its name says",
        "script": "python -m benchmarks.diagnosis fit",
        "base_rate": "40 % of the traces are healthy",
    }
    path.write_text(json.dumps({**head, **model}, indent=1) + "\n", encoding="utf-8")
