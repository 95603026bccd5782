"""Vector stores compared on your own documents and questions, through your own framework.

    from weaklink.bench import compare

    result = compare(["chroma", "faiss-hnsw", "qdrant"], corpus="docs/")
    print(result)

`import weaklink` does not import this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weaklink.bench.data import Hit, Passage, Query, Value
from weaklink.bench.store import Collection, Embed, Index, Place, Recipe, Unsupported

if TYPE_CHECKING:
    from weaklink.bench.answers import answer_effects
    from weaklink.bench.comparison import compare
    from weaklink.bench.result import Result, load_result

# The engine is loaded when it is used: recipes need the names above alone.
_HOME = {"answer_effects": "answers", "Result": "result", "compare": "comparison", "load_result": "result"}

__all__ = [
    "Collection",
    "Embed",
    "Hit",
    "Index",
    "Passage",
    "Place",
    "Query",
    "Recipe",
    "Result",
    "Unsupported",
    "Value",
    "answer_effects",
    "compare",
    "load_result",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'weaklink.bench' has no attribute {name!r}")
    return getattr(import_module(f"weaklink.bench.{_HOME[name]}"), name)
