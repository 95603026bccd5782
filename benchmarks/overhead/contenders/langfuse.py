"""Langfuse's CallbackHandler, its exporter pointed at the sink."""

import os
from pathlib import Path

from benchmarks.overhead.contender import Contender, Tracing


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """The handler of its README; the keys are made up, the sink takes any."""
    os.environ |= {"LANGFUSE_HOST": sink, "LANGFUSE_PUBLIC_KEY": "pk-lf-x", "LANGFUSE_SECRET_KEY": "sk-lf-x"}
    from langfuse import get_client
    from langfuse.langchain import CallbackHandler

    client, handler = get_client(), CallbackHandler()
    return Tracing(config=lambda: {"callbacks": [handler]}, flush=client.flush)


LANGFUSE = Contender(
    "langfuse",
    start,
    packages=("langfuse",),
    imports={"langchain": "langfuse.langchain"},
    at_sink=True,
)
