"""Where traces, scores, diagnoses and feedback live."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaklink.store.protocol import Breakdown, Feedback, OutlineStep, Page, Retention, Store, TraceSummary
    from weaklink.store.sqlite import SQLiteStore, open_store

__all__ = [
    "Breakdown",
    "Feedback",
    "OutlineStep",
    "Page",
    "Retention",
    "SQLiteStore",
    "Store",
    "TraceSummary",
    "open_store",
]

_HOME = dict.fromkeys(
    ("Breakdown", "Feedback", "OutlineStep", "Page", "Retention", "Store", "TraceSummary"), "protocol"
) | dict.fromkeys(("SQLiteStore", "open_store"), "sqlite")


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'weaklink.store' has no attribute {name!r}")
    return getattr(import_module(f"weaklink.store.{_HOME[name]}"), name)
