"""The installed integrations, found through entry points; recording without naming a framework."""

from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.metadata import entry_points
from typing import Protocol

from weaklink.errors import MissingPackage, UnknownTrace, WeaklinkError
from weaklink.model import Diagnosis, Trace
from weaklink.recorder import recorder_for
from weaklink.recorder.open_span import TraceState
from weaklink.recorder.recorder import roots_of_block
from weaklink.store import open_store

GROUP = "weaklink.integrations"


class Integration(Protocol):
    """What a package that serves one framework registers as an entry point of the group `weaklink.integrations`."""

    name: str

    def install(self, store: str | None) -> None:
        """Record every run of this process until `uninstall`; doing it twice does nothing."""
        ...

    def uninstall(self) -> None:
        """Undo `install`; without one it does nothing."""
        ...

    def record(self, store: str | None) -> AbstractContextManager[None]:
        """Record the runs of this thread or task while the block lasts."""
        ...


class Recording:
    """What one `weaklink.record()` block recorded."""

    def __init__(self, store: str | None) -> None:
        """Empty until a chain has run inside the block."""
        self._recorder = recorder_for(store)
        self.roots: list[TraceState] = []
        """The roots of the traces that began inside the block."""

    @property
    def traces(self) -> list[Trace]:
        """The traces that began inside the block and have finished, the oldest first; waits at most a second for the writer."""
        self._recorder.flush(1.0)
        finished = [root for root in self.roots if root.done]
        if not finished:
            return []
        store = open_store(self._recorder.path)
        try:
            return [store.get(root.id) for root in finished]
        finally:
            store.close()

    @property
    def trace(self) -> Trace:
        """The newest finished trace of the block; raises UnknownTrace where there is none."""
        traces = self.traces
        if not traces:
            raise UnknownTrace(
                "nothing was recorded in this block: no chain of an installed integration has finished in it; "
                "run the chain inside `with weaklink.record():`, or pass a WeaklinkCallbackHandler to it"
            )
        return traces[-1]

    def diagnose(self) -> Diagnosis:
        """Which step of the newest trace broke; raises UnknownTrace where there is none."""
        from weaklink.diagnosis import diagnose

        return diagnose(self.trace)


def integrations() -> list[Integration]:
    """All installed integrations whose framework can be imported."""
    found: list[Integration] = []
    for point in entry_points(group=GROUP):
        try:
            found.append(point.load())
        except ImportError:  # the package is there, its framework is not
            continue
    return found


def install(store: str | None = None) -> None:
    """Record every run of every installed framework in this process; `uninstall()` undoes it.

    Raises MissingPackage where no integration is installed.
    """
    for integration in _required():
        integration.install(store)


def uninstall() -> None:
    """Stop what `install()` began; without it, do nothing."""
    for integration in integrations():
        integration.uninstall()


@contextmanager
def record(store: str | None = None) -> Generator[Recording]:
    """Record what runs inside the block, whatever the framework. Raises MissingPackage where no integration is installed."""
    found = _required()
    recording = Recording(store)
    with ExitStack() as stack:
        stack.enter_context(roots_of_block(recording.roots))
        for integration in found:
            stack.enter_context(integration.record(store))
        yield recording


def _required() -> list[Integration]:
    found = integrations()
    if not found:
        raise MissingPackage(
            "nothing can be recorded: no integration is installed for any framework; "
            "type: pip install weaklink-langchain (or weaklink-llama-index)"
        )
    return found


__all__ = ["Integration", "Recording", "WeaklinkError", "install", "integrations", "record", "uninstall"]
