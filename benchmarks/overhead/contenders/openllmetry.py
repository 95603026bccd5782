"""OpenLLMetry's LangChain instrumentation, with an exporter that only counts and with OTLP to the sink."""

from pathlib import Path
from typing import Any

from benchmarks.overhead.contender import Contender, Tracing
from benchmarks.overhead.contenders import otel

PACKAGES = ("opentelemetry-instrumentation-langchain", *otel.PACKAGES)
IMPORTS = {"langchain": "opentelemetry.instrumentation.langchain"}


def instrument(provider: Any) -> None:
    """Patches LangChain for the whole process."""
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor

    LangchainInstrumentor().instrument(tracer_provider=provider)


def start_counting(framework: str, sink: str, tmp: Path) -> Tracing:
    """No network."""
    return otel.counting(instrument)


def start_sending(framework: str, sink: str, tmp: Path) -> Tracing:
    """As users run it."""
    return otel.sending(instrument, sink)


MEMORY = Contender("openllmetry-mem", start_counting, PACKAGES, IMPORTS)
OTLP = Contender("openllmetry-otlp", start_sending, PACKAGES, IMPORTS, at_sink=True)
