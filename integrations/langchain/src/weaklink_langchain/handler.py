"""The callback handler: which event begins, ends or fails which step."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks.base import BaseCallbackHandler

from weaklink.errors import UnknownTrace
from weaklink_langchain import convert, langgraph, steps
from weaklink_langchain.hooks import install_hooks
from weaklink_langchain.plumbing import HIDDEN, is_plumbing_name
from weaklink_langchain.recording import Recording

if TYPE_CHECKING:
    from uuid import UUID

    from langchain_core.documents import Document
    from langchain_core.messages import BaseMessage
    from langchain_core.outputs import LLMResult

    from weaklink.model import SpanKind, Trace
    from weaklink_langchain.context import Scored

_KIND_OF_RUN: dict[str | None, SpanKind] = {"prompt": "prompt", "parser": "parser"}
_LAST_TRACE_TIMEOUT_S = 1.0


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
        recording = Recording(store, strict=strict)
        self.raise_error = strict
        self._recorder = recording.recorder
        self._latest = recording.latest
        self._recording = recording
        # Bound once: each is called at every event.
        self._find = recording.find
        self._start = recording.start
        self._set_output = recording.set_output
        self._finish = recording.recorder.finish
        self._fail = recording.fail
        self.trouble = recording.trouble
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
                span.plumbing = is_plumbing_name(name) or (tags is not None and HIDDEN in tags)
                if metadata:
                    steps.describe_node(span, name, metadata, tags)
            elif kind == "prompt":
                steps.describe_prompt(span, serialized)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the chain
            self.trouble("on_chain_start", error)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, inputs: Any = None, **kwargs: Any) -> None:
        """A chain, prompt, parser, function or graph node has ended."""
        try:
            span = self._find(run_id.int)
            if span is None:
                return
            if inputs is not None:  # a stream tells its input only at the end
                self._recording.set_input(span, inputs)
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
        self._recording.start_llm(serialized, messages, run_id, parent_run_id, tags, metadata, name, invocation_params)

    def on_llm_start(
        self, serialized: Any, prompts: list[str], *, run_id: UUID, parent_run_id: UUID | None = None,
        tags: list[str] | None = None, metadata: dict[str, Any] | None = None, name: str | None = None,
        invocation_params: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A completion model is called."""
        self._recording.start_llm(serialized, prompts, run_id, parent_run_id, tags, metadata, name, invocation_params)

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
            span = self._find(run_id.int)
            if span is None:  # LangChain may skip the start (its issue 39633)
                if self._recording.is_of_another(run_id):
                    return
                span = self._start(run_id, parent_run_id, "llm", "llm", None, None, None)
                if span is None:
                    return
                span.note("the start of this call was not reported")
            self._recording.set_answer(span, response)
            self._finish(span)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_end", error)

    def on_llm_error(
        self, error: BaseException, *, run_id: UUID, response: LLMResult | None = None, **kwargs: Any
    ) -> None:
        """A model has raised; what it had written by then is kept."""
        try:
            span = self._find(run_id.int)
            if span is not None and response is not None and response.generations:
                self._recording.set_answer(span, response)
        except Exception as trouble:  # noqa: BLE001
            self.trouble("on_llm_error", trouble)
        self._fail("on_llm_error", run_id, error)

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
            span = self._find(run_id.int)
            if span is not None:
                span.documents = self._set_output(span, documents) or []
                span.output = None  # it is these documents
                steps.add_scores(span)
                self._finish(span)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_retriever_end", error)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever has raised."""
        self._fail("on_retriever_error", run_id, error)

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
            span = self._find(run_id.int)
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
        self._fail("on_tool_error", run_id, error)

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """The user's own event inside a step: kept with the step."""
        try:
            span = self._find(run_id.int)
            if span is not None:
                steps.add_event(span, name, self._recording.take(data)[0])
        except Exception as error:  # noqa: BLE001
            self.trouble("on_custom_event", error)

    # --- steps that LangChain has no callback for, see hooks.py and scores.py

    def kind_of(self, run_id: UUID | None) -> SpanKind | None:
        """The kind of an open run; None where it is not open."""
        span = None if run_id is None else self._find(run_id.int)
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
            span = self._find(run_id.int)
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
        self._fail("a hook", run_id, error)

    def note_embedding(self, run_id: UUID | None, result: Any, duration_ns: int) -> None:
        """A retriever has embedded its query."""
        span = None if run_id is None else self._find(run_id.int)
        if span is not None:
            steps.note_embedding(span, result, duration_ns)

    def note_scores(self, run_id: UUID | None, scored: list[Scored]) -> None:
        """A store has scored documents for the run, which may return them."""
        span = None if run_id is None else self._find(run_id.int)
        if span is not None:
            span.scored = [*(span.scored or ()), scored]

    def _first_token(self, run_id: UUID) -> None:
        try:
            span = self._find(run_id.int)
            if span is not None and span.model is not None and "time_to_first_token_ns" not in span.model:
                span.model["time_to_first_token_ns"] = perf_counter_ns() - span.began
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_new_token", error)
