"""Weaklink finds the weak link of a chain: it records a RAG pipeline, scores its steps offline, and names the one that broke."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaklink.diagnosis import diagnose
    from weaklink.errors import WeaklinkError
    from weaklink.export import read, save
    from weaklink.integrations import install, record, uninstall
    from weaklink.labels import feedback
    from weaklink.model import Diagnosis, Document, Score, Span, Trace
    from weaklink.recorder import flush
    from weaklink.scoring import score_trace as score
    from weaklink.store import open_store
    from weaklink.tracefrom import trace_from
    from weaklink.watching import watch

__version__ = "0.1.0"

# Loaded when first used, so that `import weaklink` costs a host process almost nothing.
_HOME = {
    "Diagnosis": "weaklink.model", "Document": "weaklink.model", "Score": "weaklink.model", "Span": "weaklink.model",
    "Trace": "weaklink.model", "WeaklinkError": "weaklink.errors", "diagnose": "weaklink.diagnosis",
    "feedback": "weaklink.labels", "flush": "weaklink.recorder", "install": "weaklink.integrations",
    "open_store": "weaklink.store", "read": "weaklink.export", "record": "weaklink.integrations", "save": "weaklink.export",
    "score": "weaklink.scoring", "trace_from": "weaklink.tracefrom", "uninstall": "weaklink.integrations",
    "watch": "weaklink.watching",
}  # fmt: skip
_OTHER_NAME = {"score": "score_trace"}
_HOME["_notebook_html"] = (
    "weaklink.report.html.notebook"  # for `_repr_html_` of the model, which imports nothing of weaklink
)
_OTHER_NAME["_notebook_html"] = "notebook_html"

__all__ = [
    "Diagnosis",
    "Document",
    "Score",
    "Span",
    "Trace",
    "WeaklinkError",
    "__version__",
    "diagnose",
    "feedback",
    "flush",
    "install",
    "open_store",
    "read",
    "record",
    "save",
    "score",
    "trace_from",
    "uninstall",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'weaklink' has no attribute {name!r}")
    found = getattr(import_module(_HOME[name]), _OTHER_NAME.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
