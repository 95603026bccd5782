"""What is recorded of each kind of step: its name and input at the start, its output at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from weaklink.snapshot import MARK
from weaklink_llama_index import convert, models, nodes

if TYPE_CHECKING:
    from weaklink.model import SpanStatus
    from weaklink.recorder import OpenSpan
    from weaklink.snapshot import Passage
    from weaklink_llama_index.kinds import Family, StepKind
    from weaklink_llama_index.state import StepState
    from weaklink_llama_index.tracing import Tracing

Arguments = dict[str, Any]


def name_of(kind: StepKind, instance: Any, qualified: str) -> str:
    """What a person calls the step: its tool, step or function, else its class."""
    if kind.family == "tool":
        metadata = convert.field(instance, "_metadata")
        if type(name := convert.field(metadata, "name")) is str and name:
            return name
    if kind.family == "run" and type(name := convert.field(instance, "name")) is str and name not in ("", "Agent"):
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
    _set_input(tracing, span, state, _first(arguments))


def _begin_all(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """All arguments by name, or the only one as it is."""
    found = _by_name(arguments)
    _set_input(tracing, span, state, next(iter(found.values())) if len(found) == 1 else found)


def _begin_plumbing(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """Nothing that the steps inside do not have, unless it is the whole trace."""
    if span.is_root:
        _begin_all(tracing, span, state, arguments)


def _begin_chat(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    message, history = _first(arguments), arguments.get("chat_history")
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
    span.input = {"query": span.input, "nodes": nodes.slim_passages_of(given)}


def _begin_llm(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    _set_input(tracing, span, state, _first(arguments))
    span.model = models.model_of(state.instance)


def _begin_embedding(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    _set_input(tracing, span, state, _first(arguments))
    span.model = models.model_of(state.instance)


def _begin_run(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    event = arguments.get("start_event")
    content = None if event is None else convert.question_of_agent(convert.content_of_event(event))
    _set_input(tracing, span, state, content)


def _begin_step(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    event = next((value for value in arguments.values() if convert.is_event(value)), None)
    _set_input(tracing, span, state, event if event is not None else _by_name(arguments))
    if event is not None:
        describe(span, {"event": type(event).__name__})


_BEGIN: dict[Family, Callable[[Tracing, OpenSpan, StepState, Arguments], None]] = {
    "own": _begin_all,
    "tool": _begin_all,
    "predict": _begin_plumbing,
    "program": _begin_plumbing,
    "history": _begin_plumbing,
    "select": _begin_all,
    "chat": _begin_chat,
    "rerank": _begin_rerank,
    "synthesize": _begin_synthesis,
    "llm": _begin_llm,
    "embed": _begin_embedding,
    "run": _begin_run,
    "step": _begin_step,
}


# --- what came out


def _end_plain(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    set_output(tracing, span, result)
    return "ok"


def _end_own(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    """A function or a step of a workflow that a person wrote may be a retriever or a reranker."""
    nodes.describe_documents(span, state.passages or [], set_output(tracing, span, result))
    return "ok"


def _end_step(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    content = convert.content_of_event(result) if convert.is_event(result) else result
    if type(content) is dict and len(content) == 1:
        content = next(iter(content.values()))
    nodes.describe_documents(span, state.passages or [], set_output(tracing, span, content))
    if result is not None:
        describe(span, {"returned": type(result).__name__})
    output = convert.field(result, "tool_output")
    if convert.field(output, "is_error") is True and not span.failed:  # a tool that there is not
        span.kind, span.name, span.plumbing = "tool", str(convert.field(result, "tool_name")), False
        return _tool_failed(span, output)
    return "ok"


def _end_answer(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    """A response; with the nodes it rests on, where no retriever was seen."""
    set_output(tracing, span, result)
    if not span.has_retrieval and state.family != "synthesize" and (sources := convert.nodes_in(result)):
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
    set_answer(tracing, span, result)
    return "ok"


def _end_embedding(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    set_output(tracing, span, _vectors(result))
    return "ok"


def _end_tool(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    span.documents = set_output(tracing, span, result)
    return _tool_failed(span, result) if convert.field(result, "is_error") is True else "ok"


def _end_select(tracing: Tracing, span: OpenSpan, state: StepState, result: Any) -> SpanStatus:
    set_output(tracing, span, result)
    describe(span, {"branch": True})
    return "ok"


_END: dict[Family, Callable[[Tracing, OpenSpan, StepState, Any], SpanStatus]] = {
    "own": _end_own,
    "step": _end_step,
    "query": _end_answer,
    "chat": _end_answer,
    "synthesize": _end_answer,
    "retrieve": _end_retrieval,
    "rerank": _end_rerank,
    "llm": _end_llm,
    "embed": _end_embedding,
    "tool": _end_tool,
    "select": _end_select,
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


def describe(span: OpenSpan, attributes: dict[str, Any]) -> None:
    """Add what is known of a step to what was known before."""
    span.attributes = attributes if span.attributes is None else {**span.attributes, **attributes}


def note_embedding(span: OpenSpan, result: Any, duration_ns: int) -> None:
    """The embedding of a retriever's query: how long it took, and the size of the vector."""
    dimensions = len(result) if type(result) is list else None
    describe(span, {"query_embedding": {"duration_ns": duration_ns, "dimensions": dimensions}})


def _set_input(tracing: Tracing, span: OpenSpan, state: StepState, value: Any) -> None:
    span.input, budget = tracing.taker.take(value)
    span.size += budget.size
    state.passages = budget.passages
    if budget.cut:
        span.note("the input was too large and is cut")


def _first(arguments: Arguments) -> Any:
    """The first argument of a call; a wrapper's `*args, **kwargs` are looked into."""
    for name, value in arguments.items():
        if name == "args" and type(value) is tuple:
            if value:
                return value[0]
        elif name == "kwargs" and type(value) is dict:
            return next(iter(value.values()), None)
        else:
            return value
    return None


def _by_name(arguments: Arguments) -> Arguments:
    found: Arguments = {}
    for name, value in arguments.items():
        if name in ("kwargs", "prompt_args", "kwds") and type(value) is dict:
            found.update(value)
        elif name == "args" and type(value) is tuple:
            found.update({str(number) if number else "input": item for number, item in enumerate(value)})
        elif name != "self":
            found[name] = value
    return found


def _vectors(result: Any) -> Any:
    """Of vectors only their number and size; of embedded nodes too."""
    if type(result) is not list or not result:
        return result if result else None
    if type(result[0]) not in (list, float, int):
        return {MARK: "embedding", "vectors": len(result)}
    is_one = type(result[0]) is not list
    return {MARK: "embedding", "vectors": 1 if is_one else len(result), "dimensions": len(result if is_one else result[0])}


def _tool_failed(span: OpenSpan, output: Any) -> SpanStatus:
    """A tool that returned its error instead of raising it."""
    private = getattr(output, "__pydantic_private__", None) or {}
    error = private.get("_exception")
    text = span.output if type(span.output) is str else ""
    span.error = {"type": "ToolError", "message": text, "origin": f"{span.key:032x}"}
    if error is not None:
        from weaklink.recorder.errors import describe as described

        span.error = {**described(error, span), "origin": f"{span.key:032x}"}
    return "error"
