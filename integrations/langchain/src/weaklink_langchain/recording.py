"""Steps made of what the handler captured: where each belongs, what kind it is, and how it ended.

All of this runs later, in the order of the events, on the thread of the writer or of somebody who asks for the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaklink.recorder import recorder_for
from weaklink.recorder.latest import Latest
from weaklink_langchain import convert, langgraph, steps
from weaklink_langchain.plumbing import HIDDEN, is_plumbing_name

if TYPE_CHECKING:
    import os

    from weaklink.model import SpanKind, SpanStatus
    from weaklink.recorder import OpenSpan
    from weaklink.recorder.errors import Raised
    from weaklink.recorder.open_span import Watch
    from weaklink_langchain.capture import Origin, Taken
    from weaklink_langchain.context import Scored

_MOST_SHARED = 1_024


class Recording:
    """Begins and ends the steps of one handler."""

    def __init__(self, store: str | os.PathLike[str] | None) -> None:
        """Record into `store`."""
        self.recorder = recorder_for(store)
        self.latest = Latest()
        self._find = self.recorder.find
        # Model calls that another handler of the same store records and ends, so that their end here is not taken for news.
        self._shared: set[int] = set()

    def begin(
        self, key: int, parent_key: int | None, name: str, kind: SpanKind, began: int, frozen: Any, passages: list[Any] | None,
        size: int, is_cut: bool, tags: tuple[str, ...], metadata: dict[str, Any] | None, facts: Any, watch: Watch | None,
        origin: Origin | None,
    ) -> None:  # fmt: skip
        """A step has begun, in `origin` where it may be a root. `facts` is a model call, or what else is known of the step."""
        scope, block = origin or (None, None)
        if (known := self._find(key)) is not None:  # another handler of this store has told of the run already
            self._share(known, scope)
            return
        span = self.recorder.begin(key, parent_key, name, kind, began, watch, block)
        _set_input(span, frozen, passages, size, is_cut)
        if tags:
            steps.read_tags(span, tags, metadata)
        if metadata and (own := steps.own_metadata(metadata)):
            span.metadata = own
        if kind == "chain":
            span.plumbing = is_plumbing_name(name) or HIDDEN in tags
            if metadata:
                steps.describe_node(span, name, metadata, tags)
            if langgraph.goes_on(frozen):
                steps.describe(span, {"goes_on": True})
        elif kind == "llm":
            span.model = convert.model_call(facts, metadata)
            if offered := facts.get("tools"):
                steps.describe(span, {"tools": offered})
        elif facts:
            steps.describe(span, facts)
        if kind == "retriever" and metadata:
            steps.describe_retriever(span, metadata)
        elif kind == "reranker":
            steps.describe_reranker(span)
        if span.parent is None:
            self.latest.watch(span.trace, scope)

    def end_chain(
        self, key: int, when: int, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool,
        inputs: Taken | None, is_interrupted: bool,
    ) -> None:  # fmt: skip
        """A chain, prompt, parser, function or graph node has ended."""
        span = self._find(key)
        if span is None:
            return
        if inputs is not None:  # a stream tells its input only at the end
            _set_input(span, *inputs)
        found = _set_output(span, frozen, passages, size, is_cut)
        if found and span.kind == "chain":
            steps.describe_documents(span, found)
        if inputs is not None and span.children:
            # LangChain reports a synchronous stream that its reader left as ended well (core 1.7), and drains the model
            # afterwards. Only then does a stream end before the steps that feed it.
            self.recorder.finish(span, "abandoned", when)
        else:
            self.recorder.finish(span, "interrupted" if span.is_interrupted or is_interrupted else "ok", when)

    def end_llm(
        self, key: int, when: int, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool,
        answer: dict[str, Any], parent_key: int | None, origin: Origin | None,
    ) -> None:  # fmt: skip
        """A model has answered."""
        if self._find(key) is None:  # LangChain may skip the start (its issue 39633)
            if key in self._shared:
                self._shared.discard(key)
                return
            self.begin(key, parent_key, "llm", "llm", when, None, None, 0, False, (), None, {}, None, origin)
            span = self._find(key)
            if span is None:
                return
            span.note("the start of this call was not reported")
        self.set_answer(key, frozen, passages, size, is_cut, answer)
        span = self._find(key)
        if span is not None:
            self.recorder.finish(span, "ok", when)

    def set_answer(
        self, key: int, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool, answer: dict[str, Any]
    ) -> None:
        """What a model returned, all of it or as far as it came."""
        span = self._find(key)
        if span is not None:
            _set_output(span, frozen, passages, size, is_cut)
            span.model = convert.with_answer(span.model or {"name": ""}, answer)

    def first_token(self, key: int, when: int) -> None:
        """The first token of a stream came at `when`."""
        span = self._find(key)
        if span is not None and span.model is not None:
            span.model["time_to_first_token_ns"] = when - span.began

    def end_retriever(
        self, key: int, when: int, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool
    ) -> None:
        """A retriever or reranker has answered: its output is these documents."""
        span = self._find(key)
        if span is not None:
            span.documents = _set_output(span, frozen, passages, size, is_cut) or []
            span.output = None
            steps.add_scores(span)
            self.recorder.finish(span, "ok", when)

    def end_tool(self, key: int, when: int, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool) -> None:
        """A tool has answered; a ToolMessage that says "error" is a failure."""
        span = self._find(key)
        if span is None:
            return
        span.documents = _set_output(span, frozen, passages, size, is_cut)
        failed = steps.says_error(span)
        if failed:
            span.error = steps.tool_error(span)
        self.recorder.finish(span, "error" if failed else "ok", when)

    def end(self, key: int, when: int, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool) -> None:
        """Any other step has ended."""
        span = self._find(key)
        if span is not None:
            _set_output(span, frozen, passages, size, is_cut)
            self.recorder.finish(span, "ok", when)

    def fail(self, key: int, when: int, raised: Raised, status: SpanStatus | None, inputs: Taken | None) -> None:
        """A step has raised; `status` where that was control flow of a graph."""
        span = self._find(key)
        if span is None:
            return
        if inputs is not None:
            _set_input(span, *inputs)
        if status == "interrupted" and span.parent is not None and steps.is_node(span):
            span.parent.is_interrupted = True  # LangGraph reports the graph itself as ended well
        if status == "ok":  # control flow inside a graph: the step did what it should
            self.recorder.finish(span, "ok", when)
        else:
            self.recorder.fail_with(span, raised, status, when)

    def add_event(self, key: int, name: str, data: Any) -> None:
        """The user's own event inside a step."""
        span = self._find(key)
        if span is not None:
            steps.add_event(span, name, data)

    def note_embedding(self, key: int, dimensions: int | None, duration_ns: int) -> None:
        """A retriever has embedded its query."""
        span = self._find(key)
        if span is not None:
            steps.describe(span, {"query_embedding": {"duration_ns": duration_ns, "dimensions": dimensions}})

    def note_scores(self, key: int, scored: Scored) -> None:
        """A store has scored documents for the step, which may return them."""
        span = self._find(key)
        if span is not None:
            span.scored = [*(span.scored or ()), scored]

    def _share(self, span: OpenSpan, scope: Any) -> None:
        """The run is recorded already: by the handler of `install()` where this one was passed too, or the other way round."""
        if span.parent is None:
            self.latest.watch(span.trace, scope)
        if span.kind == "llm":
            if len(self._shared) >= _MOST_SHARED:
                self._shared.clear()
            self._shared.add(span.key)


def _set_input(span: OpenSpan, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool) -> None:
    span.input, span.scratch = frozen, passages
    span.size += size
    if is_cut:
        span.note("the input was too large and is cut")


def _set_output(span: OpenSpan, frozen: Any, passages: list[Any] | None, size: int, is_cut: bool) -> list[Any] | None:
    """Returns the documents in it."""
    span.output = frozen
    span.size += size
    if is_cut:
        span.note("the output was too large and is cut")
    return passages
