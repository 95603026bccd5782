"""A stream of LlamaIndex, handed to its reader unchanged, that tells when it is read, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from llama_index.core.instrumentation.span import active_span_id

from weaklink_llama_index import steps
from weaklink_llama_index.shapes import field

if TYPE_CHECKING:
    from contextvars import Token
    from inspect import BoundArguments

    from weaklink.model import SpanStatus
    from weaklink.recorder import OpenSpan
    from weaklink_llama_index.tracing import Tracing


class _Reading:
    """What a relay remembers of the steps that end with its stream."""

    def __init__(self, tracing: Tracing, stream: Any, id_: str) -> None:
        """Read `stream`; what runs only then (a model's call) belongs below the step `id_`."""
        self.tracing = tracing
        self._stream = stream
        self._id = id_
        self._held: list[tuple[OpenSpan, BoundArguments]] = []
        self._texts: list[str] = []

    def hold(self, span: OpenSpan, bound_args: BoundArguments) -> None:
        """End `span` with the stream. The recorder watches `bound_args`: it lives no longer than this relay."""
        self._held.append((span, bound_args))

    def _enter(self) -> Token[str | None]:
        return active_span_id.set(self._id)

    def _leave(self, token: Token[str | None]) -> None:
        with suppress(ValueError):  # an event loop may finish an asynchronous stream in another context
            active_span_id.reset(token)

    def _note(self, item: Any) -> Any:
        text = item if type(item) is str else field(item, "delta")
        if type(text) is str:
            self._texts.append(text)
        return item

    def _end(self, status: SpanStatus, error: BaseException | None = None) -> None:
        held, self._held = self._held, []
        text = "".join(self._texts)
        if status == "abandoned" and held:
            steps.keep_partial_answers(self.tracing, held[0][0])
        for span, _ in held:  # the innermost first
            try:
                steps.set_output(self.tracing, span, text)
                if error is None:
                    self.tracing.finish(span, status)
                else:
                    self.tracing.fail(span, error)
            except Exception as trouble:  # noqa: BLE001 - the reader's stream goes on
                self.tracing.trouble("the end of a stream", trouble)


class Relay(_Reading, Generator[Any, Any, None]):
    """A synchronous stream."""

    def __next__(self) -> Any:
        """The next piece."""
        return self.send(None)

    def send(self, value: Any, /) -> Any:
        """The next piece."""
        token = self._enter()
        try:
            item = next(self._stream) if value is None else self._stream.send(value)
        except StopIteration:
            self._end("ok")
            raise
        except BaseException as error:
            self._end("error", error)
            raise
        finally:
            self._leave(token)
        return self._note(item)

    def throw(self, *raised: Any) -> Any:
        """The reader raises into the stream."""
        token = self._enter()
        try:
            return self._stream.throw(*raised)
        except StopIteration:
            self._end("ok")
            raise
        except BaseException as error:
            self._end("error", error)
            raise
        finally:
            self._leave(token)

    def close(self) -> None:
        """The reader goes away."""
        token = self._enter()
        try:
            if (close := getattr(self._stream, "close", None)) is not None:
                close()
        finally:
            self._leave(token)
            self._end("abandoned")


class AsyncRelay(_Reading, AsyncGenerator[Any, Any]):
    """An asynchronous stream."""

    async def __anext__(self) -> Any:
        """The next piece."""
        return await self.asend(None)

    async def asend(self, value: Any, /) -> Any:
        """The next piece."""
        token = self._enter()
        try:
            item = await (self._stream.__anext__() if value is None else self._stream.asend(value))
        except StopAsyncIteration:
            self._end("ok")
            raise
        except BaseException as error:
            self._end("error", error)
            raise
        finally:
            self._leave(token)
        return self._note(item)

    async def athrow(self, *raised: Any) -> Any:
        """The reader raises into the stream."""
        token = self._enter()
        try:
            return await self._stream.athrow(*raised)
        except StopAsyncIteration:
            self._end("ok")
            raise
        except BaseException as error:
            self._end("error", error)
            raise
        finally:
            self._leave(token)

    async def aclose(self) -> None:
        """The reader goes away."""
        token = self._enter()
        try:
            if (close := getattr(self._stream, "aclose", None)) is not None:
                await close()
        finally:
            self._leave(token)
            self._end("abandoned")
