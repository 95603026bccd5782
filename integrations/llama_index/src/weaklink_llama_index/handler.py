"""The callback handler: what users hold in their hands."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from llama_index.core.callbacks.base_handler import BaseCallbackHandler
from llama_index.core.settings import Settings

from weaklink.muting import is_muted
from weaklink.recorder import recorder_for
from weaklink.recorder.latest import Latest, here
from weaklink_llama_index.context import attached, recording
from weaklink_llama_index.shapes import field
from weaklink_llama_index.tracing import Tracing

if TYPE_CHECKING:
    from inspect import BoundArguments

    from llama_index.core.callbacks.schema import CBEventType

    from weaklink.model import Trace
    from weaklink.recorder import Recorder
    from weaklink.recorder.open_span import TraceState

# All handlers of one store share one: what two of them hear is recorded once.
_tracings: WeakValueDictionary[Path, Tracing] = WeakValueDictionary()
_lock = threading.Lock()


class WeaklinkCallbackHandler(BaseCallbackHandler):
    """Records every step of what LlamaIndex runs: query engines, chat engines, agents, workflows, ingestion.

    `with WeaklinkCallbackHandler().attached(): query_engine.query(question)`, or `attach()` for as long as the process lives, or
    `CallbackManager([WeaklinkCallbackHandler()])` for the components that get that manager. One handler may serve many threads and
    tasks at once. It never raises into the host and reads no value's own code.
    """

    def __init__(self, store: str | os.PathLike[str] | None = None, *, strict: bool = False) -> None:
        """Record into `store` (path or URL), by default WEAKLINK_STORE or ./.weaklink/traces.db, once it is attached.

        LlamaIndex swallows whatever a handler raises. With `strict`, an error inside this one is raised by the next call of
        `last_trace`, `flush` or `detach`.

        Raises StoreError for a URL of an unknown kind, InvalidSettings for a setting that cannot be used.
        """
        super().__init__(event_starts_to_ignore=[], event_ends_to_ignore=[])
        self._strict = strict
        self._error: Exception | None = None
        self._latest = Latest()
        self._times_attached = 0
        self._tracing = _tracing_of(recorder_for(store))
        self._recorder = self._tracing.recorder
        self._tracing.serve(self)

    def attach(self) -> None:
        """Record every run of this process, in any thread or task, until as many calls of `detach`."""
        with _lock:
            self._times_attached += 1
            if self._times_attached == 1:
                attached.append(self)

    def detach(self) -> None:
        """Undo `attach`; what has begun is recorded to its end. Without one it does nothing."""
        with _lock:
            if self._times_attached:
                self._times_attached -= 1
                if not self._times_attached:
                    attached.remove(self)
        self._raise_if_strict()

    @contextmanager
    def attached(self) -> Generator[WeaklinkCallbackHandler]:
        """Attach for the length of a `with` block."""
        self.attach()
        try:
            yield self
        finally:
            self.detach()

    def last_trace(self) -> Trace:
        """The newest finished trace of this handler, of the calling thread or task where it ran one.

        Waits at most a second for the writer. Raises UnknownTrace where nothing has finished yet.
        """
        self._raise_if_strict()
        return self._latest.read(
            self._recorder,
            "there is no trace yet: nothing has finished while this handler was listening; "
            "type: with handler.attached(): query_engine.query(...)",
        )

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that has ended is stored; False where that took longer than `timeout` seconds."""
        done = self._recorder.flush(timeout)
        self._raise_if_strict()
        return done

    # --- what `Tracing` asks and tells

    def listens_to(self, instance: Any) -> bool:
        """Whether a run that begins with a method of `instance` is to be recorded."""
        if is_muted():
            return False
        block = recording.get()
        if self._times_attached or (block is not None and block.handler is self):
            return True
        # Not Settings.callback_manager: asking for that makes one.
        manager = getattr(instance, "callback_manager", None) or field(Settings, "_callback_manager")
        return any(known is self for known in getattr(manager, "handlers", ()))

    def begin(self, id_: str, bound_args: BoundArguments, instance: Any, parent_id: str | None) -> None:
        """A span that began before this handler was on the dispatcher."""
        self._tracing.enter(id_, bound_args, instance, parent_id)

    def watch(self, trace: TraceState) -> None:
        """A trace begins that this handler listens to."""
        self._latest.watch(trace, here())

    def remember(self, error: Exception) -> None:
        """Something of ours went wrong."""
        if self._strict and self._error is None:
            self._error = error

    def _raise_if_strict(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    # --- the classic callbacks: the dispatcher reports the same runs, with more detail and also in agents and streams

    def on_event_start(
        self, event_type: CBEventType, payload: dict[str, Any] | None = None, event_id: str = "", parent_id: str = "", **kwargs: Any
    ) -> str:  # fmt: skip
        """Nothing: the span of the same step is recorded."""
        return event_id

    def on_event_end(
        self, event_type: CBEventType, payload: dict[str, Any] | None = None, event_id: str = "", **kwargs: Any
    ) -> None:
        """Nothing: the span of the same step is recorded."""

    def start_trace(self, trace_id: str | None = None) -> None:
        """Nothing: the span of the same run is recorded."""

    def end_trace(self, trace_id: str | None = None, trace_map: dict[str, list[str]] | None = None) -> None:
        """Nothing: the span of the same run is recorded."""


def _tracing_of(recorder: Recorder) -> Tracing:
    with _lock:
        found = _tracings.get(recorder.path)
        if found is None or found.recorder is not recorder:
            found = _tracings[recorder.path] = Tracing(recorder)
        return found
