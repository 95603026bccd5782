"""Spans of LlamaIndex that are no steps themselves, but whose course is of interest for the step around them."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from weaklink_llama_index import steps
from weaklink_llama_index.state import state_of

if TYPE_CHECKING:
    from weaklink.recorder import OpenSpan
    from weaklink_llama_index.tracing import Tracing

# structured_predict > program > predict_and_call > chat
_MOST_FILLINGS = 4
_VERSION_DIGIT = 76


class QueryEmbedding:
    """The embedding of a retriever's query: part of the retriever's step, and a step of its own only where it fails."""

    __slots__ = ("_began", "_key", "_text", "step")

    def __init__(self, step: OpenSpan, key: int, text: Any) -> None:
        """`step` is the retriever."""
        self.step = step
        self._key = key
        self._text = text
        self._began = perf_counter_ns()

    def ended(self, tracing: Tracing, result: Any) -> None:
        """The query is embedded."""
        steps.note_embedding(self.step, result, perf_counter_ns() - self._began)

    def failed(self, tracing: Tracing, error: BaseException) -> None:
        """The query could not be embedded."""
        span = tracing.recorder.start(self._key, self.step.key, "query embedding", "embedding")
        span.began = self._began
        span.input = tracing.taker.take(self._text)[0]
        tracing.recorder.fail(span, error)


class Filling:
    """A `predict` or `stream`: it fills a prompt and calls a model, and both are steps. Only as a whole trace it is one too."""

    __slots__ = ("_key", "prompt", "step")

    def __init__(self, step: OpenSpan, key: int) -> None:
        """`step` is the one that asked for it, or it itself."""
        self.step = step
        self._key = key
        self.prompt: OpenSpan | None = None

    def begin(self, tracing: Tracing, name: str) -> OpenSpan:
        """A template is being filled with variables: a step that LlamaIndex opens no span for."""
        # Differs from the call's own key in the version digit, which is the same in all UUIDs of LlamaIndex.
        self._key ^= 1 << _VERSION_DIGIT
        self.prompt = tracing.recorder.start(self._key, self.step.key, name, "prompt")
        return self.prompt

    def called(self, tracing: Tracing, call: OpenSpan) -> None:
        """A model is called: what it gets is the filled prompt, of this or of the filling around it."""
        filling: Filling | None = self
        for _ in range(_MOST_FILLINGS):
            if filling is None:
                return
            if filling.prompt is not None:
                filling.prompt.output = call.input
                tracing.recorder.finish(filling.prompt)
                filling.prompt = None
                return
            state = state_of(filling.step)
            around = None if state is None else state.filling
            filling = None if around is filling else around

    def ended(self, tracing: Tracing, result: Any) -> None:
        """The model has answered."""
        if self.prompt is not None:
            tracing.recorder.finish(self.prompt)
            self.prompt = None

    def failed(self, tracing: Tracing, error: BaseException) -> None:
        """The variables could not be filled in, or something inside has failed."""
        if self.prompt is not None:
            tracing.recorder.fail(self.prompt, error)
            self.prompt = None
