"""Weaklink for LlamaIndex: `with WeaklinkCallbackHandler().attached(): query_engine.query(...)`."""

from weaklink_llama_index.handler import WeaklinkCallbackHandler

__all__ = ["WeaklinkCallbackHandler"]
