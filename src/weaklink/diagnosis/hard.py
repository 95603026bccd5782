"""Rules on what a step itself reported: exceptions, time-outs, limits, nothing at all."""

import re
from collections.abc import Iterator

from weaklink.diagnosis.finding import Finding, excerpt, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits
from weaklink.model import Evidence, Scores, Span, TextRange, Trace, main_text, messages_in, text_of
from weaklink.model.roles import roles

TOKEN_LIMITS = ("length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length")
"""How providers call it when a model ran into its token limit."""

_TIMEOUTS = ("Timeout", "TimeoutError", "TimeoutException", "DeadlineExceeded")
_FORMAT_ERRORS = ("OutputParserException", "JSONDecodeError", "ValidationError", "OutputFixingException")
_STEP_LIMIT = ("GraphRecursionError", "WorkflowMaxIterationsError", "RecursionError", "MaxIterationsError")
_STEP_LIMIT_SAID = re.compile(
    r"max(?:imum)?[_ ](?:number of )?(?:iterations|steps|turns)|recursion limit|iteration limit", re.IGNORECASE
)
_LIMIT_SAID = re.compile(
    r"rate.?limit|too many requests|\b429\b|quota|context.?(?:length|window)|maximum context|max(?:imum)? (?:input )?tokens"
    r"|token limit|too many tokens|insufficient.?(?:quota|credits)|resource.?exhausted|overloaded",
    re.IGNORECASE,
)


