"""What is recorded of each kind of step: its name and input at the start, its output at the end."""

from __future__ import annotations

from collections.abc import Callable
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any

from weaklink.recorder import errors
from weaklink.snapshot import MARK
from weaklink_llama_index import models, nodes
from weaklink_llama_index.arguments import Arguments, by_name, first_of
from weaklink_llama_index.parts import content_of_event, is_context, is_event, nodes_in, question_of_agent
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


def begin(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """Keep what went into the step."""
    _BEGIN.get(state.family, _begin_first)(tracing, span, state, arguments)


def end(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    """Keep what came out of the step; returns how it ended."""
    return _END.get(state.family, _end_plain)(tracing, span, state, result)


# --- what went in


def _begin_first(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The first argument: a query, a text, a list of nodes."""
    _set_input(tracing, span, state, first_of(arguments))


def _begin_all(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """All arguments by name, or the only one as it is."""
    found = by_name(arguments)
    _set_input(tracing, span, state, next(iter(found.values())) if len(found) == 1 else found)


def _begin_tool(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The arguments by name, as the model wrote them; the context of a workflow is added by LlamaIndex."""
    found = {name: value for name, value in by_name(arguments).items() if not is_context(value)}
    _set_input(
        tracing, span, state, found.get("input") if list(found) == ["input"] and "kwargs" not in arguments else found
    )


def _begin_plumbing(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """Nothing that the steps inside do not have, unless it is the whole trace."""
    if span.is_root:
        _begin_all(tracing, span, state, arguments)


def _begin_selection(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """All arguments; and that what is inside only decides where to go, also where that fails."""
    _begin_all(tracing, span, state, arguments)
    describe(span, {"branch": True})


def _begin_chat(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    message, history = first_of(arguments), arguments.get("chat_history")
    _set_input(tracing, span, state, {"input": message, "chat_history": history} if history else message)


def _begin_rerank(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    found = list(arguments.values())
    span.candidates = nodes.passages_of(tracing.taker, found[0]) if found else []
    nodes.mark_retrieved(span.candidates)
    query = arguments.get("query_bundle") or arguments.get("query_str") or (found[1] if len(found) > 1 else None)
    _set_input(tracing, span, state, query)


def _begin_synthesis(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    query = arguments.get("query", arguments.get("query_str"))
    given = arguments.get("nodes")
    if given is None:
        _set_input(tracing, span, state, {"query": query, "chunks": arguments.get("text_chunks")})
        return
    _set_input(tracing, span, state, query)
    if span.parent is None or not span.parent.has_retrieval:  # else a step before this one has recorded them
        span.input = {"query": span.input, "nodes": nodes.passages_of(tracing.taker, given)}


def _begin_model(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    _set_input(tracing, span, state, first_of(arguments))
    span.model = models.model_of(state.instance)


def _begin_ingestion(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The texts or nodes; of a whole trace also that it asks nothing."""
    _begin_first(tracing, span, state, arguments)
    if span.is_root:
        describe(span, {"ingests": True})


def _begin_run(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    event = arguments.get("start_event")
    content = None if event is None else question_of_agent(content_of_event(event))
    _set_input(tracing, span, state, content)


def _begin_step(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    event = next((value for value in arguments.values() if is_event(value)), None)
    _set_input(tracing, span, state, event if event is not None else by_name(arguments))
    if event is not None:
        describe(span, {"event": type(event).__name__})


_BEGIN: dict[Family, Callable[[Tracing, OpenSpan, StepState, Arguments], None]] = {
    "own": _begin_all,
    "tool": _begin_tool,
    "predict": _begin_plumbing,
    "program": _begin_plumbing,
    "history": _begin_plumbing,
    "select": _begin_selection,
    "chat": _begin_chat,
    "rerank": _begin_rerank,
    "synthesize": _begin_synthesis,
    "llm": _begin_model,
    "embed": _begin_model,
    "ingest": _begin_ingestion,
    "run": _begin_run,
    "step": _begin_step,
}


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


def _set_input(tracing: Tracing, span: OpenSpan, state: StepState, value: Any) -> None:
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
    span.error["origin"] = f"{span.key:032x}"
    return "error"
