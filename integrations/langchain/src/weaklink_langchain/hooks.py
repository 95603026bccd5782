"""Steps that LangChain tells nobody about: rerankers, embeddings and writes to a vector store.

LangChain has no callback for these (core 1.7), so the methods are wrapped, once per class, when the first handler is made. A
wrapped method calls the original with the same arguments and returns the same object; where nobody listens it does no more.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from weaklink_langchain import scores
from weaklink_langchain.context import Place, here, leave, listening_place

if TYPE_CHECKING:
    from weaklink.model import SpanKind
    from weaklink_langchain.handler import WeaklinkCallbackHandler

_MARK = "__weaklink_wrapped__"
_installed = False


def install_hooks() -> None:
    """Wrap all classes there are and those to come. Calling it again does nothing."""
    global _installed
    if _installed:
        return
    _installed = True
    from langchain_core.documents import BaseDocumentCompressor
    from langchain_core.embeddings import Embeddings
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.vectorstores import VectorStore

    hooked: tuple[tuple[type, tuple[str, ...], SpanKind], ...] = (
        (BaseDocumentCompressor, ("compress_documents", "acompress_documents"), "reranker"),
        (Embeddings, ("embed_query", "embed_documents", "aembed_query", "aembed_documents"), "embedding"),
        (VectorStore, ("add_texts", "add_documents", "aadd_texts", "aadd_documents"), "vector_store"),
    )
    for base, methods, kind in hooked:
        _wrap_all(base, functools.partial(_wrap_class, methods=methods, kind=kind))
    _wrap_all(VectorStore, scores.wrap_store)
    _wrap_all(BaseRetriever, scores.wrap_retriever)


def _wrap_all(base: type, wrap: Callable[[type], None]) -> None:
    """Call `wrap` with `base`, all its subclasses, and those that will be made."""
    original: Any = base.__init_subclass__
    is_own = inspect.ismethod(original)

    def init_subclass(cls: type, **kwargs: Any) -> None:
        original.__func__(cls, **kwargs) if is_own else original(**kwargs)
        wrap(cls)

    base.__init_subclass__ = classmethod(init_subclass)  # type: ignore[assignment]
    for known in (base, *_all_subclasses(base)):
        wrap(known)


def _all_subclasses(base: type) -> set[type]:
    found: set[type] = set()
    pending = list(base.__subclasses__())
    while pending:
        known = pending.pop()
        if known not in found:
            found.add(known)
            pending.extend(known.__subclasses__())
    return found


def _wrap_class(cls: type, methods: tuple[str, ...], kind: SpanKind) -> None:
    for name in methods:
        original = cls.__dict__.get(name)
        is_real = inspect.isfunction(original) and not getattr(original, "__isabstractmethod__", False)
        if is_real and not hasattr(original, _MARK):
            wrap = _wrap_async if inspect.iscoroutinefunction(original) else _wrap
            setattr(cls, name, wrap(original, kind))


def _wrap(original: Callable[..., Any], kind: SpanKind) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        step = _begin(self, kind, args, kwargs)
        if step is None:
            return original(self, *args, **kwargs)
        token = here.set(step.place)
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            step.failed(error)
            raise
        finally:
            leave(token)
        step.ended(result)
        return result

    setattr(wrapper, _MARK, True)
    return wrapper


def _wrap_async(original: Callable[..., Any], kind: SpanKind) -> Callable[..., Any]:
    @functools.wraps(original)
    async def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        step = _begin(self, kind, args, kwargs)
        if step is None:
            return await original(self, *args, **kwargs)
        token = here.set(step.place)
        try:
            result = await original(self, *args, **kwargs)
        except BaseException as error:
            step.failed(error)
            raise
        finally:
            leave(token)
        step.ended(result)
        return result

    setattr(wrapper, _MARK, True)
    return wrapper


class _Step(Protocol):
    place: Place
    """Where the steps below it go."""

    def ended(self, result: Any) -> None: ...

    def failed(self, error: BaseException) -> None: ...


class _OwnSpan:
    """A hooked call that is a step of its own."""

    __slots__ = ("_above", "_kind", "_run_id", "place")

    def __init__(self, place: Place, name: str, kind: SpanKind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Begin it below `place`."""
        self._run_id = uuid4()
        self._above = place.run_id
        self._kind: SpanKind = kind
        place.handler.start_hooked(self._run_id, place.run_id, name, kind, args, kwargs)
        self.place = Place(place.handler, self._run_id, kind)

    def ended(self, result: Any) -> None:
        self.place.handler.end_hooked(self._run_id, self._above, self._kind, result)

    def failed(self, error: BaseException) -> None:
        self.place.handler.fail_hooked(self._run_id, error)


class _QueryEmbedding:
    """The embedding of a retriever's query: part of the retriever's span, and a step of its own only where it fails."""

    __slots__ = ("_args", "_began", "_kwargs", "_name", "place")

    def __init__(self, place: Place, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """`place` is the retriever."""
        self.place = Place(place.handler, place.run_id, "embedding")
        self._name = name
        self._args = args
        self._kwargs = kwargs
        self._began = perf_counter_ns()

    def ended(self, result: Any) -> None:
        handler: WeaklinkCallbackHandler = self.place.handler
        try:
            handler.note_embedding(self.place.run_id, result, perf_counter_ns() - self._began)
        except Exception as trouble:  # noqa: BLE001 - nothing of ours may reach the host
            handler.trouble("a hook", trouble)

    def failed(self, error: BaseException) -> None:
        handler: WeaklinkCallbackHandler = self.place.handler
        run_id = uuid4()
        try:
            handler.start_hooked(
                run_id, self.place.run_id, self._name, "embedding", self._args, self._kwargs, began=self._began
            )
        except Exception as trouble:  # noqa: BLE001 - the host gets its own error
            handler.trouble("a hook", trouble)
        handler.fail_hooked(run_id, error)


def _begin(self: Any, kind: SpanKind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Step | None:
    """Begin a step, unless nobody listens or the same kind of step is calling itself (add_documents calls add_texts)."""
    try:
        place = listening_place(kwargs.get("callbacks"))
        # An embedding that no run asked for says nothing of any chain; a write to a store is worth a trace of its own.
        if place is None or (place.run_id is None and kind == "embedding"):
            return None
        if place.doing == kind:
            return None
        if kind == "embedding" and place.doing == "retriever":
            return _QueryEmbedding(place, type(self).__name__, args, kwargs)
        return _OwnSpan(place, type(self).__name__, kind, args, kwargs)
    except Exception:  # noqa: BLE001 - the host's call goes on, unrecorded
        return None
