"""What is recorded of each kind of step when it begins: mostly what went in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from weaklink_llama_index import models, nodes
from weaklink_llama_index.arguments import Arguments, by_name, first_of
from weaklink_llama_index.parts import content_of_event, is_context, is_event, named_choice, question_of_agent
from weaklink_llama_index.shapes import as_list
from weaklink_llama_index.state import StepState
from weaklink_llama_index.steps import describe, set_input

if TYPE_CHECKING:
    from weaklink.recorder import OpenSpan
    from weaklink_llama_index.kinds import Family
    from weaklink_llama_index.tracing import Tracing


def begin(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """Keep what went into the step."""
    _BEGIN.get(state.family, _begin_first)(tracing, span, state, arguments)


def _begin_first(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The first argument: a query, a text, a list of nodes."""
    set_input(tracing, span, state, first_of(arguments))


def _begin_all(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """All arguments by name, or the only one as it is."""
    found = by_name(arguments)
    set_input(tracing, span, state, next(iter(found.values())) if len(found) == 1 else found)


def _begin_tool(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The arguments by name, as the model wrote them; the context of a workflow is added by LlamaIndex."""
    found = {name: value for name, value in by_name(arguments).items() if not is_context(value)}
    set_input(
        tracing, span, state, found.get("input") if list(found) == ["input"] and "kwargs" not in arguments else found
    )


def _begin_plumbing(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """Nothing that the steps inside do not have, unless it is the whole trace."""
    if span.is_root:
        _begin_all(tracing, span, state, arguments)


def _begin_selection(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The query and what there is to choose from; what is inside only decides where to go, also where that fails."""
    found = by_name(arguments)
    offered = found.get("choices", found.get("input"))
    choices = tracing.taker.take([named_choice(choice) for choice in as_list(offered)])[0]
    query = found.get("query", found.get("1"))
    set_input(tracing, span, state, {"query": query, "choices": offered})
    describe(span, {"branch": True, "choices": choices})


def _begin_chat(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    message, history = first_of(arguments), arguments.get("chat_history")
    set_input(tracing, span, state, {"input": message, "chat_history": history} if history else message)


def _begin_rerank(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    found = list(arguments.values())
    span.candidates = nodes.passages_of(tracing.taker, found[0]) if found else []
    nodes.mark_retrieved(span.candidates)
    query = arguments.get("query_bundle") or arguments.get("query_str") or (found[1] if len(found) > 1 else None)
    set_input(tracing, span, state, query)


def _begin_synthesis(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    query = arguments.get("query", arguments.get("query_str"))
    given = arguments.get("nodes")
    if given is None:
        set_input(tracing, span, state, {"query": query, "chunks": arguments.get("text_chunks")})
        return
    set_input(tracing, span, state, query)
    if span.parent is None or not span.parent.has_retrieval:  # else a step before this one has recorded them
        span.input = {"query": span.input, "nodes": nodes.passages_of(tracing.taker, given)}


def _begin_model(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    set_input(tracing, span, state, first_of(arguments))
    span.model = models.model_of(state.instance)


def _begin_ingestion(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The texts or nodes; of a whole trace also that it asks nothing."""
    _begin_first(tracing, span, state, arguments)
    if span.is_root:
        describe(span, {"ingests": True})


def _begin_transform(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    """The query or question; what a model writes inside is to be searched for, and no answer."""
    _begin_first(tracing, span, state, arguments)
    describe(span, {"rewrites": True})


def _begin_run(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    event = arguments.get("start_event")
    content = None if event is None else question_of_agent(content_of_event(event))
    set_input(tracing, span, state, content)


def _begin_step(tracing: Tracing, span: OpenSpan, state: StepState, arguments: Arguments) -> None:
    event = next((value for value in arguments.values() if is_event(value)), None)
    set_input(tracing, span, state, event if event is not None else by_name(arguments))
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
    "transform": _begin_transform,
    "run": _begin_run,
    "step": _begin_step,
}
