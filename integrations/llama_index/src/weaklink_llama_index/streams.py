"""Steps that have returned a stream: they stay open until it is read to its end, closed, or forgotten.

LlamaIndex (core 0.14) reports a streaming query as ended before the model is even called, and the model's call as a root.
"""

from __future__ import annotations

from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.chat_engine.types import StreamingAgentChatResponse

from weaklink_llama_index import steps
from weaklink_llama_index.relay import AsyncRelay, Relay
from weaklink_llama_index.shapes import class_of
from weaklink_llama_index.state import StepState, state_of

if TYPE_CHECKING:
    from inspect import BoundArguments

    from weaklink.recorder import OpenSpan
    from weaklink_llama_index.tracing import Tracing

# A model's own stream cannot be replaced: its caller has it. As long as it lives, so does what the recorder watches.
_watched: WeakKeyDictionary[Any, BoundArguments] = WeakKeyDictionary()


def hold(tracing: Tracing, span: OpenSpan, state: StepState, result: Any, bound_args: BoundArguments) -> bool:
    """Keep the step open where `result` is a stream whose end will be known; False where the step has ended."""
    kind = class_of(result)
    if kind is StreamingResponse or kind is AsyncStreamingResponse:
        if result.response_gen is None or result.response_txt is not None:
            return False
        result.response_gen = _relay(tracing, result.response_gen, span, state, bound_args)
    elif kind is StreamingAgentChatResponse:
        return _hold_chat(tracing, span, state, result, bound_args)
    elif kind is GeneratorType or kind is AsyncGeneratorType:
        is_call = state.family == "llm" and state.started
        if not is_call and not (
            state.family == "predict" and any(_is_held(child) for child in tuple(span.children or ()))
        ):
            return False
        _watched[result] = bound_args
    else:
        return False
    state.held = True
    return True


def running_call(parent: OpenSpan, llm: Any) -> OpenSpan | None:
    """The streamed call of the model `llm` below `parent` that a new call of it carries out: only now it is being read."""
    for child in tuple(parent.children or ()):
        state = state_of(child)
        if state is None or not state.held:
            continue
        if state.family == "llm" and state.instance is llm:
            return child
        if state.family == "predict" and (found := running_call(child, llm)) is not None:
            return found
    return None


def call_ended(tracing: Tracing, span: OpenSpan, state: StepState, response: Any, error: BaseException | None) -> None:
    """The stream of a model's call has ended, and with it the `stream` around it that filled the prompt."""
    above, text = span.parent, None
    state.held = False
    if response is not None:
        steps.set_answer(tracing, span, response)
        text = span.output
    _end(tracing, span, error)
    outer = state_of(above)
    if above is not None and outer is not None and outer.held and outer.family == "predict":
        above.output = text if above.is_root else None
        _end(tracing, above, error)


def history_ended(tracing: Tracing, span: OpenSpan, state: StepState, error: BaseException | None) -> None:
    """The thread or task has ended that reads a chat engine's stream and writes the answer into the memory."""
    chat = span.parent
    above = state_of(chat)
    if chat is not None and above is not None:
        # The engine's own method may still be about to return: whichever comes second ends the step.
        above.history_end = (state.instance, error)
        if above.held:
            _end_chat(tracing, chat, above.history_end)


def _hold_chat(tracing: Tracing, span: OpenSpan, state: StepState, result: Any, bound_args: BoundArguments) -> bool:
    if result.write_response_to_history_thread is None and result.awrite_response_to_history_task is None:
        for name in ("chat_stream", "achat_stream"):
            if (stream := getattr(result, name)) is not None:
                setattr(result, name, _relay(tracing, stream, span, state, bound_args))
                state.held = True
        return state.held
    state.held = True
    if state.history_end is not None:
        _end_chat(tracing, span, state.history_end)
    return True


def _end_chat(tracing: Tracing, span: OpenSpan, history_end: tuple[Any, BaseException | None]) -> None:
    response, error = history_end
    steps.set_output(tracing, span, response)
    _end(tracing, span, error)


def _relay(tracing: Tracing, stream: Any, span: OpenSpan, state: StepState, bound_args: BoundArguments) -> Any:
    """`stream`, read through a relay that ends the step; the same relay for all steps that hand the same stream on."""
    is_relay = type(stream) is Relay or type(stream) is AsyncRelay
    if not is_relay or stream.tracing is not tracing:
        make = AsyncRelay if hasattr(stream, "__anext__") else Relay
        stream = make(tracing, stream, state.id_)
    stream.hold(span, bound_args)
    return stream


def _is_held(span: OpenSpan) -> bool:
    state = state_of(span)
    return state is not None and state.held


def _end(tracing: Tracing, span: OpenSpan, error: BaseException | None) -> None:
    if error is None:
        tracing.finish(span)
    else:
        tracing.fail(span, error)
