"""Which handlers are listening, and to what."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weaklink_llama_index.handler import WeaklinkCallbackHandler


class Promised:
    """A handler that is made when LlamaIndex first reports something: until then LlamaIndex may not even be imported."""

    def __init__(self, store: str | None, *, attach: bool = False) -> None:
        """The handler will record into `store`; with `attach`, from the whole process."""
        self._store = store
        self._attach = attach
        self._lock = threading.Lock()
        self.handler: WeaklinkCallbackHandler | None = None

    def kept(self) -> WeaklinkCallbackHandler:
        """The handler, made now if need be."""
        from weaklink_llama_index.handler import WeaklinkCallbackHandler

        with self._lock:
            if self.handler is None:
                handler = WeaklinkCallbackHandler(self._store)
                if self._attach:
                    handler.attach()
                self.handler = handler
            return self.handler


# The handler of a `weaklink.record()` block, in the thread or task of the block and in those it starts.
recording: ContextVar[Promised | None] = ContextVar("weaklink_llama_index_recording", default=None)

attached: list[WeaklinkCallbackHandler] = []
"""The handlers that listen to the whole process; this list keeps them alive."""
