"""Shared by the OpenTelemetry contenders: a provider with the SDK's BatchSpanProcessor at its defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.overhead.contender import Counts, Tracing

PACKAGES = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")


def counting(instrument: Any) -> Tracing:
    """Instruments with an exporter that only counts: the instrumentation without the network."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Counting(SpanExporter):
        spans = 0

        def export(self, spans: Sequence[Any]) -> SpanExportResult:
            self.spans += len(spans)
            return SpanExportResult.SUCCESS

    exporter = Counting()
    provider = provider_of(exporter)
    instrument(provider)
    # OpenTelemetry exports spans when they end: each of them has an end.
    return Tracing(flush=provider.force_flush, count=lambda: Counts(exporter.spans, exporter.spans))


def sending(instrument: Any, sink: str) -> Tracing:
    """Instruments with OTLP over HTTP to the sink."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    provider = provider_of(OTLPSpanExporter(endpoint=sink + "/v1/traces"))
    instrument(provider)
    return Tracing(flush=provider.force_flush)


def provider_of(exporter: Any) -> Any:
    """A tracer provider around one exporter."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
