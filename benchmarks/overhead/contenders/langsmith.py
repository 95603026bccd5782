"""The LangSmith tracer of langchain-core, its client pointed at the sink."""

from pathlib import Path

from benchmarks.overhead.contender import Contender, Tracing


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """A new tracer for each call, as langchain-core makes them when LANGSMITH_TRACING is set."""
    from langchain_core.tracers.langchain import LangChainTracer
    from langsmith import Client

    client = Client(api_url=sink, api_key="lsv2_x")
    return Tracing(
        config=lambda: {"callbacks": [LangChainTracer(client=client, project_name="overhead")]}, flush=client.flush
    )


LANGSMITH = Contender(
    "langsmith",
    start,
    packages=("langsmith", "zstandard"),
    imports={"langchain": "langchain_core.tracers.langchain"},
    at_sink=True,
)
