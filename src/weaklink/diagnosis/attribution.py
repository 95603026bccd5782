"""Of an agent's run that is known to have failed: which of its steps led it astray?

A ranking over the model's steps, for runs that no other rule explains. It needs to be told that the run failed (by a
reference that the answer does not hold): on a run that went well there is always a most likely step, too.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import pairwise

from weaklink.diagnosis.finding import Finding, listed, quote
from weaklink.diagnosis.limits import Limits
from weaklink.diagnosis.provenance import Lineage
from weaklink.model import Evidence, Origin, Scores, Span, TextRange, Trace, main_text, text_of
from weaklink.scoring.embedding import similarity

_LEAST_STEPS = 3
_MOST_NAMED = 5
_FAILED_OUTPUT = re.compile(r"exitcode: [1-9]|\bTraceback\b|\w*Error\b|execution failed|unknown language")


def wrong_turn(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """Of a run that is known to have failed, the step of the agent that most likely led it astray."""
    steps = writers(trace)
    if len(steps) < _LEAST_STEPS:
        return
    probabilities = step_probabilities(trace)
    born = _born(trace, steps)
    left = 1.0
    for span in steps:
        # An earlier suspect explains the later ones away, so each strength is that of its share of what is left.
        strength = min(1.0, probabilities[span.id] / left) if left > 0 else 0.0
        left -= probabilities[span.id]
        text = main_text(span.output)
        made_up = [origin.text for origin in born[span.id]][:_MOST_NAMED]
        says = f"{span.name} wrote “{quote(text, 80)}”" + (
            f", where {listed(made_up)} came up first" if made_up else ""
        )
        evidence = [Evidence(says=says, at=TextRange(span_id=span.id, field="output", end=len(text), text=quote(text)))]
        advice = "look at this step first: check what it was told, and let it verify what it states"
        yield Finding(span.id, strength, says, evidence, advice)


def step_probabilities(trace: Trace) -> dict[str, float]:
    """For each step of the agent, by span id, the probability that it led the run astray, given that one did; they sum to 1.

    A conditional logit (McFadden 1974) over a few features of each step; `weights/agents.json` says what it was fitted on.
    Empty for a trace in which no model wrote.
    """
    weights = _weights()
    values = {
        span_id: sum(weights[name] * value for name, value in features.items())
        for span_id, features in step_features(trace).items()
    }
    highest = max(values.values(), default=0.0)
    odds = {span_id: math.exp(value - highest) for span_id, value in values.items()}
    total = sum(odds.values())
    return {span_id: value / total for span_id, value in odds.items()}


def writers(trace: Trace) -> list[Span]:
    """The innermost steps in which a model wrote something, in order: only these can take a wrong turn."""
    spans = trace.leaf_llms or tuple(trace.of_kind("agent"))
    return [span for span in spans if text_of(span.output).strip()]


def step_features(trace: Trace) -> dict[str, dict[str, float]]:
    """What the ranking looks at, by span id and name of the feature; each about 0..3."""
    steps = writers(trace)
    born = _born(trace, steps)
    followed = _followed_by(trace)
    said_last = main_text(steps[-1].output) if steps else ""
    final = trace.answer or said_last
    features: dict[str, dict[str, float]] = {}
    for number, span in enumerate(steps):
        text = main_text(span.output)
        of_answer = sum(origin.text in final for origin in born[span.id])
        after = followed.get(span.id)
        features[span.id] = {
            "first": float(number == 0),
            "second": float(number == 1),
            "place": number / max(1, len(steps) - 1),
            "made_up": math.log1p(len(born[span.id])),
            "stated_the_answer": math.log1p(of_answer) if number else 0.0,
            "then_an_error": float(after is not None and bool(_FAILED_OUTPUT.search(text_of(after.output)))),
            "off_the_question": _off_the_question(trace.question, text) if number == 0 else 0.0,
            "length": math.log1p(len(text)) / 4,
        }
    return features


def _off_the_question(question: str, text: str) -> float:
    """How unlike the question the text is, about 0..1; 0 where nobody can tell."""
    alike = similarity(question, text) if question and text else None
    return 0.0 if alike is None else 1.0 - alike


def _born(trace: Trace, steps: list[Span]) -> dict[str, list[Origin]]:
    """The values that each step stated first, and that nothing supports."""
    lineage = trace.once(Lineage)
    return {
        span.id: [
            origin
            for origin in lineage.origins(span)
            if origin.born.span_id == span.id and not origin.is_supported and origin.kind != "phrase"
        ]
        for span in steps
    }


def _followed_by(trace: Trace) -> dict[str, Span]:
    """The tool that ran right after each step."""
    ordered = [span for span in trace.spans if span.kind in ("llm", "agent", "tool")]
    return {span.id: after for span, after in pairwise(ordered) if after.kind == "tool"}


@cache
def _weights() -> Mapping[str, float]:
    text = resources.files("weaklink.diagnosis").joinpath("weights", "agents.json").read_text(encoding="utf-8")
    return json.loads(text)["weights"]
