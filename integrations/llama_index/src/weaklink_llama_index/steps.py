"""What is recorded of each kind of step: its name, and at its end what came out. `starts` has what went in."""

from __future__ import annotations

from collections.abc import Callable
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any

from weaklink.recorder import errors
from weaklink.snapshot import MARK
from weaklink_llama_index import models, nodes
from weaklink_llama_index.parts import (
    content_of_event,
    is_event,
    nodes_in,
)  # fmt: skip
from weaklink_llama_index.shapes import as_dict, as_list, field, private
from weaklink_llama_index.state import StepState, state_of

if TYPE_CHECKING:
    from weaklink.model import SpanStatus
    from weaklink.recorder import OpenSpan
    from weaklink.snapshot import Passage
    from weaklink_llama_index.kinds import Family, StepKind
    from weaklink_llama_index.tracing import Tracing


def name_of(kind: StepKind, instance: Any, qualified: str) -> str:
    """What a person calls the step: its tool, step or function, else its class."""
    if kind.family == "tool":
        metadata = field(instance, "_metadata")
        if type(name := field(metadata, "name")) is str and name:
            return name
    if kind.family == "run" and type(name := field(instance, "name")) is str and name not in ("", "Agent"):
        return name
    if instance is None or kind.family == "step":
        return qualified.rpartition(".")[2]
    return qualified if kind.family in ("own", "predict") else type(instance).__name__


def end(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    """Keep what came out of the step; returns how it ended."""
    return _END.get(state.family, _end_plain)(tracing, span, state, result)


# --- what came out


def _end_plain(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    set_output(tracing, span, result)
    return "ok"


def _end_plumbing(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    if span.is_root:
        set_output(tracing, span, result)
    return "ok"


def _end_own(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    """A function or a step of a workflow that a person wrote may be a retriever or a reranker."""
    nodes.describe_documents(span, state.passages or [], set_output(tracing, span, result))
    return "ok"


def _end_step(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    content = content_of_event(result) if is_event(result) else result
    fields = as_dict(content)
    if len(fields) == 1:
        (content,) = fields.values()
    nodes.describe_documents(span, state.passages or [], set_output(tracing, span, content))
    if result is not None:
        describe(span, {"returned": type(result).__name__})
    output = field(result, "tool_output")
    if field(output, "is_error") is True and not span.failed:  # the agent asked for a tool that there is not
        span.kind, span.name, span.plumbing = "tool", str(field(result, "tool_name")), False
        span.input, _ = tracing.taker.take(field(result, "tool_kwargs"))
        set_output(tracing, span, output)
        return _tool_failed(span, output)
    return "ok"


def _end_answer(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    """A response; with the nodes it rests on, where no retriever was seen."""
    set_output(tracing, span, result)
    if not span.has_retrieval and state.family != "synthesize" and (sources := nodes_in(result)):
        span.output = {"response": span.output, "source_nodes": nodes.passages_of(tracing.taker, sources)}
    return "ok"


def _end_retrieval(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    span.documents = set_output(tracing, span, result) or []
    span.output = None  # it is these documents
    nodes.mark_retrieved(span.documents)
    nodes.remember(span, span.documents)
    return "ok"


def _end_rerank(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    span.documents = set_output(tracing, span, result) or []
    span.output = None
    nodes.mark_reranked(span.candidates or [], span.documents)
    return "ok"


def _end_llm(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    if type(result) is GeneratorType or type(result) is AsyncGeneratorType:
        span.note("this model streams without telling its text")  # its class has no `llm_completion_callback`
    else:
        set_answer(tracing, span, result)
    return "ok"


def _end_selection(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    set_output(tracing, span, result)
    chosen = [field(selection, "index") for selection in as_list(field(result, "selections"))]
    describe(span, {"chosen": [index for index in chosen if type(index) is int]})
    return "ok"


def _end_embedding(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    set_output(tracing, span, _vectors(result))
    return "ok"


def _end_tool(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    found = set_output(tracing, span, result)
    span.documents = None if span.has_retrieval else found  # else they are those of a retriever inside
    return _tool_failed(span, result) if field(result, "is_error") is True else "ok"


_END: dict[Family, Callable[[Tracing, OpenSpan, StepState, Any], SpanStatus]] = {
    "own": _end_own,
    "predict": _end_plumbing,
    "program": _end_plumbing,
    "history": _end_plumbing,
    "step": _end_step,
    "query": _end_answer,
    "chat": _end_answer,
    "synthesize": _end_answer,
    "retrieve": _end_retrieval,
    "rerank": _end_rerank,
    "llm": _end_llm,
    "embed": _end_embedding,
    "select": _end_selection,
    "tool": _end_tool,
}


# --- what they share


def set_output(tracing: Tracing, span: OpenSpan, value: Any) -> list[Passage] | None:
    """Returns the documents in it."""
    span.output, budget = tracing.taker.take(value)
    span.size += budget.size
    if budget.cut:
        span.note("the output was too large and is cut")
    return budget.passages


def set_answer(tracing: Tracing, span: OpenSpan, response: Any) -> None:
    """What a model wrote, and what that cost."""
    set_output(tracing, span, response)
    if span.model is None:
        span.model = {"name": ""}
    models.complete_model_call(span.model, response)


def keep_partial_answers(tracing: Tracing, span: OpenSpan) -> None:
    """What models below `span` had written when the reader of their stream went away; they may never tell themselves."""
    for child in tuple(span.children or ()):
        state = state_of(child)
        if state is not None and state.last is not None:
            set_answer(tracing, child, state.last)
        keep_partial_answers(tracing, child)


def describe(span: OpenSpan, attributes: dict[str, Any]) -> None:
    """Add what is known of a step to what was known before."""
    span.attributes = attributes if span.attributes is None else {**span.attributes, **attributes}


def note_embedding(span: OpenSpan, result: Any, duration_ns: int) -> None:
    """The embedding of a retriever's query: how long it took, and the size of the vector."""
    dimensions = len(as_list(result)) or None
    describe(span, {"query_embedding": {"duration_ns": duration_ns, "dimensions": dimensions}})


def set_input(tracing: Tracing, span: OpenSpan, state: StepState, value: Any) -> None:
    """Keep what went in, and the documents in it for the end of the step."""
    span.input, budget = tracing.taker.take(value)
    span.size += budget.size
    state.passages = budget.passages
    if budget.cut:
        span.note("the input was too large and is cut")


def _vectors(result: Any) -> Any:
    """Of vectors only their number and size; of embedded nodes their number."""
    found = as_list(result)
    if not found:
        return None if type(result) is list else result
    if type(found[0]) is list:
        return {MARK: "embedding", "vectors": len(found), "dimensions": len(as_list(found[0]))}
    if type(found[0]) in (float, int):
        return {MARK: "embedding", "vectors": 1, "dimensions": len(found)}
    return {MARK: "embedding", "vectors": len(found)}


def _tool_failed(span: OpenSpan, output: Any) -> SpanStatus:
    """A tool that returned its error instead of raising it."""
    error = private(output, "_exception")
    if error is not None:
        span.error = errors.describe(errors.read(error), span)
    else:
        span.error = {"type": "ToolError", "message": span.output if type(span.output) is str else ""}
    span.error["origin"] = span.id
    return "error"