def raised(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The step raised an exception."""
    for span, strength in _failures(trace, scores, limits):
        if span.kind not in ("tool", "parser") and not _has_a_name(trace, span):
            advice = "look at the innermost frame, or catch the error with a fallback or a retry"
            yield _hard(trace, span, strength, advice)
    for span in _recovered(trace):
        if _harm(trace, span, scores, limits) <= 0.0:
            kind = span.error.type.rpartition(".")[2] if span.error else "an error"
            says = f"{span.name} failed with {kind}, and a retry, a fallback or a handler made good for it"
            advice = "nothing is broken; a failure that returns is worth a look"
            yield Finding(span.id, 0.0, says, harmless=True, advice=advice)


def timed_out(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The step took longer than it was given."""
    for span, strength in _failures(trace, scores, limits):
        if span.kind == "tool" or not is_error_of(span, _TIMEOUTS):
            continue
        advice = "raise the time-out, ask for less (a smaller k, a shorter prompt), or add a fallback"
        running = _running_inside(trace, span)
        if running is None:
            yield _hard(trace, span, strength, advice)
        else:
            says = f"{running.name} was running when the time was up: {quote(span.error.message if span.error else '')}"
            yield Finding(running.id, strength, says, _evidence_of(running), advice, hard=True)
    if trace.status != "cancelled":
        return
    running = [span for span in trace.spans if span.status == "cancelled" and not trace.children(span)]
    for span in running[-1:]:
        seconds = (span.duration_ns or 0) / 1e9
        says = f"the caller gave up while {span.name} had been running for {seconds:.2f} s; the trace cannot say why it gave up"
        yield Finding(span.id, 0.45, says, advice="raise the time-out, or make this step faster")


def limit_reached(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The step ran into a limit of its provider: requests, tokens, or the length of the context."""
    for span, strength in _failures(trace, scores, limits):
        if not _is_limit(span):
            continue
        error = span.error or trace.root.error
        message = error.message if error else ""
        is_length = re.search(r"context|token", message, re.IGNORECASE)
        advice = (
            "retrieve fewer or shorter passages, or use a model with a longer context"
            if is_length
            else "wait and retry with growing pauses, send fewer requests at once, or raise the quota"
        )
        says = f"{span.name} ran into a limit: {quote(message)}"
        yield Finding(
            span.id, strength, says, [Evidence(says="its input", at=place_of(span, "input"))], advice, hard=True
        )


def format_error(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The output could not be parsed into the form that was asked for."""
    for span, strength in _failures(trace, scores, limits):
        if _is_format_error(trace, span):
            yield _hard(
                trace,
                span,
                strength,
                "ask for the format in the prompt, use structured output, or parse more leniently",
            )


def never_finished(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The step began and never ended: the process died, or it is still running."""
    if trace.status != "incomplete":
        return
    unfinished = [span for span in trace.spans if span.status == "incomplete"]
    deepest = max(unfinished, key=lambda span: (sum(1 for _ in trace.ancestors(span)), span.start_ns))
    says = f"{deepest.name} was running when the recording ended"
    yield Finding(deepest.id, 0.45, says, advice="look again when it has ended; if the process died, this is where")


def empty_output(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model wrote nothing."""
    generator = trace.dataflow.generator
    if generator is None or generator.status != "ok" or main_text(generator.output).strip():
        return
    if any(message.get("tool_calls") for message in messages_in(generator.output)):
        return
    if generator.output is None and trace.answer:
        return  # its output was not recorded; the answer shows that there was one
    reason = (
        f" (finish reason: {generator.model.finish_reason})"
        if generator.model and generator.model.finish_reason
        else ""
    )
    yield Finding(
        generator.id,
        0.95,
        f"{generator.name} returned no text{reason}",
        [Evidence(says="its output is empty", at=place_of(generator, "output"))],
        "raise the token limit, check stop words and content filters, and ask again once when nothing comes",
        hard=True,
    )


def cut_off(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model ran into its token limit in the middle of the answer."""
    generator = trace.dataflow.generator
    if generator is not None and generator.model and generator.model.finish_reason in TOKEN_LIMITS:
        text = main_text(generator.output).rstrip()
        end = text[-60:]
        says = f"the answer stops at the token limit: “…{quote(end)}”"
        used = generator.model.usage.output_tokens if generator.model.usage else None
        more = f" from {used} to {2 * used}" if used else ""
        advice = f"raise the maximum number of tokens{more}, or ask for a shorter answer"
        evidence = [Evidence(says=f"its end: “…{quote(end)}”", at=excerpt(generator, "output", end))]
        whole = text.endswith((".", "!", "?"))  # it may have ended by chance where a sentence does
        yield Finding(generator.id, 0.7 if whole else 0.9, says, evidence, advice, hard=not whole)


def origins(trace: Trace) -> list[Span]:
    """The steps that raised what ended the trace; ancestors only passed it on, cancelled siblings are victims."""
    error = trace.root.error
    if error is None or trace.status != "error":
        return []
    return [span for span in trace.spans if span.id == error.origin] or [trace.root]


def is_error_of(span: Span, names: tuple[str, ...]) -> bool:
    """Whether the error of a step, or one behind it, is of a class whose name ends so."""
    if span.error is None:
        return False
    types = [span.error.type, *(cause.partition(":")[0] for cause in span.error.causes)]
    return any(name.rpartition(".")[2].endswith(names) for name in types)


def _is_limit(span: Span) -> bool:
    """The error of a step is a limit of its provider."""
    if span.error is None or span.kind == "parser":
        return False
    kind = span.error.type.rpartition(".")[2]
    return bool(_LIMIT_SAID.search(span.error.message)) or kind in ("RateLimitError", "ResourceExhausted")


def hit_step_limit(trace: Trace) -> bool:
    """The whole call ended because it took too many steps."""
    error = trace.root.error
    return error is not None and (is_error_of(trace.root, _STEP_LIMIT) or bool(_STEP_LIMIT_SAID.search(error.message)))


def _has_a_name(trace: Trace, span: Span) -> bool:
    """Another rule names this failure more closely."""
    return is_error_of(span, _TIMEOUTS) or _is_limit(span) or _is_format_error(trace, span) or hit_step_limit(trace)


def _is_format_error(trace: Trace, span: Span) -> bool:
    if span.kind == "parser" or roles(trace).get(span.id) == "parse":
        return not is_error_of(span, _TIMEOUTS)
    return span.kind == "chain" and is_error_of(span, _FORMAT_ERRORS)


def _running_inside(trace: Trace, span: Span) -> Span | None:
    """What a step of the framework's own was waiting for when it was stopped: the innermost step that was stopped with it."""
    if not span.plumbing:
        return None
    stopped = [below for below in trace.descendants(span) if below.status == "cancelled" and not below.plumbing]
    return next((below for below in reversed(stopped) if not trace.children(below)), None)


def _hard(trace: Trace, span: Span, strength: float, advice: str) -> Finding:
    error = span.error or trace.root.error
    kind, message = (error.type.rpartition(".")[2], error.message) if error else ("an error", "")
    says = f"{span.name} failed with {kind}: {quote(message)}" if message else f"{span.name} failed with {kind}"
    evidence = [Evidence(says=f"innermost frame: {error.stack[-1]}", at=None)] if error and error.stack else []
    return Finding(span.id, strength, says, [*evidence, *_evidence_of(span)], advice, hard=True)


def _evidence_of(span: Span) -> list[Evidence]:
    """What the step was given."""
    if span.input is None:
        return []
    text = text_of(span.input)
    return [Evidence(says=f"its input: “{quote(text, 120)}”", at=_input(span, text))]


def _failures(trace: Trace, scores: Scores, limits: Limits) -> Iterator[tuple[Span, float]]:
    """The steps whose failure ended the trace, or left the answer without what they should have brought; how likely that is."""
    for span in origins(trace):
        yield span, limits.hard
    for span in _recovered(trace):
        if (suspicion := _harm(trace, span, scores, limits)) > 0.0:
            yield span, limits.hard * suspicion


def _recovered(trace: Trace) -> list[Span]:
    """The steps that failed, and after which the chain went on; failed tools have a rule of their own."""
    return [
        span for span in trace.spans
        if span.status == "recovered" and span.kind != "tool" and span.error is not None and span.error.origin == span.id
    ]  # fmt: skip


def _harm(trace: Trace, span: Span, scores: Scores, limits: Limits) -> float:
    """How surely a failure that was handled was not made good, 0..1."""
    if not _without_it(trace, span):
        return 0.0
    wrote = trace.dataflow.generator_text
    if span.kind == "parser" and wrote and wrote not in trace.answer:
        return 1.0  # what the model wrote was not read, and never arrived
    return trouble(trace, scores, limits)


def _without_it(trace: Trace, span: Span) -> bool:
    """Nothing did the work of the failed step: no step of its kind, or around it, went well after it began.

    Of a step of no kind: what handled the failure gave nothing back.
    """
    handler = next((above for above in trace.ancestors(span) if above.status == "ok"), None)
    if (
        handler is not None
        and handler.id != trace.root.id
        and not handler.documents
        and not text_of(handler.output).strip()
    ):
        return True
    around = {above.kind for above in trace.ancestors(span)} & {"retriever", "tool", "agent"}
    kinds = (
        {span.kind, *around}
        if span.kind in ("retriever", "embedding", "llm", "reranker", "vector_store", "parser")
        else set[str]()
    )
    itself = {one.id for one in (span, *trace.ancestors(span), *trace.descendants(span))}
    return bool(kinds) and not any(
        other.kind in kinds and other.status == "ok" and other.start_ns > span.start_ns and other.id not in itself
        for other in trace.spans
    )


def _input(span: Span, text: str) -> TextRange:
    return TextRange(span_id=span.id, field="input", start=0, end=len(text), text=quote(text))
