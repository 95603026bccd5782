"""The index types of FAISS."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from weaklink.bench.data import Value
from weaklink.bench.store import Index, Place

MODULE = "faiss"
PACKAGE = "faiss-cpu"
_CLIENTS = ("faiss:Index.search",)
FLAT = Index("faiss-flat", kind="exact", clients=_CLIENTS)
HNSW = Index(
    "faiss-hnsw", build={"m": 16, "ef_construction": 100}, search={"ef": 64}, sweep={"ef": (10, 20, 40, 80, 160)}, clients=_CLIENTS
)  # fmt: skip
# No lists (0) means four times the square root of the number of passages.
IVF = Index(
    "faiss-ivf", build={"lists": 0}, search={"probes": 8}, sweep={"probes": (1, 2, 4, 8, 16, 32)}, clients=_CLIENTS
)


def flat(place: Place) -> Any:
    """Compares with every vector."""
    faiss = import_module("faiss")
    return faiss.IndexFlatL2(place.dimensions)


def hnsw(place: Place) -> Any:
    """A graph of neighbours."""
    faiss = import_module("faiss")
    index: Any = faiss.IndexHNSWFlat(place.dimensions, place.number("m"))
    index.hnsw.efConstruction = place.number("ef_construction")
    index.hnsw.efSearch = place.number("ef")
    return index


def ivf(place: Place) -> Any:
    """Lists around centroids, trained on the vectors of the corpus."""
    faiss = import_module("faiss")
    lists = place.number("lists") or max(1, min(round(4 * place.size**0.5), place.size // 39))
    quantizer: Any = faiss.IndexFlatL2(place.dimensions)
    index: Any = faiss.IndexIVFFlat(quantizer, place.dimensions, lists)
    index.own_fields = True
    quantizer.this.disown()
    index.nprobe = place.number("probes")
    return index


def train(index: Any, place: Place) -> None:
    """Train an index that has to be trained before anything is put in; at most 100 vectors for each list are read."""
    import numpy as np

    if index.is_trained:
        return
    rows = place.training[: 100 * index.nlist]
    index.train(np.ascontiguousarray(rows, dtype=np.float32))


def tune(index: Any, parameters: Mapping[str, Value]) -> None:
    """Set ef or the number of lists that are searched."""
    if "ef" in parameters:
        index.hnsw.efSearch = int(parameters["ef"])
    if "probes" in parameters:
        index.nprobe = int(parameters["probes"])
