"""The default embedder: static word vectors (WordLlama), offline, no torch."""

import functools
import importlib.util
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 256
_MAX_CHARACTERS = 20_000


@contextmanager
def _root_logger_kept() -> Generator[None]:
    """WordLlama 0.4 calls logging.basicConfig when it is imported, which is the host's to call: undo it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@functools.lru_cache(maxsize=1)
def _model() -> Any | None:
    """The embedding model out of the installed wheel; None where it cannot be loaded."""
    try:
        with _root_logger_kept():
            import wordllama  # pyright: ignore[reportMissingTypeStubs]

            return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    except Exception:  # noqa: BLE001 - any failure here means: score without embeddings, and say so
        return None


def is_installed() -> bool:
    """The embedding model's package is there; nothing is loaded."""
    return importlib.util.find_spec("wordllama") is not None


def is_available() -> bool:
    """The embedding model can be loaded; the first call loads it (about 0.1 s)."""
    return _model() is not None


def embed(texts: Sequence[str]) -> "NDArray[np.float32]":
    """Embed texts: float32 of shape (len(texts), 256), each row of length 1, or all 0 for a text without known words.

    Raises RuntimeError where the embedding model cannot be loaded; `is_available` says so beforehand.
    """
    import numpy as np

    model = _model()
    if model is None:
        raise RuntimeError("no embedding: the package wordllama or its weights cannot be loaded; pip install wordllama")
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    # A lone surrogate cannot be encoded; WordLlama 0.4 divides by 0 for an empty text and returns NaN.
    clean = [text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8") or " " for text in texts]
    raw = np.asarray(model.embed(clean, norm=False), dtype=np.float32)
    raw = np.nan_to_num(raw, nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    return np.divide(raw, lengths, out=np.zeros_like(raw), where=lengths > 1e-9)


def similarity(one: str, other: str) -> float | None:
    """Cosine of two texts, -1..1; None where no embedding model can be loaded."""
    if not is_available():
        return None
    first, second = embed([one, other])
    return float(first @ second)
