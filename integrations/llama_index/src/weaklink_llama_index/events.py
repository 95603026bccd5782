"""What LlamaIndex's events tell of an open step. One small function per event; those not named here tell nothing new."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from weaklink_llama_index import models, steps, streams
from weaklink_llama_index.parts import prompt_type_of, template_of
from weaklink_llama_index.shapes import as_dict, field

if TYPE_CHECKING:
    from weaklink.recorder import OpenSpan
    from weaklink_llama_index.state import StepState
    from weaklink_llama_index.tracing import Tracing


def _prompt_start(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """A template is about to be filled with variables."""
    template = event.template
    kind = prompt_type_of(template)
    prompt = tracing.begin_prompt(span, state, event.span_id, f"{kind}_prompt" if kind else "prompt")
    variables = {**as_dict(field(template, "kwargs")), **as_dict(event.template_args)}
    prompt.input, budget = tracing.taker.take(variables)
    prompt.size += budget.size
    if text := template_of(template):
        steps.describe(prompt, {"template": text})


def _model_start(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """A model is called with these parameters."""
    state.started = True
    if span.model is not None:
        models.describe_call(span.model, event.model_dict, event.additional_kwargs)
        if offered := models.tool_names(event.additional_kwargs):
            steps.describe(span, {"tools": offered})


def _model_progress(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """A piece of a streamed answer, which holds all that was written so far."""
    if state.last is None and span.model is not None and "time_to_first_token_ns" not in span.model:
        span.model["time_to_first_token_ns"] = perf_counter_ns() - span.began
    state.last = event.response


def _model_end(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """The answer is complete; of one that was not streamed, the end of its span tells the same."""
    if state.held:
        streams.call_ended(tracing, span, state, event.response, None)


def _exception(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """A streamed answer broke off: the model failed, or the reader went away."""
    if state.held:
        streams.call_ended(tracing, span, state, state.last, event.exception)


def _rerank_start(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """A reranker tells its model and how many nodes it will keep."""
    if state.family == "rerank":
        steps.describe(span, {"reranker_model": event.model_name, "top_n": event.top_n})


def _cancelled(tracing: Tracing, span: OpenSpan, state: StepState, event: Any) -> None:
    """A workflow or one of its steps was cancelled; its span will end as if all were well (workflows 2.26)."""
    state.cancelled = True


# By name: some of them live in packages that may not be loaded, and loading them takes a while.
EVENTS: dict[str, Callable[[Tracing, OpenSpan, StepState, Any], None]] = {
    "LLMPredictStartEvent": _prompt_start,
    "LLMStructuredPredictStartEvent": _prompt_start,
    "LLMChatStartEvent": _model_start,
    "LLMCompletionStartEvent": _model_start,
    "LLMChatInProgressEvent": _model_progress,
    "LLMCompletionInProgressEvent": _model_progress,
    "LLMChatEndEvent": _model_end,
    "LLMCompletionEndEvent": _model_end,
    "ExceptionEvent": _exception,
    "ReRankStartEvent": _rerank_start,
    "SpanCancelledEvent": _cancelled,
}
