"""What the handler does on the caller's thread: takes the time and frozen copies of the values, and leaves the rest for later."""

from __future__ import annotations

import logging
import time
from asyncio import _get_running_loop
from functools import lru_cache
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from weaklink.recorder.backlog import EVENT_SIZE
from weaklink.recorder.errors import read
from weaklink.recorder.latest import here
from weaklink.recorder.open_span import Watch
from weaklink.recorder.recorder import block_here
from weaklink.snapshot import LONG_TEXT
from weaklink_langchain import convert, langgraph
from weaklink_langchain.context import run_around

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from weaklink.model import SpanKind
    from weaklink.recorder.latest import Scope
    from weaklink.recorder.open_span import TraceState
    from weaklink.settings import Settings
    from weaklink_langchain.recording import Recording

# Kinds that LangChain (core 1.7) tells nothing of when they are cancelled.
_SILENT: Final = frozenset(("retriever", "llm", "tool"))
_SAME_WARNING_S: Final = 60.0
_MOST_LIVE: Final = 10_000
_UNKNOWN: Final = object()
_AWAITS_TOKEN: Final = object()
_log = logging.getLogger("weaklink")


# A frozen copy of a value, the documents in it, the size of its texts, and whether it is cut. Events carry the four side by
# side: what waits for the writer is looked at by each garbage collection meanwhile, and of that nothing is as frequent.
Taken = tuple[Any, list[Any] | None, int, bool]
# Where a trace begins: in which thread or task, and in which `weaklink.record()` block.
Origin = tuple["Scope", "list[TraceState] | None"]


class _HandsOn:
    """A RunnableSequence or RunnableParallel, and what a step in it returned last.

    The next step of a sequence gets the same object before any other code can change it. The same holds for the list of a
    retriever that a RunnableParallel puts among its results: nobody else has it yet.
    """

    __slots__ = ("frozen", "is_sequence", "passages", "value")

    def __init__(self, *, is_sequence: bool) -> None:
        """Nothing has been returned yet."""
        self.is_sequence = is_sequence
        self.value: Any = _UNKNOWN
        self.frozen: Any = None
        self.passages: list[Any] | None = None


