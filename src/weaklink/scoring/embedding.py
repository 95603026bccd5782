"""The default embedder: static word vectors (WordLlama), offline, no torch."""

import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 256
_MAX_CHARACTERS = 20_000
_WEIGHTS = f"weights/l2_supercat_{DIMENSIONS}.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


class _Model(NamedTuple):
    vectors: "NDArray[np.float32]"
    """One row of `DIMENSIONS` for each token of the vocabulary."""
    tokenizer: Any


@functools.lru_cache(maxsize=1)
def _model() -> _Model | None:
    """The word vectors out of the installed wheel; None where they cannot be loaded.

    The package itself is not imported: it imports requests, and calls logging.basicConfig, which is the host's to call.
    """
    try:
        import numpy as np
        from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]
        from tokenizers import Tokenizer

        found = importlib.util.find_spec("wordllama")
        folder = Path(found.origin).parent if found and found.origin else Path()
        (vectors,) = load_file(folder / _WEIGHTS).values()
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return _Model(np.ascontiguousarray(vectors, dtype=np.float32), tokenizer)
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
    # A lone surrogate cannot be encoded.
    clean = [text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8") for text in texts]
    rows = model.tokenizer.encode_batch(clean, add_special_tokens=False)
    means = np.array(
        [model.vectors[row.ids].mean(axis=0) if row.ids else np.zeros(DIMENSIONS) for row in rows], np.float32
    )
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    return np.divide(means, lengths, out=np.zeros_like(means), where=lengths > 1e-9)


def similarity(one: str, other: str) -> float | None:
    """Cosine of two texts, -1..1; None where no embedding model can be loaded."""
    if not is_available():
        return None
    first, second = embed([one, other])
    return float(first @ second)
