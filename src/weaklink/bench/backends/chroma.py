"""Chroma's own client: in this process, and as the server that `chroma run` starts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from weaklink.bench.data import Value
from weaklink.bench.store import Index, Place
from weaklink.errors import WeaklinkError

IN_PROCESS = Index(
    "chroma", build={"m": 16, "ef_construction": 100}, search={"ef": 100}, sweep={"ef": (10, 20, 50, 100, 200)},
    clients=("chromadb.api.models.Collection:Collection.query",), persistent=True,
)  # fmt: skip
SERVER = replace(IN_PROCESS, name="chroma-server", url="WEAKLINK_CHROMA_URL")
NAME = "weaklink-bench"
_PATIENCE_S = 60


def configuration(place: Place) -> dict[str, Any]:
    """Of a collection: cosine, and the parameters of HNSW."""
    return {
        "hnsw": {
            "space": "cosine",
            "max_neighbors": place.number("m"),
            "ef_construction": place.number("ef_construction"),
            "ef_search": place.number("ef"),
        }
    }


def tune(collection: Any, parameters: Mapping[str, Value]) -> None:
    """Set ef of a collection."""
    if parameters:
        collection.modify(configuration={"hnsw": {"ef_search": int(parameters["ef"])}})


def in_process(place: Place) -> Any:
    """A client of a folder."""
    chromadb = import_module("chromadb")
    Settings = import_module("chromadb.config").Settings
    return chromadb.PersistentClient(str(place.folder), Settings(anonymized_telemetry=False))


@contextmanager
def server(place: Place) -> Generator[Any]:
    """A client of the server at `place.url`, or of one that runs on this machine until the block ends."""
    chromadb = import_module("chromadb")
    Settings = import_module("chromadb.config").Settings
    settings = Settings(anonymized_telemetry=False)
    if place.url:
        parts = urlsplit(place.url)
        ssl = parts.scheme == "https"
        client = chromadb.HttpClient(
            parts.hostname or "localhost", parts.port or (443 if ssl else 8000), ssl, settings=settings
        )
        yield client
        client.delete_collection(NAME)
        return
    port = _free_port()
    command = shutil.which("chroma", path=str(Path(sys.executable).parent)) or shutil.which("chroma")
    if command is None:
        raise WeaklinkError("the command `chroma` is not there: pip install chromadb")
    process = subprocess.Popen(
        [command, "run", "--path", str(place.folder), "--host", "127.0.0.1", "--port", str(port)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port, process)
        yield chromadb.HttpClient("127.0.0.1", port, settings=settings)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise WeaklinkError(f"`chroma run` did not answer within {_PATIENCE_S} s; try it in a terminal to see why")
