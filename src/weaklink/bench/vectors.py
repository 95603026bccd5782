"""Embeddings: by any embedder, computed once, kept on disk, and looked up from then on."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from weaklink.bench.exact import unit
from weaklink.bench.named import named
from weaklink.errors import MissingPackage, WeaklinkError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT = "wordllama"
_PROBE = "Which store is the fastest?"
_TIMED = 50
"""Queries that are embedded one by one, to know what embedding one takes."""


class UnusableEmbedder(WeaklinkError):
    """You named an embedder that cannot be loaded, or gave one whose methods are not known."""


class Embedder(NamedTuple):
    """How texts become vectors."""

    name: str
    passages: Callable[[Sequence[str]], Any]
    query: Callable[[str], Any]


class Vectors(NamedTuple):
    """The unit vectors of the corpus and of the queries."""

    embedder: str
    passages: NDArray[np.float32]
    """Shape (passages, dimensions)."""
    queries: NDArray[np.float32]
    """Shape (queries, dimensions)."""
    query_ns: tuple[int, ...]
    """What embedding single queries took; empty where all came from the cache and nothing was embedded."""


def as_embedder(given: Any = None) -> Embedder:
    """The embedder for a name ("wordllama", "minilm", "module:attribute") or an object.

    Objects may be LangChain's (`embed_documents`, `embed_query`), LlamaIndex's (`get_text_embedding_batch`,
    `get_query_embedding`), or a function from a list of texts to vectors. Raises UnusableEmbedder for others.
    """
    if given is None or given == DEFAULT:
        return _wordllama()
    if given == "minilm":
        from weaklink.bench.minilm import minilm

        return _of_function("all-MiniLM-L6-v2 (int8)", minilm())
    return _of_object(_imported(given) if isinstance(given, str) else given)


def _wordllama() -> Embedder:
    from weaklink.scoring.embedding import embed, is_available

    if not is_available():
        raise MissingPackage("the default embedder needs wordllama, which cannot be loaded: pip install wordllama")
    return _of_function(DEFAULT, embed)


def _of_function(name: str, embed: Callable[[list[str]], Any]) -> Embedder:
    def query(text: str) -> Any:
        return embed([text])[0]

    def passages(texts: Sequence[str]) -> Any:
        return embed(list(texts))

    return Embedder(name, passages, query)


def _imported(name: str) -> Any:
    if ":" not in name:
        raise UnusableEmbedder(
            f"there is no embedder {name!r}; use {DEFAULT}, minilm, or module:attribute, where the attribute is an embedder "
            "or a function without arguments that makes one"
        )
    found = named(name, "the embedder")
    return found() if isinstance(found, type) or not _has_methods(found) else found


def _has_methods(found: Any) -> bool:
    return hasattr(found, "embed_documents") or hasattr(found, "get_text_embedding_batch")


def _of_object(given: Any) -> Embedder:
    name = type(given).__name__
    model = getattr(given, "model_name", None) or getattr(given, "model", None)
    label = f"{name} ({model})" if isinstance(model, str) and model not in ("unknown", "") else name
    if hasattr(given, "embed_documents") and hasattr(given, "embed_query"):
        return _of_function(label, given.embed_documents)._replace(query=given.embed_query)
    if hasattr(given, "get_text_embedding_batch") and hasattr(given, "get_query_embedding"):
        return _of_function(label, given.get_text_embedding_batch)._replace(query=given.get_query_embedding)
    if callable(given):
        return _of_function(getattr(given, "__name__", name), given)
    raise UnusableEmbedder(
        f"a {name} is no embedder: it needs embed_documents and embed_query (LangChain), get_text_embedding_batch and "
        "get_query_embedding (LlamaIndex), or to be a function from a list of texts to vectors"
    )


def embed_all(embedder: Embedder, passages: Sequence[str], queries: Sequence[str], cache: Path) -> Vectors:
    """The unit vectors of all texts, from the folder `cache` where they are there, else computed and put there.

    Raises UnusableEmbedder where the vectors do not fit together or are no numbers.
    """
    probe = _matrix([embedder.query(_PROBE)], 1, embedder.name)
    return Vectors(
        embedder.name,
        _kept(cache, "passages", probe, passages, lambda: embedder.passages(passages), embedder.name),
        _kept(cache, "queries", probe, queries, lambda: [embedder.query(text) for text in queries], embedder.name),
        _query_times(embedder, queries),
    )


def _query_times(embedder: Embedder, queries: Sequence[str]) -> tuple[int, ...]:
    times: list[int] = []
    for text in queries[:_TIMED]:
        began = time.perf_counter_ns()
        embedder.query(text)
        times.append(time.perf_counter_ns() - began)
    return tuple(times)


def _kept(
    cache: Path, role: str, probe: NDArray[np.float32], texts: Sequence[str], make: Callable[[], Any], name: str
) -> NDArray[np.float32]:
    import numpy as np

    # The vector of a fixed text tells models apart whatever they call themselves.
    digest = hashlib.blake2b(f"{name}\0{role}\0".encode() + probe.tobytes(), digest_size=16)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    path = cache / f"{digest.hexdigest()}.npy"
    if path.exists():
        return np.load(path)
    made = unit(_matrix(make(), len(texts), name))
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.save(file, made)
    unfinished.replace(path)
    return made


def _matrix(raw: Any, rows: int, name: str) -> NDArray[np.float32]:
    import numpy as np

    try:
        found = np.asarray(raw, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise UnusableEmbedder(f"{name} gave vectors of different lengths, or no numbers ({error})") from error
    if found.ndim != 2 or found.shape[0] != rows or found.shape[1] == 0:
        raise UnusableEmbedder(
            f"{name} gave an array of shape {found.shape} for {rows} texts; one vector per text is needed"
        )
    if not np.isfinite(found).all():
        raise UnusableEmbedder(f"{name} gave a vector with NaN or infinity in it, which no store can search")
    return found


class VectorTable:
    """Looks up the vector of a text that was embedded beforehand; an unknown text (a store's probe) gets a fixed one."""

    def __init__(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """`vectors` has one row for each text."""
        self._rows = {text: row for row, text in enumerate(texts)}
        self._vectors = vectors
        self._ready: dict[str, list[float]] = {}
        self.unknown: Callable[[str], list[float]] = lambda text: [1.0] + [0.0] * (vectors.shape[1] - 1)
        """What stands for the vector of a text that was not embedded beforehand."""

    def prepare(self, texts: Sequence[str]) -> None:
        """Make the lists of these texts beforehand: what is timed then only looks them up."""
        self._ready |= {text: self(text) for text in texts}

    def __call__(self, text: str) -> list[float]:
        """The vector as a list of floats."""
        if (ready := self._ready.get(text)) is not None:
            return ready
        row = self._rows.get(text)
        return self.unknown(text) if row is None else self._vectors[row].tolist()

    def many(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text."""
        return [self(text) for text in texts]