class Capture:
    """Runs as the callbacks tell of them; `Recording` makes steps of them."""

    def __init__(self, recording: Recording, settings: Settings, *, strict: bool) -> None:
        """With `strict`, an error of our own is raised into the chain, one that came up later at the next event."""
        self._recording = recording
        self._strict = strict
        self._late_error: Exception | None = None
        self._backlog = recording.recorder.backlog
        self._append = self._append_strictly if strict else self._backlog.append
        self._begin = recording.begin
        self._fail = recording.fail
        self._on_gone = recording.recorder.on_gone
        self.taker = convert.snapshotter(settings.max_span_bytes, redact=settings.redact)
        self._take = self.taker.take
        self._most = settings.max_span_bytes
        # What is to be known of a run until it ends: whether it hands values on, or its first token is awaited. Runs that
        # nobody ends are forgotten when there are too many; it costs the others no more than these two things.
        self._live: dict[int, Any] = {}
        self._warned: dict[str, float] = {}

    def start(
        self, run_id: UUID, parent_run_id: UUID | None, name: str, kind: SpanKind, value: Any, tags: list[str] | None,
        metadata: dict[str, Any] | None, facts: Any = None, *, began: int = 0,
    ) -> None:  # fmt: skip
        """A run begins, or did at `began` on the performance counter. `facts`: what `Recording.begin` wants for its kind."""
        when = began or perf_counter_ns()
        key = run_id.int
        live = self._live
        if parent_run_id is None:
            parent_run_id = self._run_around()
        if parent_run_id is None:
            parent_key, above = None, _UNKNOWN
        else:
            parent_key = parent_run_id.int
            above = live.get(parent_key, _UNKNOWN)
        passages, is_cut = None, False
        if type(value) is str and len(value) <= self._most:  # a question, most often
            frozen, size = value, len(value) if len(value) > LONG_TEXT else 0
        elif type(above) is _HandsOn and (
            above.value is value or (kind == "llm" and convert.is_prompt_of(above.value, value))
        ):
            frozen, passages, size = above.frozen, above.passages, 0  # it counts where it was made
        else:
            frozen, budget = self._take(value)
            passages, size, is_cut = budget.passages, budget.size, budget.cut
        # LangChain holds the run's id as long as the run lives, so its collection tells of an end that no event reports:
        # a retriever cancelled inside `await`, a generator that nobody finished. An ancestor's end tells of all other kinds.
        watch = None
        if parent_run_id is None or (kind in _SILENT and _get_running_loop() is not None):
            watch = Watch(run_id, self._run_is_gone)
            watch.key, watch.gone_at = key, 0
        if kind == "chain" and (name == "RunnableSequence" or name.startswith("RunnableParallel")):
            live[key] = _HandsOn(is_sequence=name == "RunnableSequence")
        else:
            live[key] = _AWAITS_TOKEN if kind == "llm" else None
        weight = size + EVENT_SIZE
        self._append((
            self._begin, weight, key, parent_key, name, kind, when, frozen, passages, size, is_cut,
            _as_tuple(tags) if tags else (), convert.metadata_of(metadata, self.taker) if metadata else None, facts, watch,
            self.origin() if above is _UNKNOWN else None,
        ))  # fmt: skip
        backlog = self._backlog
        backlog.size += weight
        if backlog.size > backlog.enough:
            backlog.attend()

    def end(
        self, work: Callable[..., None], run_id: UUID, parent_run_id: UUID | None, value: Any, kind: SpanKind, *facts: Any
    ) -> None:  # fmt: skip
        """A run has ended with a value: `work` is told of it, and of the `facts`."""
        when = perf_counter_ns()
        key = run_id.int
        live = self._live
        own = live.pop(key, None)
        passages, is_cut = None, False
        if type(value) is str and len(value) <= self._most:
            frozen, size = value, len(value) if len(value) > LONG_TEXT else 0
        elif type(own) is _HandsOn and own.value is value:
            frozen, passages, size = own.frozen, own.passages, 0
        elif type(own) is _HandsOn and type(value) is dict and _is_in(own.value, value):
            frozen, passages, size, is_cut = self._results(own, value)
        else:
            frozen, budget = self._take(value)
            passages, size, is_cut = budget.passages, budget.size, budget.cut
        if (
            parent_run_id is not None
            and type(above := live.get(parent_run_id.int)) is _HandsOn
            and (above.is_sequence or kind == "retriever")
        ):
            above.value, above.frozen, above.passages = value, frozen, passages
        weight = size + EVENT_SIZE
        self._append((work, weight, key, when, frozen, passages, size, is_cut, *facts))
        backlog = self._backlog
        backlog.size += weight
        if backlog.size > backlog.enough:
            backlog.attend()

    def fail(self, run_id: UUID, error: BaseException, inputs: Any = None) -> None:
        """A run has ended with an exception, which may be control flow of a graph."""
        when = perf_counter_ns()
        key = run_id.int
        self._live.pop(key, None)
        taken = None if inputs is None else self.take(inputs)
        self.tell(
            self._fail, run_id, when, read(error), langgraph.status_of(error), taken, size=taken[2] if taken else 0
        )

    def first_token(self, run_id: UUID) -> None:
        """A token has come: only the first one is of interest."""
        key = run_id.int
        if self._live.get(key) is _AWAITS_TOKEN:
            self._live[key] = None
            self.tell(self._recording.first_token, run_id, perf_counter_ns())

    def tell(self, work: Callable[..., None], run_id: UUID, *facts: Any, size: int = 0) -> None:
        """Something else happened in a run: `work` is told of it."""
        size += EVENT_SIZE
        self._append((work, size, run_id.int, *facts))
        backlog = self._backlog
        backlog.size += size
        if backlog.size > backlog.enough:
            backlog.attend()

    def take(self, value: Any) -> Taken:
        """A frozen copy of `value`."""
        frozen, budget = self._take(value)
        return frozen, budget.passages, budget.size, budget.cut

    def origin(self) -> Origin:
        """Where a trace would begin now."""
        if len(self._live) > _MOST_LIVE:
            self._live.clear()
        self._backlog.attend()
        return here(), block_here()

    def _run_around(self) -> UUID | None:
        """The run inside which a run begins that LangChain takes for a root.

        RunnableWithFallbacks hands its own callbacks to what it tries, and not those of its run (core 1.7.2), so these were roots where
        it is one. Its context says better.
        """
        found = run_around()
        return found if found is not None and found.int in self._live else None

    def is_live(self, run_id: UUID) -> bool:
        """Whether the start of a run was told, and not its end."""
        return run_id.int in self._live

    def raise_late(self) -> None:
        """Raise what came up since, where the handler is strict."""
        error, self._late_error = self._late_error, None
        if error is not None:
            raise error

    def trouble(self, event: str, error: Exception) -> None:
        """An error of our own: told once a minute per event; raised where the handler is strict."""
        if self._strict:
            raise error
        now = time.monotonic()
        if now - self._warned.get(event, -_SAME_WARNING_S) >= _SAME_WARNING_S:
            self._warned[event] = now
            _log.warning("weaklink: a step was not recorded, %s failed: %r", event, error)

    def _results(self, own: _HandsOn, results: dict[str, Any]) -> Taken:
        """The results of a RunnableParallel, in which the list of its retriever is frozen already."""
        made, copy, passages = own.value, own.frozen, own.passages
        rest, budget = self._take({key: item for key, item in results.items() if item is not made})
        frozen = {**rest, **{key: copy for key, item in results.items() if item is made and type(key) is str}}
        return frozen, [*(passages or ()), *(budget.passages or ())], budget.size, budget.cut

    def _run_is_gone(self, watch: Watch) -> None:
        self._live.pop(watch.key, None)
        self._on_gone(watch)

    def _append_strictly(self, event: tuple[Any, ...]) -> None:
        self.raise_late()
        self._backlog.append((self._deal_strictly, event[1], event))

    def _deal_strictly(self, event: tuple[Any, ...]) -> None:
        try:
            event[0](*event[2:])
        except Exception as error:
            self._late_error = error
            raise


def _as_tuple(tags: list[str]) -> tuple[str, ...]:
    return _single(tags[0]) if len(tags) == 1 and type(tags[0]) is str else tuple(tags)


@lru_cache(maxsize=1_024)  # most runs bring one tag, and the same at each call of the chain
def _single(tag: str) -> tuple[str, ...]:
    return (tag,)


def _is_in(value: Any, results: dict[str, Any]) -> bool:
    """Whether a list is one of `results`; it is never compared, only recognised."""
    return type(value) is list and any(item is value for item in results.values())
