"""No tracing: the baseline that every ratio is taken against."""

from pathlib import Path

from benchmarks.overhead.contender import Contender, Tracing


def start(framework: str, sink: str, tmp: Path) -> Tracing:
    """Nothing to start."""
    return Tracing()


NONE = Contender("none", start, frameworks=("langchain", "llama_index"))
