"""Rules on what a step itself reported: exceptions, time-outs, calls that go round in circles."""

from collections import defaultdict
from collections.abc import Iterator

from weaklink.diagnosis.finding import Finding, quote
from weaklink.diagnosis.limits import Limits
from weaklink.model import Evidence, Scores, Span, TextRange, Trace, main_text, messages_in, text_of

_TIMEOUTS = ("Timeout", "TimeoutError", "TimeoutException", "DeadlineExceeded")
_FORMAT_ERRORS = ("OutputParserException", "JSONDecodeError", "ValidationError", "OutputFixingException")
_RECURSION = ("GraphRecursionError", "WorkflowMaxIterationsError", "RecursionError")


def raised(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The step raised an exception."""
    for span in _origins(trace):
        if span.kind not in ("tool", "parser") and not _is(span, _TIMEOUTS + _RECURSION):
            yield _hard(
                trace, span, limits, "look at the innermost frame, or catch the error with a fallback or a retry"
            )
    for span in trace.spans:
        is_origin = span.error is not None and span.error.origin == span.id
        if span.status == "recovered" and span.kind != "tool" and is_origin:
            yield _made_good(trace, span, "a retry, a fallback or a handler made good for it")


def timed_out(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The step took longer than it was given."""
    for span in _origins(trace):
        if span.kind != "tool" and _is(span, _TIMEOUTS):
            yield _hard(
                trace,
                span,
                limits,
                "raise the time-out, ask for less (a smaller k, a shorter prompt), or add a fallback",
            )
    if trace.status != "cancelled":
        return
    running = [span for span in trace.spans if span.status == "cancelled" and not trace.children(span)]
    for span in running[-1:]:
        seconds = (span.duration_ns or 0) / 1e9
        says = f"the caller gave up while {span.name} had been running for {seconds:.2f} s; the trace cannot say why it gave up"
        yield Finding(span.id, 0.45, says, advice="raise the time-out, or make this step faster")


def format_error(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The output could not be parsed into the form that was asked for."""
    for span in _origins(trace):
        if (span.kind == "parser" and not _is(span, _TIMEOUTS)) or (span.kind == "chain" and _is(span, _FORMAT_ERRORS)):
            yield _hard(
                trace, span, limits, "ask for the format in the prompt, use structured output, or parse more leniently"
            )


def tool_error(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A tool failed, and no later call of it made good."""
    for span in trace.of_kind("tool"):
        if not span.failed or span.error is None:
            continue
        later = [other for other in trace.of_kind("tool") if other.name == span.name and other.start_ns > span.start_ns]
        if any(other.status == "ok" for other in later):
            yield _made_good(trace, span, "a later call of it went well")
        elif not any(other.failed for other in later):  # the last of its failures speaks for all
            yield _hard(trace, span, limits, "mend the tool, or let the agent say that it could not get the answer")


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
    reason = (
        f" (finish reason: {generator.model.finish_reason})"
        if generator.model and generator.model.finish_reason
        else ""
    )
    yield Finding(
        generator.id,
        0.9,
        f"{generator.name} returned no text{reason}",
        advice="raise the token limit; check stop words",
    )


def cut_off(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model ran into its token limit in the middle of the answer."""
    generator = trace.dataflow.generator
    if (
        generator is not None
        and generator.model
        and generator.model.finish_reason in ("length", "max_tokens", "MAX_TOKENS")
    ):
        end = main_text(generator.output)[-60:]
        says = f"the answer stops at the token limit: “…{quote(end)}”"
        yield Finding(
            generator.id, 0.55, says, advice="raise the maximum number of tokens, or ask for a shorter answer"
        )


def loop(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The same call was made again and again, and brought nothing new."""
    calls: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in trace.of_kind("tool", "retriever"):
        calls[span.name, text_of(span.input)].append(span)
    hit_limit = trace.root.error is not None and _is(trace.root, _RECURSION)
    worst = max(calls.values(), key=len) if calls else list[Span]()
    is_loop = len(worst) >= limits.same_call and len({_result(span) for span in worst}) < len(worst)
    if is_loop:
        first = worst[0]
        says = f"{first.name} was called {len(worst)} times with the same input: {quote(text_of(first.input), 80)}"
        evidence = [Evidence(says=says, at=TextRange(span_id=span.id, field="input")) for span in worst[1:3]]
        advice = "stop when a call repeats, and tell the model in its prompt what it has already tried"
        yield Finding(first.id, limits.hard if hit_limit else 0.6, says, evidence, advice)
    elif hit_limit:
        says = f"the graph took more steps than it was allowed: {quote(trace.root.error.message if trace.root.error else '')}"
        yield Finding(trace.root.id, limits.hard, says, advice="raise the limit, or give the agent a way to stop")


def _origins(trace: Trace) -> list[Span]:
    """The steps that raised what ended the trace; ancestors only passed it on, cancelled siblings are victims."""
    error = trace.root.error
    if error is None or trace.status != "error":
        return []
    return [span for span in trace.spans if span.id == error.origin] or [trace.root]


def _is(span: Span, names: tuple[str, ...]) -> bool:
    if span.error is None:
        return False
    types = [span.error.type, *(cause.partition(":")[0] for cause in span.error.causes)]
    return any(name.rpartition(".")[2].endswith(names) for name in types)


def _hard(trace: Trace, span: Span, limits: Limits, advice: str) -> Finding:
    error = span.error or trace.root.error
    kind, message = (error.type.rpartition(".")[2], error.message) if error else ("an error", "")
    says = f"{span.name} failed with {kind}: {quote(message)}" if message else f"{span.name} failed with {kind}"
    evidence = [Evidence(says=f"innermost frame: {error.stack[-1]}", at=None)] if error and error.stack else []
    if span.input is not None:
        text = text_of(span.input)
        evidence.append(Evidence(says=f"its input: “{quote(text, 120)}”", at=_input(span, text)))
    return Finding(span.id, limits.hard, says, evidence, advice, hard=True)


def _made_good(trace: Trace, span: Span, how: str) -> Finding:
    error = span.error
    says = (
        f"{span.name} failed with {error.type.rpartition('.')[2]}, and {how}"
        if error
        else f"{span.name} failed, and {how}"
    )
    return Finding(
        span.id, 0.0, says, harmless=True, advice="nothing is broken; a failure that returns is worth a look"
    )


def _input(span: Span, text: str) -> TextRange:
    return TextRange(span_id=span.id, field="input", start=0, end=len(text), text=quote(text))


def _result(span: Span) -> str:
    return "\n".join(document.key for document in span.documents) or text_of(span.output)
