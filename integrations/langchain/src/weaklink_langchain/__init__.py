from weaklink_langchain.handler import WeaklinkCallbackHandler

__all__ = ["WeaklinkCallbackHandler"]
