"""Which span of LlamaIndex begins, ends or fails which step. One of these per store, however many handlers there are."""

from __future__ import annotations

import logging
import time
from hashlib import blake2b
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from weakref import ref

from weaklink.recorder import errors
from weaklink_llama_index import control, convert, kinds, starts, steps, streams
from weaklink_llama_index.callers import is_part_of_a_parser
from weaklink_llama_index.events import EVENTS
from weaklink_llama_index.inside import Filling, QueryEmbedding
from weaklink_llama_index.listeners import Listeners
from weaklink_llama_index.shapes import class_of
from weaklink_llama_index.state import StepState, state_of

if TYPE_CHECKING:
    from inspect import BoundArguments

    from weaklink.model import SpanStatus
    from weaklink.recorder import OpenSpan, Recorder
    from weaklink_llama_index.handler import WeaklinkCallbackHandler
    from weaklink_llama_index.kinds import StepKind

# One inside the other on the same object, these are different steps all the same.
_NEVER_ONE_STEP = frozenset(("own", "step", "run"))
# Stands for the state of a step that an ancestor's end closed, and that goes on all the same.
_STORED = StepState("own", "", None)
_SAME_WARNING_S = 60.0
_log = logging.getLogger("weaklink")


class Tracing:
    """Turns LlamaIndex's spans and events into the steps of one recorder."""

    def __init__(self, recorder: Recorder) -> None:
        """Nothing is heard before `listen`."""
        from weaklink.settings import load_settings

        settings = load_settings()
        self.recorder = recorder
        self.taker = convert.snapshotter(settings.max_span_bytes, redact=settings.redact)
        # Replaced, never changed: other threads walk over it.
        self._handlers: tuple[ref[WeaklinkCallbackHandler], ...] = ()
        self._listeners = Listeners(self)
        # The step that each open span of LlamaIndex is, or is part of.
        self._steps: dict[str, OpenSpan | QueryEmbedding | Filling] = {}
        self._warned: dict[str, float] = {}

    def serve(self, handler: WeaklinkCallbackHandler) -> None:
        """Record for `handler` whatever it listens to, as long as it lives."""
        self._handlers = (*self._handlers, ref(handler, self._forget))
        self._listeners.add()

    @property
    def handlers(self) -> list[WeaklinkCallbackHandler]:
        """The handlers that this records for."""
        return [handler for known in self._handlers if (handler := known()) is not None]

    def _forget(self, gone: ref[WeaklinkCallbackHandler]) -> None:
        self._handlers = tuple(known for known in self._handlers if known is not gone)
        self._rest()

    def _rest(self) -> None:
        """Stop listening where no handler is left and nothing is open."""
        if not self._handlers and not self.recorder.open_spans:
            self._listeners.remove()

    # --- what the dispatcher reports

    def enter(self, id_: str, bound_args: BoundArguments, instance: Any, parent_id: str | None) -> None:
        """A method of LlamaIndex is called."""
        if id_ in self._steps:  # two listeners told of it, see latch.py
            return
        try:
            parent = None if parent_id is None else self.find(parent_id)
            if parent is None:
                self._enter_root(id_, bound_args, instance)
            else:
                above = state_of(parent) or _STORED
                self._enter_below(id_, bound_args, instance, parent, above, parent_id)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the host
            self.trouble("the start of a step", error)

    def exit(self, id_: str, bound_args: BoundArguments, result: Any) -> None:
        """A method of LlamaIndex has returned."""
        try:
            span = self._steps.pop(id_, None)
            if isinstance(span, QueryEmbedding | Filling):
                span.ended(self, result)
                return
            state = state_of(span)
            if span is None or state is None or state.id_ != id_:
                if span is not None and state is None and span.key == key_of(id_):  # an ancestor's end had closed it
                    self.finish(span)
                return
            if state.cancelled:
                self._cancel(span, state)
            elif not streams.hold(self, span, state, result, bound_args):
                if state.filling is not None and state.filling.step is span:
                    state.filling.ended(self, result)
                self.finish(span, steps.end(self, span, state, result))
            if state.family == "history":
                streams.history_ended(self, span, state, None)
        except Exception as error:  # noqa: BLE001
            self.trouble("the end of a step", error)

    def drop(self, id_: str, err: BaseException | None) -> None:
        """A method of LlamaIndex has raised."""
        try:
            error = err if err is not None else RuntimeError("the span was dropped")
            span = self._steps.pop(id_, None)
            if isinstance(span, QueryEmbedding | Filling):
                span.failed(self, error)
                return
            state = state_of(span)
            if span is None or state is None or state.id_ != id_:
                if span is not None and state is None and span.key == key_of(id_):
                    self.fail(span, error)
                return
            if state.filling is not None and state.filling.step is span:
                state.filling.failed(self, error)
            if state.cancelled_steps and control.is_timeout(error):
                self._time_out(span, state, error)
            else:
                self._end_cancelled(state, None)
                self.fail(span, error)
            if state.family == "history":
                streams.history_ended(self, span, state, error)
        except Exception as trouble:  # noqa: BLE001
            self.trouble("the failure of a step", trouble)

    def event(self, event: Any) -> None:
        """Something happened inside a span."""
        try:
            react = EVENTS.get(type(event).__name__)
            if react is None or event.span_id is None:
                return
            span = self.find(event.span_id)
            if (state := state_of(span)) is not None and span is not None:
                react(self, span, state, event)
        except Exception as error:  # noqa: BLE001
            self.trouble(f"the event {type(event).__name__}", error)

    # --- beginning

    def _enter_root(self, id_: str, bound_args: BoundArguments, instance: Any) -> None:
        interested = [handler for handler in self.handlers if handler.listens_to(instance)]
        if not interested:
            self._rest()
            return
        qualified = kinds.method_of(id_)
        kind = kinds.kind_of(instance, qualified)
        if kind is None or (kind.family == "ingest" and is_part_of_a_parser(instance)):
            return
        span = self._begin(id_, bound_args, instance, None, kind, steps.name_of(kind, instance, qualified))
        for handler in interested:
            handler.watch(span.trace)

    def _enter_below(
        self, id_: str, bound_args: BoundArguments, instance: Any, parent: OpenSpan, above: StepState, parent_id: str | None
    ) -> None:  # fmt: skip
        around = self._steps.get(parent_id or "")
        qualified = kinds.method_of(id_)
        kind = kinds.kind_of(instance, qualified)
        if instance is None and above.family == "run":
            name = qualified.rpartition(".")[2]
            kind = kinds.FRAMEWORK_STEP if kinds.is_step_of_framework(class_of(above.instance), name) else kinds.STEP
        if kind is None:
            self._steps[id_] = parent
            return
        if kind.family == "embed" and parent.kind == "retriever":
            text = next(iter(bound_args.arguments.values()), None)
            self._steps[id_] = parent if type(around) is QueryEmbedding else QueryEmbedding(parent, key_of(id_), text)
            return
        if kind.family == "predict":
            self._steps[id_] = Filling(parent, key_of(id_))
            return
        same = self._same_step(kind, instance, parent, above)
        if same is not None:
            self._steps[id_] = same
            return
        span = self._begin(id_, bound_args, instance, parent, kind, steps.name_of(kind, instance, qualified))
        filling = around if isinstance(around, Filling) else above.filling
        if filling is not None:
            if kind.family == "llm":
                filling.called(self, span)
            elif (state := state_of(span)) is not None:
                state.filling = filling

    def _same_step(self, kind: StepKind, instance: Any, parent: OpenSpan, above: StepState) -> OpenSpan | None:
        """The open step that a new span only carries out: `_retrieve` inside `retrieve`, `complete` inside `chat`."""
        if instance is None or kind.family in _NEVER_ONE_STEP:
            return None
        if above.family == kind.family and above.instance is instance:
            return parent
        return streams.running_call(parent, instance) if kind.family == "llm" else None

    def _begin(
        self, id_: str, bound_args: BoundArguments, instance: Any, parent: OpenSpan | None, kind: StepKind, name: str
    ) -> OpenSpan:  # fmt: skip
        # The dispatcher holds the bound arguments as long as the call lives, and a stream of ours as long as it lives: where
        # they are collected without a word, nobody will ever report the end.
        parent_key = None if parent is None else parent.key
        span = self.recorder.start(key_of(id_), parent_key, name, kind.kind, bound_args)
        self._steps[id_] = span
        span.plumbing = kind.plumbing
        span.scratch = state = StepState(kind.family, id_, instance)
        starts.begin(self, span, state, bound_args.arguments)
        return span

    # --- what steps, events and streams ask for

    def find(self, id_: str) -> OpenSpan | None:
        """The open step of this name, or the one that it is part of."""
        step = self._steps.get(id_)
        if step is None:  # it has returned a stream, and goes on
            return self.recorder.find(key_of(id_))
        return step.step if isinstance(step, QueryEmbedding | Filling) else step

    def finish(self, span: OpenSpan, status: SpanStatus = "ok") -> None:
        """The step has ended."""
        self.recorder.finish(span, status)

    def fail(self, span: OpenSpan, error: BaseException) -> None:
        """The step has ended with an exception, which may be control flow."""
        status = control.status_of(error)
        if status in ("ok", "abandoned"):
            self.finish(span, status)
        else:
            self.recorder.fail(span, error, status)

    def _cancel(self, span: OpenSpan, state: StepState) -> None:
        """A step of a workflow, or a workflow, was cancelled."""
        run = state_of(span.parent)
        if state.family == "step" and run is not None and run.family == "run":
            run.cancelled_steps = (*run.cancelled_steps, (span, perf_counter_ns()))
            return
        self._end_cancelled(state, None)
        self.finish(span, "cancelled")

    def _end_cancelled(self, state: StepState, error: BaseException | None) -> None:
        for step, when in state.cancelled_steps:
            if error is not None:
                step.error = errors.describe(errors.read(error), step)
            self.recorder.finish(step, "cancelled", when)

    def _time_out(self, span: OpenSpan, state: StepState, error: BaseException) -> None:
        """A workflow took too long: the step that was running is where, though the workflow raised."""
        self._end_cancelled(state, error)
        span.error = errors.describe(errors.read(error), span)
        span.error_origin = state.cancelled_steps[0][0].key
        span.error["origin"] = f"{span.error_origin:032x}"
        self.recorder.finish(span, "error")

    def begin_prompt(self, span: OpenSpan, state: StepState, id_: str, name: str) -> OpenSpan:
        """The LlamaIndex span `id_`, which is `span` or part of it, fills a template."""
        filling = self._steps.get(id_)
        if not isinstance(filling, Filling):
            filling = state.filling = Filling(span, span.key)
        return filling.begin(self, name)

    def trouble(self, event: str, error: Exception) -> None:
        """An error of our own: told once a minute per event; raised later where a handler is strict."""
        for handler in self.handlers:
            handler.remember(error)
        now = time.monotonic()
        if now - self._warned.get(event, -_SAME_WARNING_S) >= _SAME_WARNING_S:
            self._warned[event] = now
            _log.warning("weaklink: a step was not recorded, %s failed: %r", event, error)


def key_of(id_: str) -> int:
    """The number in the uuid that ends a span's id; for an id without one, a number made of all of it."""
    try:
        return int(id_[-36:].replace("-", ""), 16)
    except ValueError:
        return int.from_bytes(blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=16).digest())
