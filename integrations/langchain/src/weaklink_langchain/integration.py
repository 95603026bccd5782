"""What `weaklink.record()` and `weaklink.install()` ask of this package."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from weaklink.muting import is_muted
from weaklink_langchain.context import installed, recording
from weaklink_langchain.handler import WeaklinkCallbackHandler


class LangChainIntegration:
    """Listens to LangChain and LangGraph without a handler being passed to each call."""

    name = "langchain"
    _variable: Any = None

    def install(self, store: str | None) -> None:
        """Record every run of this process, in any thread or task, until `uninstall`."""
        if installed:
            return
        from langchain_core.tracers import context as tracers

        handler = WeaklinkCallbackHandler(store)
        # LangChain asks it in every thread and task, and adds the handler to each run once.
        self._variable = _Unmuted("weaklink_langchain_installed", lambda: handler)
        tracers.register_configure_hook(self._variable, inheritable=True)
        installed.append(handler)

    def uninstall(self) -> None:
        """Undo `install`."""
        from langchain_core.tracers import context as tracers

        hooks = tracers._configure_hooks  # LangChain has no way to take a hook back
        hooks[:] = [hook for hook in hooks if hook[0] is not self._variable]
        self._variable = None
        installed.clear()

    @contextmanager
    def record(self, store: str | None) -> Iterator[None]:
        """Record the runs of this thread or task while the block lasts."""
        _listen_to_recordings()
        token = recording.set(WeaklinkCallbackHandler(store))
        try:
            yield
        finally:
            recording.reset(token)


@cache
def _listen_to_recordings() -> None:
    from langchain_core.tracers.context import register_configure_hook

    recorded: Any = _Unmuted(recording.name, recording.get)
    register_configure_hook(recorded, inheritable=True)


class _Unmuted:
    """Stands in for the variable that LangChain reads a handler from whenever a run begins; empty where we are muted."""

    def __init__(self, name: str, handler: Callable[[], WeaklinkCallbackHandler | None]) -> None:
        """`handler` gives the handler, or None."""
        self.name = name
        self._handler = handler

    def get(self) -> WeaklinkCallbackHandler | None:
        """The handler for the run that begins now."""
        return None if is_muted() else self._handler()


integration = LangChainIntegration()
