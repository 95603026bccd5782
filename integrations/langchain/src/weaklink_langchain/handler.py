"""The callback handler: which event begins, ends or fails which step."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks.base import BaseCallbackHandler

from weaklink.errors import UnknownTrace
from weaklink.recorder import recorder_for
from weaklink.recorder.latest import Latest
from weaklink.snapshot import LONG_TEXT
from weaklink_langchain import convert, langgraph, steps
from weaklink_langchain.hooks import install_hooks
from weaklink_langchain.plumbing import is_plumbing

if TYPE_CHECKING:
    from uuid import UUID

    from langchain_core.documents import Document
    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import LLMResult

    from weaklink.model import SpanKind, SpanStatus, Trace
    from weaklink.recorder import OpenSpan
    from weaklink_langchain.context import Scored

# Kinds that LangChain (core 1.7) tells nothing of when they are cancelled.
_SILENT = frozenset(("retriever", "llm", "tool"))
_KIND_OF_RUN: dict[str | None, SpanKind] = {"prompt": "prompt", "parser": "parser"}
_LAST_TRACE_TIMEOUT_S = 1.0
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


class WeaklinkCallbackHandler(BaseCallbackHandler):
    """Records every step of a LangChain chain or LangGraph graph that it is attached to.

    `chain.invoke(question, config={"callbacks": [WeaklinkCallbackHandler()]})`. One handler may serve many chains, threads and
    tasks at once. It never raises into the chain, changes no input or output, and reads no value's own code.
    """

    # Called in order on the caller's own thread or loop; otherwise LangChain hops through an executor for every event of an
    # async chain, which costs 1.4 ms per call even for a handler that does nothing (core 1.7).
    run_inline = True

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *, hooks: bool = True, strict: bool = False
    ) -> None:
        """Record into `store` (path or URL), by default WEAKLINK_STORE or ./.weaklink/traces.db.

        LangChain tells no handler about scores, rerankers, embeddings and writes to a vector store; `hooks` wraps their methods
        to learn of them, in this process, for good. With `strict`, an error inside the handler is raised into the chain.

        Raises StoreError for a URL of an unknown kind, InvalidSettings for a setting that cannot be used.
        """
        from weaklink.settings import load_settings

        self._recorder = recorder_for(store)
        settings = load_settings()
        self._taker = convert.snapshotter(settings.max_span_bytes, redact=settings.redact)
        self._take = self._taker.take
        self._latest = Latest()
        # Model calls that another handler of the same store records and ends, so that their end here is not taken for news.
        self._shared: set[int] = set()
        self._warned: dict[str, float] = {}
        self.raise_error = strict
        if hooks:
            install_hooks()

    def last_trace(self) -> Trace:
        """The newest finished trace of this handler, of the calling thread or task where it ran one.

        Waits at most a second for the writer. Raises UnknownTrace where nothing has finished yet.
        """
        self._recorder.flush(_LAST_TRACE_TIMEOUT_S)
        state = self._latest.get()
        if state is None:
            raise UnknownTrace(
                "there is no trace yet: no chain has finished under this handler; pass it to a run with "
                'config={"callbacks": [handler]}'
            )
        from weaklink.store import open_store

        store = open_store(self._recorder.path)
        try:
            return store.get(f"{state.key:032x}")
        finally:
            store.close()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that has ended is stored; False where that took longer than `timeout` seconds."""
        return self._recorder.flush(timeout)

    # --- chains, prompts, parsers, graph nodes

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None, run_type: str | None = None, name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A chain, prompt, parser, function or graph node begins."""
        try:
            kind = _KIND_OF_RUN.get(run_type, "chain")
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "chain")
            span = self._start(run_id, parent_run_id, name, kind, inputs, tags, metadata)
            if span is None:
                return
            if kind == "chain":
                span.plumbing = is_plumbing(name, tags)
                if metadata:
                    steps.describe_node(span, name, metadata, tags)
            elif kind == "prompt":
                steps.describe_prompt(span, serialized)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the chain
            self.trouble("on_chain_start", error)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, inputs: Any = None, **kwargs: Any) -> None:
        """A chain, prompt, parser, function or graph node has ended."""
        try:
            span = self._recorder.find(run_id.int)
            if span is None:
                return
            if inputs is not None:  # a stream tells its input only at the end
                self._set_input(span, inputs)
            found = self._set_output(span, outputs)
            if found and span.kind == "chain":
                steps.describe_documents(span, found)
            if inputs is not None and span.children:
                # LangChain reports a synchronous stream that its reader left as ended well (core 1.7), and drains the model
                # afterwards. Only then does a stream end before the steps that feed it.
                self._finish(span, "abandoned")
            else:
                is_interrupted = span.is_interrupted or langgraph.is_interrupted(outputs)
                self._finish(span, "interrupted" if is_interrupted else "ok")
        except Exception as error:  # noqa: BLE001
            self.trouble("on_chain_end", error)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, inputs: Any = None, **kwargs: Any) -> None:
        """A chain, prompt, parser, function or graph node has raised."""
        self._fail("on_chain_error", run_id, error, inputs)

    # --- models

    def on_chat_model_start(
        self, serialized: Any, messages: list[list[BaseMessage]], *, run_id: UUID, parent_run_id: UUID | None = None,
        tags: list[str] | None = None, metadata: dict[str, Any] | None = None, name: str | None = None,
        invocation_params: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A chat model is called."""
        self._start_llm(serialized, messages, run_id, parent_run_id, tags, metadata, name, invocation_params)

    def on_llm_start(
        self, serialized: Any, prompts: list[str], *, run_id: UUID, parent_run_id: UUID | None = None,
        tags: list[str] | None = None, metadata: dict[str, Any] | None = None, name: str | None = None,
        invocation_params: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A completion model is called."""
        self._start_llm(serialized, prompts, run_id, parent_run_id, tags, metadata, name, invocation_params)

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A streamed token: only the first one is of interest."""
        self._first_token(run_id)

    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """The same for `stream_events(version="v3")`."""
        self._first_token(run_id)

    def on_llm_end(
        self, response: LLMResult, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A model has answered."""
        try:
            span = self._recorder.find(run_id.int)
            if span is None:  # LangChain may skip the start (its issue 39633)
                if run_id.int in self._shared:
                    self._shared.discard(run_id.int)
                    return
                span = self._start(run_id, parent_run_id, "llm", "llm", None, None, None)
                if span is None:
                    return
                span.note("the start of this call was not reported")
            self._set_answer(span, response)
            self._finish(span)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_end", error)

    def on_llm_error(
        self, error: BaseException, *, run_id: UUID, response: LLMResult | None = None, **kwargs: Any
    ) -> None:
        """A model has raised; what it had written by then is kept."""
        try:
            span = self._recorder.find(run_id.int)
            if span is not None and response is not None and response.generations:
                self._set_answer(span, response)
        except Exception as trouble:  # noqa: BLE001
            self.trouble("on_llm_error", trouble)
        self._fail("on_llm_error", run_id, error, None)

    # --- retrievers and tools

    def on_retriever_start(
        self, serialized: Any, query: str, *, run_id: UUID, parent_run_id: UUID | None = None, tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None, name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A retriever is asked."""
        try:
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "retriever")
            span = self._start(run_id, parent_run_id, name, "retriever", query, tags, metadata)
            if span is not None and metadata:
                steps.describe_retriever(span, metadata)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_retriever_start", error)

    def on_retriever_end(self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever has answered."""
        try:
            span = self._recorder.find(run_id.int)
            if span is not None:
                span.documents = self._set_output(span, documents) or []
                span.output = None  # it is these documents
                steps.add_scores(span)
                self._finish(span)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_retriever_end", error)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever has raised."""
        self._fail("on_retriever_error", run_id, error, None)

    def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, parent_run_id: UUID | None = None,
        tags: list[str] | None = None, metadata: dict[str, Any] | None = None, name: str | None = None,
        inputs: dict[str, Any] | None = None, tool_call_id: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A tool is called."""
        try:
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "tool")
            value = input_str if inputs is None else inputs
            span = self._start(run_id, parent_run_id, name, "tool", value, tags, metadata)
            if span is not None and type(tool_call_id) is str:
                steps.describe(span, {"tool_call_id": tool_call_id})
        except Exception as error:  # noqa: BLE001
            self.trouble("on_tool_start", error)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool has answered; a ToolMessage that says "error" is a failure."""
        try:
            span = self._recorder.find(run_id.int)
            if span is None:
                return
            span.documents = self._set_output(span, output)
            failed = steps.says_error(span)
            if failed:
                span.error = steps.tool_error(span)
            self._finish(span, "error" if failed else "ok")
        except Exception as error:  # noqa: BLE001
            self.trouble("on_tool_end", error)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool has raised."""
        self._fail("on_tool_error", run_id, error, None)

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """The user's own event inside a step: kept with the step."""
        try:
            span = self._recorder.find(run_id.int)
            if span is not None:
                steps.add_event(span, name, self._take(data)[0])
        except Exception as error:  # noqa: BLE001
            self.trouble("on_custom_event", error)

    # --- steps that LangChain has no callback for, see hooks.py and scores.py

    def kind_of(self, run_id: UUID | None) -> SpanKind | None:
        """The kind of an open run; None where it is not open."""
        span = None if run_id is None else self._recorder.find(run_id.int)
        return None if span is None else span.kind

    def start_hooked(
        self, run_id: UUID, parent_run_id: UUID | None, name: str, kind: SpanKind, args: tuple[Any, ...],
        kwargs: dict[str, Any], *, began: int | None = None,
    ) -> None:  # fmt: skip
        """A wrapped method is called with these arguments, or was at `began` on the performance counter."""
        span = self._start(run_id, parent_run_id, name, kind, steps.arguments(kind, args, kwargs), None, None)
        if span is None:
            return
        steps.describe_call(span, kind)
        if began is not None:
            span.began = began

    def end_hooked(self, run_id: UUID, result: Any) -> None:
        """A wrapped method has returned."""
        try:
            span = self._recorder.find(run_id.int)
            if span is not None:
                found = self._set_output(span, steps.result_of(span.kind, result))
                if span.kind == "reranker":
                    span.documents, span.output = found or [], None
                    steps.add_scores(span)
                self._finish(span)
        except Exception as trouble:  # noqa: BLE001
            self.trouble("a hook", trouble)

    def fail_hooked(self, run_id: UUID, error: BaseException) -> None:
        """A wrapped method has raised."""
        self._fail("a hook", run_id, error, None)

    def note_embedding(self, run_id: UUID | None, result: Any, duration_ns: int) -> None:
        """A retriever has embedded its query."""
        span = None if run_id is None else self._recorder.find(run_id.int)
        if span is not None:
            steps.note_embedding(span, result, duration_ns)

    def note_scores(self, run_id: UUID | None, scored: list[Scored]) -> None:
        """A store has scored documents for the run, which may return them."""
        span = None if run_id is None else self._recorder.find(run_id.int)
        if span is not None:
            span.scored = [*(span.scored or ()), scored]

    # --- what they share

    def _start(
        self, run_id: UUID, parent_run_id: UUID | None, name: str, kind: SpanKind, value: Any, tags: list[str] | None,
        metadata: dict[str, Any] | None,
    ) -> OpenSpan | None:  # fmt: skip
        """None where another handler of this store has told of the run already."""
        recorder, key = self._recorder, run_id.int
        if (known := recorder.find(key)) is not None:
            self._share(known)
            return None
        # LangChain holds the run's id as long as the run lives, so its collection tells of an end that no event reports:
        # a retriever cancelled inside `await`, a generator that nobody finished. An ancestor's end tells of all other kinds.
        if parent_run_id is None:
            span = recorder.start(key, None, name, kind, run_id)
        else:
            span = recorder.start(key, parent_run_id.int, name, kind, run_id if kind in _SILENT else None)
        parent = span.parent
        handed_on = None if parent is None else parent.scratch
        if type(value) is str and len(value) <= LONG_TEXT:  # a question, most often: 0.3 us less
            span.input = value
        elif type(handed_on) is _HandedOn and (
            handed_on.value is value or (kind == "llm" and convert.is_prompt_of(handed_on.value, value))
        ):
            span.input, span.scratch = handed_on.frozen, handed_on.passages
        else:
            self._set_input(span, value)
        if tags:
            steps.read_tags(span, tags, metadata)
        if metadata and (own := steps.own_metadata(metadata)):
            span.metadata = self._take(own)[0]
        if parent is None:
            self._latest.watch(span.trace)
        return span

    def _share(self, span: OpenSpan) -> None:
        """The run is recorded already: by the handler of `install()` where this one was passed too, or the other way round."""
        if span.parent is None:
            self._latest.watch(span.trace)
        if span.kind == "llm":
            if len(self._shared) >= _MOST_SHARED:
                self._shared.clear()
            self._shared.add(span.key)

    def _start_llm(
        self, serialized: Any, prompts: Any, run_id: UUID, parent_run_id: UUID | None, tags: list[str] | None,
        metadata: dict[str, Any] | None, name: str | None, invocation: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        try:
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "llm")
            single = prompts[0] if len(prompts) == 1 else prompts
            span = self._start(run_id, parent_run_id, name, "llm", single, tags, metadata)
            if span is None:
                return
            span.model = convert.model_call(invocation, metadata, self._taker)
            if offered := convert.tool_names(invocation):
                steps.describe(span, {"tools": offered})
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_start", error)

    def _set_input(self, span: OpenSpan, value: Any) -> None:
        span.input, budget = self._take(value)
        span.size += budget.size
        span.scratch = budget.passages
        if budget.cut:
            span.note("the input was too large and is cut")

    def _set_output(self, span: OpenSpan, value: Any) -> list[Any] | None:
        """Returns the documents in it."""
        handed_on = span.scratch
        if type(handed_on) is _HandedOn and type(value) is dict and handed_on.is_in(value):
            rest, budget = self._take({key: item for key, item in value.items() if item is not handed_on.value})
            held = {
                key: handed_on.frozen for key, item in value.items() if item is handed_on.value and type(key) is str
            }
            span.output = {**rest, **held}
            passages = [*(handed_on.passages or ()), *(budget.passages or ())]
        else:
            span.output, budget = self._take(value)
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

    def _set_answer(self, span: OpenSpan, response: LLMResult) -> None:
        self._set_output(span, convert.output_of(response))
        if span.model is None:
            span.model = {"name": ""}
        convert.complete_model_call(span.model, response)

    def _first_token(self, run_id: UUID) -> None:
        try:
            span = self._recorder.find(run_id.int)
            if span is not None and span.model is not None and "time_to_first_token_ns" not in span.model:
                span.model["time_to_first_token_ns"] = perf_counter_ns() - span.began
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_new_token", error)

    def _finish(self, span: OpenSpan, status: SpanStatus = "ok") -> None:
        self._recorder.finish(span, status)
        if span.parent is not None and (span.has_retrieval or span.kind == "retriever" or span.kind == "reranker"):
            span.parent.has_retrieval = True

    def _fail(self, event: str, run_id: UUID, error: BaseException, inputs: Any) -> None:
        try:
            span = self._recorder.find(run_id.int)
            if span is None:
                return
            if inputs is not None:
                self._set_input(span, inputs)
            status = langgraph.status_of(error)
            if status == "interrupted" and span.parent is not None and steps.is_node(span):
                span.parent.is_interrupted = True  # LangGraph reports the graph itself as ended well
            if status == "ok":  # control flow inside a graph: the step did what it should
                self._recorder.finish(span)
            else:
                self._recorder.fail(span, error, status)
        except Exception as trouble:  # noqa: BLE001
            self.trouble(event, trouble)

    def trouble(self, event: str, error: Exception) -> None:
        """An error of our own: told once a minute per event; raised where the handler is strict."""
        if self.raise_error:
            raise error
        now = time.monotonic()
        if now - self._warned.get(event, -_SAME_WARNING_S) >= _SAME_WARNING_S:
            self._warned[event] = now
            _log.warning("weaklink: a step was not recorded, %s failed: %r", event, error)
