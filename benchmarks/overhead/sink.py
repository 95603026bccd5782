"""A local HTTP sink: answers 200 to everything, counts bytes and spans per contender.

The first path segment names the contender: each gets a base URL of its own. Bodies are decoded only when /_stats is
asked for, or when much is pending, so that counting does not disturb the timings.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

PENDING_LIMIT = 128 << 20
LANGSMITH_INFO = {
    "version": "0",
    "instance_flags": {"zstd_compression_enabled": True},
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
        "size_limit": 100,
        "size_limit_bytes": 20971520,
    },
}
POST_ID = re.compile(rb'name="post\.([0-9a-f-]{36})"')
PATCH_ID = re.compile(rb'name="patch\.([0-9a-f-]{36})"')


class Body(NamedTuple):
    """A request that has not been counted yet."""

    contender: str
    path: str
    encoding: str | None
    data: bytes


@dataclass(slots=True)
class Stats:
    """What one contender sent."""

    requests: int = 0
    wire_bytes: int = 0
    errors: int = 0
    ids: set[bytes] = field(default_factory=set)
    ended: set[bytes] = field(default_factory=set)

    def summary(self) -> dict[str, int]:
        """With the ids counted."""
        return {
            "requests": self.requests,
            "wire_bytes": self.wire_bytes,
            "errors": self.errors,
            "ids": len(self.ids),
            "ended": len(self.ended),
        }


def decode(data: bytes, encoding: str | None) -> bytes:
    """Undoes the Content-Encoding."""
    if encoding == "gzip":
        return gzip.decompress(data)
    if encoding == "zstd":
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


def count_otlp(stats: Stats, data: bytes) -> None:
    """OpenInference, OpenLLMetry and Langfuse: spans are sent when they have ended."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest.FromString(data)
    ids = [span.span_id for rs in request.resource_spans for ss in rs.scope_spans for span in ss.spans]
    stats.ids.update(ids)
    stats.ended.update(ids)


def count_langsmith(stats: Stats, data: bytes) -> None:
    """LangSmith: a run is posted, and patched when it ends; one that is posted complete has no patch."""
    stats.ids.update(POST_ID.findall(data))
    stats.ended.update(PATCH_ID.findall(data))
    for part in data.split(b"\r\n--"):
        posted = POST_ID.search(part[:300])
        if posted and b'"end_time":"' in part:
            stats.ended.add(posted.group(1))


COUNTERS = {"v1/traces": count_otlp, "runs/multipart": count_langsmith}
"""End of the path -> how the spans of such a body are counted."""


class Tally:
    """Stats per contender, and the bodies that still have to be counted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stats: dict[str, Stats] = {}
        self.pending: list[Body] = []
        self.pending_bytes = 0

    def take(self, body: Body) -> None:
        """Keeps a body for later."""
        with self.lock:
            stats = self.stats.setdefault(body.contender, Stats())
            stats.requests += 1
            stats.wire_bytes += len(body.data)
            if body.data:
                self.pending.append(body)
                self.pending_bytes += len(body.data)
        if self.pending_bytes > PENDING_LIMIT:
            self.count()

    def count(self) -> None:
        """Counts the spans of what is pending."""
        with self.lock:
            todo, self.pending, self.pending_bytes = self.pending, [], 0
            for body in todo:
                count = next((c for end, c in COUNTERS.items() if body.path.endswith(end)), None)
                try:
                    if count:
                        count(self.stats[body.contender], decode(body.data, body.encoding))
                except Exception:
                    self.stats[body.contender].errors += 1

    def summary(self) -> dict[str, dict[str, int]]:
        """All that arrived so far, counted."""
        self.count()
        with self.lock:
            return {name: stats.summary() for name, stats in self.stats.items()}


class Handler(BaseHTTPRequestHandler):
    """Takes any method on any path."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    tally: Tally

    def body(self) -> bytes:
        """The request's body, chunked or not."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, path: str) -> bytes:
        """Our stats, what LangSmith's client asks of its server, or an empty reply."""
        if path == "/_stats":
            return json.dumps(self.tally.summary()).encode()
        if path.endswith("/info"):
            return json.dumps(LANGSMITH_INFO).encode()
        return b"" if path.endswith("v1/traces") else b"{}"

    def take(self) -> None:
        """Any request."""
        data, path = self.body(), self.path.split("?")[0].rstrip("/")
        contender = path.split("/")[1] if "/" in path else ""
        if contender != "_stats":
            self.tally.take(Body(contender, path, self.headers.get("Content-Encoding"), data))
        answer = self.answer(path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if answer else "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = take

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class Server(ThreadingHTTPServer):
    """One thread per connection."""

    daemon_threads = True
    request_queue_size = 256


if __name__ == "__main__":
    Handler.tally = Tally()
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
