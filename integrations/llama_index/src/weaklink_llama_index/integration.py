"""What `weaklink.record()` and `weaklink.install()` ask of this package."""

from collections.abc import Generator
from contextlib import contextmanager

from weaklink_llama_index.context import recording
from weaklink_llama_index.handler import WeaklinkCallbackHandler


class LlamaIndexIntegration:
    """Listens to LlamaIndex without a handler being attached."""

    name = "llama_index"

    def __init__(self) -> None:
        """Nothing is installed."""
        self._installed: list[WeaklinkCallbackHandler] = []

    def install(self, store: str | None) -> None:
        """Record every run of this process, in any thread or task, until `uninstall`."""
        if not self._installed:
            handler = WeaklinkCallbackHandler(store)
            handler.attach()
            self._installed.append(handler)

    def uninstall(self) -> None:
        """Undo `install`."""
        while self._installed:
            self._installed.pop().detach()

    @contextmanager
    def record(self, store: str | None) -> Generator[None]:
        """Record the runs of this thread or task while the block lasts."""
        token = recording.set(WeaklinkCallbackHandler(store))
        try:
            yield
        finally:
            recording.reset(token)


integration = LlamaIndexIntegration()
