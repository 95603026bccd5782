"""What is remembered of a step between its start and its end, in `OpenSpan.scratch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weaklink_llama_index.kinds import Family

if TYPE_CHECKING:
    from weaklink.recorder import OpenSpan
    from weaklink.snapshot import Passage
    from weaklink_llama_index.inside import Filling


class StepState:
    """One recorded step of LlamaIndex while it is open."""

    # What most steps never have stands on the class.
    passages: list[Passage] | None = None
    """The documents that went in."""
    filling: Filling | None = None
    """The filling of a prompt that the step is, or stands in."""
    started = False
    """A model call whose events LlamaIndex reports, so that the end of its stream will be told."""
    found: dict[str, Passage] | None = None
    """Of a workflow: the documents that its steps have found so far, by their text."""
    held = False
    """The method has returned a stream; the step ends with the stream."""
    last: Any = None
    """The newest chunk of a streamed answer, which holds all of it so far."""
    cancelled = False
    """LlamaIndex has said that this step was cancelled, and will report that it ended well."""
    cancelled_steps: tuple[tuple[OpenSpan, int], ...] = ()
    """Of a workflow: the steps that were cancelled, and when, on the performance counter; they end when it tells why."""
    history_end: tuple[Any, BaseException | None] | None = None
    """The response of a chat engine once its stream has been read, and what was raised meanwhile."""

    def __init__(self, family: Family, id_: str, instance: Any) -> None:
        """`id_` is LlamaIndex's name of the span, `instance` the object whose method was called."""
        self.family: Family = family
        self.id_ = id_
        self.instance = instance


def state_of(span: OpenSpan | None) -> StepState | None:
    """The state of a step of this package; None for any other span, and for one that is stored."""
    state = None if span is None else span.scratch
    return state if type(state) is StepState else None
