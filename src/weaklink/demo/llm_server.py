"""A real language model on this machine: SmolLM2 behind an OpenAI-compatible address, for as long as a `with` block."""

import importlib
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaklink.errors import WeaklinkError

MODEL_NAME = "SmolLM2-135M-Instruct"
CONTEXT_TOKENS = 4096

# llama.cpp's threads wait for each other in a busy loop, at every token. On two cores with one of them taken, a short
# answer took 10.2 s with two writing threads and 0.4 s with one; alone, two are no faster.
_WRITING_THREADS = 1
_MOST_READING_THREADS = 4
_SILENT = -1


@dataclass(frozen=True, slots=True)
class LocalModel:
    """Where a running model is reached."""

    base_url: str
    """OpenAI-compatible, on the loopback interface, such as "http://127.0.0.1:40123/v1"."""
    name: str = MODEL_NAME
    api_key: str = "not-needed"


@contextmanager
def serve_model(path: Path) -> Generator[LocalModel]:
    """Serve the GGUF file at `path` on a free loopback port; the server stops when the block ends.

    Nothing reaches the terminal while the model loads and unloads. Raises WeaklinkError where xllamacpp is not
    installed or cannot load the file.
    """
    llama = _llama_cpp()
    with _quiet_terminal():
        try:
            server: Any = llama.Server(_parameters(llama, path))
        except Exception as error:
            raise WeaklinkError(
                f"the demo's model did not start, because llama.cpp could not load {path} ({error}): "
                f"delete that file and run `weaklink demo` again"
            ) from error
    try:
        yield LocalModel(f"{server.listening_address}/v1")
    finally:
        with _quiet_terminal():
            # The server stops when its last reference goes (xllamacpp 2026.10 has no stop method).
            del server


def _llama_cpp() -> Any:
    try:
        return importlib.import_module("xllamacpp")
    except ImportError as error:
        raise WeaklinkError(
            "the demo with a real model needs xllamacpp, which is not installed: pip install xllamacpp "
            "(or, without a model: weaklink demo --llm scripted)"
        ) from error


def _parameters(llama: Any, path: Path) -> Any:
    parameters = llama.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.port = 0
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = _WRITING_THREADS
    parameters.cpuparams_batch.n_threads = reading_threads(_cores(), _load())
    # A prompt computed on top of a cached beginning can differ in the last digits, and then in a word.
    parameters.cache_prompt = False
    parameters.cache_ram_mib = 0
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.verbosity = _SILENT
    return parameters


def reading_threads(cores: int, load: float) -> int:
    """How many threads read the prompt: one per idle core, 1 to 4.

    On two idle cores, two read 412 tokens/s and one reads 219; on busy ones (load 2.7) two took 3 to 5 s per answer
    and one took 1.8. The answers do not depend on it: each row of a matrix is added up by one thread.
    """
    return max(1, min(_MOST_READING_THREADS, cores - round(load)))


def _cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _load() -> float:
    """Cores that are busy now, over the last minute; 1 where the platform does not say."""
    try:
        return os.getloadavg()[0]
    except (OSError, AttributeError):
        return 1.0


@contextmanager
def _quiet_terminal() -> Generator[None]:
    """Send what native code writes to the file descriptors 1 and 2 to nowhere."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    kept = {number: os.dup(number) for number in _open_descriptors()}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in kept:
            os.dup2(nowhere, number)
        yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def _open_descriptors() -> list[int]:
    """Those of 1 and 2 that are open: a service may run without either."""
    found: list[int] = []
    for number in (1, 2):
        with suppress(OSError):
            os.fstat(number)
            found.append(number)
    return found
