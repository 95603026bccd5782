# Reads the slots of exceptions of any class.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Exceptions as data, read without running the exception's own code."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weaklink.snapshot import type_name

if TYPE_CHECKING:
    from weaklink.model.span import SpanStatus
    from weaklink.recorder.open_span import OpenSpan

_MOST_CAUSES: Final = 8
_MOST_FRAMES: Final = 8
_MOST_CHARACTERS: Final = 4_000
_MOST_BITS: Final = 4_096
_CONTROL_FLOW: Final = (asyncio.CancelledError, KeyboardInterrupt, SystemExit)
_VALIDATION_ERROR: Final = "pydantic_core._pydantic_core.ValidationError"


class Raised(NamedTuple):
    """What is kept of an exception that ended a step, which itself must not be kept alive."""

    type: str
    message: str
    causes: list[str]
    stack: list[str]
    identity: int
    """Tells it from others as long as it travels."""
    links: frozenset[int]
    """The identities of it and its causes."""
    status: SpanStatus
    is_unread: bool = False
    """More could not be found out."""


def read(error: BaseException) -> Raised:
    """What is to be kept of `error`, read on the thread that raised it. Never raises an Exception."""
    name = type_name(type(error))
    try:
        first, *others = chain = list(_chain(error))
        return Raised(
            type=name, message=message_of(first), causes=[f"{type_name(type(link))}: {message_of(link)}" for link in others],
            stack=_stack(error), identity=_identity(error), links=frozenset(map(_identity, chain)), status=status_of(error),
        )  # fmt: skip
    except Exception:  # noqa: BLE001 - the step has failed all the same
        return Raised(name, "", [], [], 0, frozenset(), status_of(error), is_unread=True)


def status_of(error: BaseException) -> SpanStatus:
    """How a step ended that raised `error`: control flow is no failure."""
    kind = type(error)  # never isinstance: it may ask the object for its __class__
    if issubclass(kind, GeneratorExit):
        return "abandoned"
    if issubclass(kind, _CONTROL_FLOW) or not issubclass(kind, Exception):
        return "cancelled"
    return "error"


def describe(raised: Raised, span: OpenSpan) -> dict[str, Any]:
    """The fields of a SpanError. Its origin is the step that raised the same exception below or before `span`, else `span`."""
    ids = raised.links
    origin = next((failed for failed in reversed(span.failed or ()) if failed.error_id in ids), None)
    if origin is None and span.parent is not None and span.parent.failed:
        origin = _upstream(span, ids)
    span.error_id = raised.identity
    span.error_origin = span.key if origin is None else origin.error_origin
    found: dict[str, Any] = {"type": raised.type, "message": raised.message, "origin": f"{span.error_origin:032x}"}
    if raised.causes:
        found["causes"] = raised.causes
    if origin is None and raised.stack:
        found["stack"] = raised.stack
    return found


def _identity(error: BaseException) -> int:
    """What tells an exception from others as long as it travels, without keeping it alive.

    The address alone does not: once an exception was swallowed, the next one often gets its place.
    """
    innermost = traceback = BaseException.__dict__["__traceback__"].__get__(error)
    while traceback is not None:
        innermost, traceback = traceback, traceback.tb_next
    place = (0, 0) if innermost is None else (id(innermost.tb_frame.f_code), innermost.tb_lasti)
    return hash((id(error), id(type(error)), *place))


def _upstream(span: OpenSpan, ids: frozenset[int]) -> OpenSpan | None:
    """The step beside `span` whose exception came to it through a stream that both are part of."""
    # A step that began after the other's end is another attempt; its exception may have got the id of the first one's.
    beside = [failed for failed in span.parent.failed or () if failed.error_id in ids] if span.parent else []
    return next((failed for failed in beside if failed.began + (failed.duration_ns or 0) >= span.began), None)


def message_of(error: BaseException) -> str:
    """The text of an exception: its string arguments; its own `__str__` is not called."""
    if type_name(type(error)) == _VALIDATION_ERROR:
        return _validation_message(error)[:_MOST_CHARACTERS]
    args: Any = BaseException.args.__get__(error)  # type: ignore[attr-defined]
    parts = [_text(arg) for arg in args if type(arg) in (str, int, float, bool)]
    if issubclass(type(error), OSError):
        told: list[Any] = [OSError.__dict__[name].__get__(error) for name in ("strerror", "filename")]
        parts = [part for part in told if type(part) is str] or parts
    return ": ".join(parts)[:_MOST_CHARACTERS]


def _text(arg: str | float) -> str:
    if type(arg) is int and arg.bit_length() > _MOST_BITS:  # Python refuses to write more than 4,300 digits
        return f"int of {arg.bit_length()} bits"
    return str(arg)[:_MOST_CHARACTERS]


def _validation_message(error: Any) -> str:
    """What pydantic would say, without the input that it quotes by calling its `repr`."""
    lines = [f"{error.error_count()} validation errors for {error.title}"]
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        lines += [".".join(map(str, found["loc"])), f"  {found['msg']} [type={found['type']}]"]
    return "\n".join(lines)


def is_timeout(error: dict[str, Any] | None) -> bool:
    """Whether a described error is a time-out or a cancellation."""
    name = error["type"].rpartition(".")[2] if error else ""
    return name.endswith(("Timeout", "TimeoutError", "TimeoutException", "CancelledError"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error`, what it was raised from, and so on; of a group its members too."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending and len(seen) < _MOST_CAUSES:
        link = pending.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        if issubclass(type(link), BaseExceptionGroup):
            pending.extend(BaseExceptionGroup.exceptions.__get__(link))  # type: ignore[attr-defined]
        cause = BaseException.__dict__["__cause__"].__get__(link)
        is_suppressed = BaseException.__dict__["__suppress_context__"].__get__(link)
        pending.append(
            cause if cause is not None or is_suppressed else BaseException.__dict__["__context__"].__get__(link)
        )


def _stack(error: BaseException) -> list[str]:
    frames: list[str] = []
    traceback = BaseException.__dict__["__traceback__"].__get__(error)
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = "/".join(code.co_filename.replace("\\", "/").rsplit("/", 2)[-2:])
        frames.append(f"{file}:{traceback.tb_lineno} in {code.co_name}")
        if len(frames) > _MOST_FRAMES:
            frames.pop(0)
        traceback = traceback.tb_next
    return frames
