"""What all events of the handler share: a step begins, gets its input and output, ends or fails."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from weaklink.recorder import recorder_for
from weaklink.recorder.latest import Latest
from weaklink.snapshot import LONG_TEXT
from weaklink_langchain import convert, langgraph, steps

if TYPE_CHECKING:
    import os
    from uuid import UUID

    from langchain_core.outputs import LLMResult

    from weaklink.model import SpanKind
    from weaklink.recorder import OpenSpan

# Kinds that LangChain (core 1.7) tells nothing of when they are cancelled.
_SILENT = frozenset(("retriever", "llm", "tool"))
_SAME_WARNING_S = 60.0
_MOST_SHARED = 1_024
_log = logging.getLogger("weaklink")


class _HandedOn:
    """What a step of a RunnableSequence returned: the next step gets the same object before any other code can change it.

    The same holds for the list of a retriever that a RunnableParallel puts among its results: nobody else has it yet.
    """

    __slots__ = ("frozen", "passages", "value")

    def __init__(self, value: Any, frozen: Any, passages: list[Any] | None) -> None:
        """`frozen` is the snapshot of `value`, `passages` are the documents in it."""
        self.value = value
        self.frozen = frozen
        self.passages = passages

    def is_in(self, results: dict[str, Any]) -> bool:
        """Whether the object is one of `results`; it is never compared, only recognised."""
        value = self.value
        return type(value) is list and any(item is value for item in results.values())


class Recording:
    """Begins and ends steps of one store; nothing of its own may reach the chain."""

    def __init__(self, store: str | os.PathLike[str] | None, *, strict: bool) -> None:
        """Record into `store`; with `strict`, an error of our own is raised."""
        from weaklink.settings import load_settings

        self.recorder = recorder_for(store)
        settings = load_settings()
        self.latest = Latest()
        self._strict = strict
        self._taker = convert.snapshotter(settings.max_span_bytes, redact=settings.redact)
        self.take = self._taker.take
        self.find = self.recorder.find
        # Model calls that another handler of the same store records and ends, so that their end here is not taken for news.
        self._shared: set[int] = set()
        self._warned: dict[str, float] = {}

    def start(
        self, run_id: UUID, parent_run_id: UUID | None, name: str, kind: SpanKind, value: Any, tags: list[str] | None,
        metadata: dict[str, Any] | None,
    ) -> OpenSpan | None:  # fmt: skip
        """None where another handler of this store has told of the run already."""
        key = run_id.int
        if (known := self.find(key)) is not None:
            self._share(known)
            return None
        # LangChain holds the run's id as long as the run lives, so its collection tells of an end that no event reports:
        # a retriever cancelled inside `await`, a generator that nobody finished. An ancestor's end tells of all other kinds.
        if parent_run_id is None:
            span = self.recorder.start(key, None, name, kind, run_id)
        else:
            span = self.recorder.start(key, parent_run_id.int, name, kind, run_id if kind in _SILENT else None)
        parent = span.parent
        if type(value) is str and len(value) <= LONG_TEXT:  # a question, most often
            span.input = value
        elif (
            parent is not None
            and type(handed_on := parent.scratch) is _HandedOn
            and (handed_on.value is value or (kind == "llm" and convert.is_prompt_of(handed_on.value, value)))
        ):
            span.input, span.scratch = handed_on.frozen, handed_on.passages
        else:
            self.set_input(span, value)
        if tags:
            steps.read_tags(span, tags, metadata)
        if metadata and (own := steps.own_metadata(metadata)):
            span.metadata = self.take(own)[0]
        if parent is None:
            self.latest.watch(span.trace)
        return span

    def start_llm(
        self, serialized: Any, prompts: Any, run_id: UUID, parent_run_id: UUID | None, tags: list[str] | None,
        metadata: dict[str, Any] | None, name: str | None, invocation: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        """A model is called, with one prompt or several."""
        try:
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "llm")
            single = prompts[0] if len(prompts) == 1 else prompts
            span = self.start(run_id, parent_run_id, name, "llm", single, tags, metadata)
            if span is None:
                return
            span.model = convert.model_call(invocation, metadata, self._taker)
            if offered := convert.tool_names(invocation):
                steps.describe(span, {"tools": offered})
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the chain
            self.trouble("on_llm_start", error)

    def set_input(self, span: OpenSpan, value: Any) -> None:
        """What the step was given."""
        span.input, budget = self.take(value)
        span.scratch = budget.passages
        if budget.size:
            span.size += budget.size
        if budget.cut:
            span.note("the input was too large and is cut")

    def set_output(self, span: OpenSpan, value: Any) -> list[Any] | None:
        """What the step returned; returns the documents in it."""
        handed_on = span.scratch
        if type(handed_on) is _HandedOn and type(value) is dict and handed_on.is_in(value):
            rest, budget = self.take({key: item for key, item in value.items() if item is not handed_on.value})
            held = {
                key: handed_on.frozen for key, item in value.items() if item is handed_on.value and type(key) is str
            }
            span.output = {**rest, **held}
            passages = [*(handed_on.passages or ()), *(budget.passages or ())]
        else:
            span.output, budget = self.take(value)
            passages = budget.passages
        if budget.size:
            span.size += budget.size
        if budget.cut:
            span.note("the output was too large and is cut")
        parent = span.parent
        if parent is not None and (
            parent.name == "RunnableSequence"
            or (span.kind == "retriever" and parent.name.startswith("RunnableParallel"))
        ):
            parent.scratch = _HandedOn(value, span.output, passages)
        return passages

    def set_answer(self, span: OpenSpan, response: LLMResult) -> None:
        """What a model returned."""
        self.set_output(span, convert.output_of(response))
        if span.model is None:
            span.model = {"name": ""}
        convert.complete_model_call(span.model, response)

    def is_of_another(self, run_id: UUID) -> bool:
        """Whether another handler of this store records and has ended this model call; asked at its end."""
        if run_id.int not in self._shared:
            return False
        self._shared.discard(run_id.int)
        return True

    def fail(self, event: str, run_id: UUID, error: BaseException, inputs: Any = None) -> None:
        """The step has ended with an exception, which may be control flow of a graph."""
        try:
            span = self.find(run_id.int)
            if span is None:
                return
            if inputs is not None:
                self.set_input(span, inputs)
            status = langgraph.status_of(error)
            if status == "interrupted" and span.parent is not None and steps.is_node(span):
                span.parent.is_interrupted = True  # LangGraph reports the graph itself as ended well
            if status == "ok":  # control flow inside a graph: the step did what it should
                self.recorder.finish(span)
            else:
                self.recorder.fail(span, error, status)
        except Exception as trouble:  # noqa: BLE001
            self.trouble(event, trouble)

    def trouble(self, event: str, error: Exception) -> None:
        """An error of our own: told once a minute per event; raised where the handler is strict."""
        if self._strict:
            raise error
        now = time.monotonic()
        if now - self._warned.get(event, -_SAME_WARNING_S) >= _SAME_WARNING_S:
            self._warned[event] = now
            _log.warning("weaklink: a step was not recorded, %s failed: %r", event, error)

    def _share(self, span: OpenSpan) -> None:
        """The run is recorded already: by the handler of `install()` where this one was passed too, or the other way round."""
        if span.parent is None:
            self.latest.watch(span.trace)
        if span.kind == "llm":
            if len(self._shared) >= _MOST_SHARED:
                self._shared.clear()
            self._shared.add(span.key)
