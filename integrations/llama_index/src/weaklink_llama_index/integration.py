"""What `weaklink.record()` and `weaklink.install()` ask of this package."""

from collections.abc import Generator
from contextlib import contextmanager

from weaklink_llama_index.context import Promised, recording
from weaklink_llama_index.latch import Latch


class LlamaIndexIntegration:
    """Listens to LlamaIndex without a handler being attached. LlamaIndex itself is imported by whoever uses it."""

    name = "llama_index"

    def __init__(self) -> None:
        """Nothing is installed."""
        self._installed: tuple[Promised, Latch] | None = None

    def install(self, store: str | None) -> None:
        """Record every run of this process, in any thread or task, until `uninstall`."""
        if self._installed is None:
            promised = Promised(store, attach=True)
            self._installed = (promised, Latch.add(lambda: promised))

    def uninstall(self) -> None:
        """Undo `install`."""
        installed, self._installed = self._installed, None
        if installed is not None:
            promised, latch = installed
            latch.remove()
            if promised.handler is not None:
                promised.handler.detach()

    @contextmanager
    def record(self, store: str | None) -> Generator[None]:
        """Record the runs of this thread or task while the block lasts."""
        token = recording.set(Promised(store))
        latch = Latch.add(recording.get)
        try:
            yield
        finally:
            latch.remove()
            recording.reset(token)


integration = LlamaIndexIntegration()
