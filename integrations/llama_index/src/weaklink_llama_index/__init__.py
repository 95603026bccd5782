"""Weaklink for LlamaIndex: `with WeaklinkCallbackHandler().attached(): query_engine.query(...)`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaklink_llama_index.handler import WeaklinkCallbackHandler

__all__ = ["WeaklinkCallbackHandler"]


def __getattr__(name: str) -> Any:
    # Importing LlamaIndex takes a second: `weaklink.record()` around another framework need not wait for it.
    if name != "WeaklinkCallbackHandler":
        raise AttributeError(f"module 'weaklink_llama_index' has no attribute {name!r}")
    from weaklink_llama_index.handler import WeaklinkCallbackHandler

    return WeaklinkCallbackHandler
