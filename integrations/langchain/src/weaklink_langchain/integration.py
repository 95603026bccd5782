"""What `weaklink.record()` and `weaklink.install()` ask of this package."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from weaklink_langchain.context import installed, recording
from weaklink_langchain.handler import WeaklinkCallbackHandler


class LangChainIntegration:
    """Listens to LangChain and LangGraph without a handler being passed to each call."""

    name = "langchain"
    _variable: ContextVar[Any] | None = None

    def install(self, store: str | None) -> None:
        """Record every run of this process, in any thread or task, until `uninstall`."""
        if installed:
            return
        from langchain_core.tracers import context as tracers

        handler = WeaklinkCallbackHandler(store)
        # The variable's default is seen in every thread and task; LangChain adds the handler to each run once.
        variable: ContextVar[Any] = ContextVar("weaklink_langchain_installed", default=handler)
        tracers.register_configure_hook(variable, inheritable=True)
        installed.append(handler)
        self._variable = variable

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

    register_configure_hook(recording, inheritable=True)


integration = LangChainIntegration()
