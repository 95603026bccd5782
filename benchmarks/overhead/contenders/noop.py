"""A handler that implements every hook with pass: the floor that the framework itself imposes."""

from pathlib import Path
from typing import Any

from benchmarks.overhead.contender import Contender, Tracing


def nothing(self: object, *args: Any, **kwargs: Any) -> None:
    """Every hook."""


def langchain() -> Tracing:
    """All `on_*` hooks of LangChain, none of which does anything."""
    from langchain_core.callbacks import BaseCallbackHandler

    hooks = {name: nothing for name in dir(BaseCallbackHandler) if name.startswith("on_")}
    handler = type("NoOp", (BaseCallbackHandler,), hooks)()
    return Tracing(config=lambda: {"callbacks": [handler]})


def llama_index() -> Tracing:
    """A span handler and an event handler on LlamaIndex's root dispatcher, neither of which does anything."""
    from llama_index.core.instrumentation import get_dispatcher
    from llama_index.core.instrumentation.event_handlers import BaseEventHandler
    from llama_index.core.instrumentation.span_handlers import BaseSpanHandler

    steps = ("enter", "exit", "drop")
    hooks = {f"span_{s}": nothing for s in steps} | {f"prepare_to_{s}_span": nothing for s in ("exit", "drop")}
    get_dispatcher().add_span_handler(type("Spans", (BaseSpanHandler,), hooks | {"new_span": nothing})())
    get_dispatcher().add_event_handler(type("Events", (BaseEventHandler,), {"handle": nothing})())
    return Tracing()


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """Attaches the empty handler."""
    return {"langchain": langchain, "llama_index": llama_index}[framework]()


NOOP = Contender("noop", start, frameworks=("langchain", "llama_index"))
