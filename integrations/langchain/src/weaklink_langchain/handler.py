"""The callback handler: which event begins, ends or fails which run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks.base import BaseCallbackHandler

from weaklink.errors import UnknownTrace
from weaklink_langchain import convert, langgraph, pauses, steps
from weaklink_langchain.capture import Capture
from weaklink_langchain.hooks import install_hooks
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
    # LangChain asks for one of these at every event; on the base class each is a property, which takes as long as a call (core 1.7).
    ignore_chain = ignore_llm = ignore_chat_model = ignore_retriever = ignore_agent = False
    ignore_custom_event = ignore_retry = False

    def __init__(
        self, store: str | os.PathLike[str] | None = None, *, hooks: bool = True, strict: bool = False
    ) -> None:
        """Record into `store` (path or URL), by default WEAKLINK_STORE or ./.weaklink/traces.db.

        LangChain tells no handler about scores, rerankers, embeddings and writes to a vector store, and LangGraph none about
        breakpoints; `hooks` wraps their methods to learn of them, in this process, for good. With `strict`, an error inside
        the handler is raised into the chain; one that comes up behind it, on the writer's thread, at the next event, by
        `flush()` or by `last_trace()`.

        Raises StoreError for a URL of an unknown kind, InvalidSettings for a setting that cannot be used.
        """
        from weaklink.settings import load_settings

        recording = Recording(store)
        capture = Capture(recording, load_settings(), strict=strict)
        self.raise_error = strict
        self._recorder = recording.recorder
        self._recording = recording
        self._capture = capture
        # Bound once: each is called, or waits with the event's values, at every event.
        self._start = capture.start
        self._end = capture.end
        self._end_chain = recording.end_chain
        self._end_llm = recording.end_llm
        self._end_retriever = recording.end_retriever
        self._end_tool = recording.end_tool
        self._note_embedding = recording.note_embedding
        self._note_scores = recording.note_scores
        self.trouble = capture.trouble
        if hooks:
            install_hooks()
        self._hooks = hooks

    def last_trace(self) -> Trace:
        """The newest finished trace of this handler, of the calling thread or task where it ran one.

        Waits at most a second for the writer. Raises UnknownTrace where nothing has finished yet.
        """
        self.flush(_LAST_TRACE_TIMEOUT_S)
        state = self._recording.latest.get()
        if state is None:
            raise UnknownTrace(
                "there is no trace yet: no chain has finished under this handler; pass it to a run with "
                'config={"callbacks": [handler]}'
            )
        from weaklink.store import open_store

        store = open_store(self._recorder.path)
        try:
            return store.get(state.id)
        finally:
            store.close()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that has ended is stored; False where that took longer than `timeout` seconds."""
        is_stored = self._recorder.flush(timeout)
        self._capture.raise_late()
        return is_stored

    # --- chains, prompts, parsers, graph nodes

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None, run_type: str | None = None, name: str | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """A chain, prompt, parser, function or graph node begins."""
        try:
            if parent_run_id is None and self._hooks:
                pauses.watch()
            kind = _KIND_OF_RUN.get(run_type, "chain")
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "chain")
            facts = steps.template_of(serialized) if kind == "prompt" else None
            self._start(run_id, parent_run_id, name, kind, inputs, tags, metadata, facts)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the chain
            self.trouble("on_chain_start", error)

    def on_chain_end(
        self, outputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, inputs: Any = None, **kwargs: Any
    ) -> None:
        """A chain, prompt, parser, function or graph node has ended."""
        try:
            given = None if inputs is None else self._capture.take(inputs)
            is_interrupted = pauses.is_paused(outputs) or langgraph.is_interrupted(outputs)
            self._end(self._end_chain, run_id, parent_run_id, outputs, "chain", given, is_interrupted)
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
            capture = self._capture
            self._end(
                self._end_llm, run_id, parent_run_id, convert.output_of(response), "llm",
                convert.answer_of(response), None if parent_run_id is None else parent_run_id.int,
                None if capture.is_live(run_id) else capture.origin(),
            )  # fmt: skip
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_end", error)

    def on_llm_error(
        self, error: BaseException, *, run_id: UUID, response: LLMResult | None = None, **kwargs: Any
    ) -> None:
        """A model has raised; what it had written by then is kept."""
        try:
            if response is not None and response.generations:
                taken = self._capture.take(convert.output_of(response))
                answer = convert.answer_of(response)
                self._capture.tell(self._recording.set_answer, run_id, *taken, answer, size=taken[2])
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
            self._start(run_id, parent_run_id, name, "retriever", query, tags, metadata)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_retriever_start", error)

    def on_retriever_end(
        self, documents: Sequence[Document], *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """A retriever has answered."""
        try:
            self._end(self._end_retriever, run_id, parent_run_id, documents, "retriever")
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
            facts = {"tool_call_id": tool_call_id} if type(tool_call_id) is str else None
            self._start(run_id, parent_run_id, name, "tool", value, tags, metadata, facts)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_tool_start", error)

    def on_tool_end(self, output: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any) -> None:
        """A tool has answered."""
        try:
            self._end(self._end_tool, run_id, parent_run_id, output, "tool")
        except Exception as error:  # noqa: BLE001
            self.trouble("on_tool_end", error)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool has raised."""
        self._fail("on_tool_error", run_id, error)

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """The user's own event inside a step: kept with the step."""
        try:
            taken = self._capture.take(data)
            self._capture.tell(self._recording.add_event, run_id, name, taken[0], size=taken[2])
        except Exception as error:  # noqa: BLE001
            self.trouble("on_custom_event", error)

    # --- steps that LangChain has no callback for, see hooks.py and scores.py

    def start_hooked(
        self, run_id: UUID, parent_run_id: UUID | None, name: str, kind: SpanKind, args: tuple[Any, ...],
        kwargs: dict[str, Any], *, began: int = 0,
    ) -> None:  # fmt: skip
        """A wrapped method is called with these arguments, or was at `began` on the performance counter."""
        self._start(run_id, parent_run_id, name, kind, steps.arguments(kind, args, kwargs), None, None, began=began)

    def end_hooked(self, run_id: UUID, parent_run_id: UUID | None, kind: SpanKind, result: Any) -> None:
        """A wrapped method has returned."""
        try:
            work = self._end_retriever if kind == "reranker" else self._recording.end
            self._end(work, run_id, parent_run_id, steps.result_of(kind, result), kind)
        except Exception as trouble:  # noqa: BLE001
            self.trouble("a hook", trouble)

    def fail_hooked(self, run_id: UUID, error: BaseException) -> None:
        """A wrapped method has raised."""
        self._fail("a hook", run_id, error)

    def note_embedding(self, run_id: UUID | None, result: Any, duration_ns: int) -> None:
        """A retriever has embedded its query."""
        if run_id is not None:
            dimensions = len(result) if type(result) is list else None
            self._capture.tell(self._note_embedding, run_id, dimensions, duration_ns)

    def note_scores(self, run_id: UUID | None, scored: Scored) -> None:
        """A store has scored documents for the run, which may return them."""
        if run_id is not None:
            self._capture.tell(self._note_scores, run_id, scored)

    # --- what several events share

    def _start_llm(
        self, serialized: Any, prompts: Any, run_id: UUID, parent_run_id: UUID | None, tags: list[str] | None,
        metadata: dict[str, Any] | None, name: str | None, invocation: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        """A model is called, with one prompt or several."""
        try:
            if type(name) is not str or not name:
                name = convert.name_of(name, serialized, "llm")
            single = prompts[0] if len(prompts) == 1 else prompts
            facts = convert.invocation_of(invocation, self._capture.taker) if invocation else {}
            self._start(run_id, parent_run_id, name, "llm", single, tags, metadata, facts)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_start", error)

    def _first_token(self, run_id: UUID) -> None:
        try:
            self._capture.first_token(run_id)
        except Exception as error:  # noqa: BLE001
            self.trouble("on_llm_new_token", error)

    def _fail(self, event: str, run_id: UUID, error: BaseException, inputs: Any = None) -> None:
        try:
            self._capture.fail(run_id, error, inputs)
        except Exception as trouble:  # noqa: BLE001
            self.trouble(event, trouble)
