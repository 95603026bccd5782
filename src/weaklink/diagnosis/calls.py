"""Rules on calls that are repeated."""

import re
from collections import defaultdict
from collections.abc import Iterator

from weaklink.diagnosis.finding import Finding, place_of, quote
from weaklink.diagnosis.hard import hit_step_limit
from weaklink.diagnosis.limits import Limits
from weaklink.model import Evidence, Scores, Span, Trace, text_of


def loop(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The same call was made again and again, and brought nothing new."""
    worst = _worst(trace, limits)
    if not worst or _all_failed(worst):
        return
    first = worst[0]
    says = f"{first.name} was called {len(worst)} times with the same input: {quote(text_of(first.input), 80)}"
    evidence = [
        Evidence(says=f"again: “{quote(text_of(span.input), 80)}”", at=place_of(span, "input")) for span in worst[1:3]
    ]
    advice = (
        f"stop after {limits.same_call - 1} equal calls, and tell the model in its prompt what it has already tried"
    )
    hard = hit_step_limit(trace)
    yield Finding(first.id, limits.hard if hard else 0.75, says, evidence, advice, hard=hard)


def retry_loop(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A call that fails was made again and again, and failed each time."""
    worst = _worst(trace, limits)
    if not worst or not _all_failed(worst):
        return
    first = worst[0]
    error = first.error.message if first.error else text_of(first.output)
    says = f"{first.name} failed {len(worst)} times in the same way: {quote(error, 80)}"
    evidence = [
        Evidence(says=f"attempt {n}: “{quote(text_of(span.input), 60)}”", at=place_of(span, "input"))
        for n, span in enumerate(worst[:3], 1)
    ]
    advice = "retry with growing pauses, give up after the second failure, and mend what fails"
    yield Finding(first.id, limits.hard, says, evidence, advice, hard=True)


def step_limit(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The agent used up the steps that it was allowed, and had no answer."""
    if not hit_step_limit(trace) or _worst(trace, limits):
        return  # the same call again and again tells why
    error = trace.root.error
    calls = trace.of_kind("tool")
    says = f"{trace.root.name} took more steps than it was allowed: {quote(error.message if error else '', 100)}"
    evidence = [
        Evidence(says=f"call {n + 1}: {span.name}(“{quote(text_of(span.input), 60)}”)", at=place_of(span, "input"))
        for n, span in enumerate(calls[-3:], len(calls) - 3)
        if n >= 0
    ]
    advice = "give the agent a way to stop (“say so where two searches bring nothing new”), or raise the limit"
    yield Finding(trace.root.id, limits.hard, says, evidence, advice, hard=True)


def _worst(trace: Trace, limits: Limits) -> list[Span]:
    """The calls of one step with the same input and results, where there are too many; else nothing."""
    calls: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in trace.of_kind("tool", "retriever"):
        calls[span.name, text_of(span.input)].append(span)
    worst = max(calls.values(), key=lambda spans: (len(spans), -spans[0].start_ns), default=list[Span]())
    is_loop = len(worst) >= limits.same_call and len({_result(span) for span in worst}) < len(worst)
    return worst if is_loop else []


def _all_failed(spans: list[Span]) -> bool:
    return all(
        span.failed or re.match(r"\W{0,3}(?:error|exception|traceback)\b", text_of(span.output).lower())
        for span in spans
    )


def _result(span: Span) -> str:
    return "\n".join(document.key for document in span.documents) or text_of(span.output)
