"""ragas metrics as scorers. ragas itself, whose import takes seconds, is imported when the first scorer is made."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weaklink_ragas.scorer import RagasScorer

__all__ = ["RagasScorer"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'weaklink_ragas' has no attribute {name!r}")
    return getattr(import_module("weaklink_ragas.scorer"), name)


def __dir__() -> list[str]:
    return __all__
