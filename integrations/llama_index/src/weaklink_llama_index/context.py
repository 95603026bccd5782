"""Which handlers are listening, and to what."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weaklink_llama_index.handler import WeaklinkCallbackHandler

# The handler of a `weaklink.record()` block, in the thread or task of the block and in those it starts.
recording: ContextVar[WeaklinkCallbackHandler | None] = ContextVar("weaklink_llama_index_recording", default=None)

attached: list[WeaklinkCallbackHandler] = []
"""The handlers that listen to the whole process; this list keeps them alive."""
