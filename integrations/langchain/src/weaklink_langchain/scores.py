"""The scores of a retrieval, which LangChain's retrievers throw away, and their direction."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from weaklink_langchain.context import Place, Scored, here, leave, listening_place

# Methods of a store that return (document, score) pairs, with what the score is called.
_SCORING_METHODS = {
    "similarity_search_with_score": "", "asimilarity_search_with_score": "",
    "similarity_search_with_score_by_vector": "", "asimilarity_search_with_score_by_vector": "",
    "similarity_search_with_relevance_scores": "relevance", "asimilarity_search_with_relevance_scores": "relevance",
}  # fmt: skip
# What the `*_with_score` of each store returns, by class name; for others the order of the scores tells.
_DISTANCES = frozenset(
    (
        "Chroma",
        "FAISS",
        "PGVector",
        "Redis",
        "RedisVectorStore",
        "LanceDB",
        "SQLiteVec",
        "SQLServer_VectorStore",
        "Annoy",
        "USearch",
    )
)
_SIMILARITIES = frozenset(
    ("InMemoryVectorStore", "QdrantVectorStore", "PineconeVectorStore", "WeaviateVectorStore", "ElasticsearchStore",
     "MongoDBAtlasVectorSearch", "OpenSearchVectorSearch", "AzureSearch")
)  # fmt: skip
_MARK = "__weaklink_scores__"


def wrap_retriever(cls: type) -> None:
    """Make the retrievers of this class tell hooks which run they are in."""
    for name in ("_get_relevant_documents", "_aget_relevant_documents"):
        _replace(
            cls, name, lambda method: _wrap_async(method) if inspect.iscoroutinefunction(method) else _wrap(method)
        )


def wrap_store(cls: type) -> None:
    """Make the stores of this class tell the scores that they compute anyway."""
    for name, kind in _SCORING_METHODS.items():
        _replace(cls, name, lambda method, kind=kind: _noting(method, kind))


def _replace(cls: type, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    method = cls.__dict__.get(name)
    if inspect.isfunction(method) and not hasattr(method, _MARK) and not getattr(method, "__isabstractmethod__", False):
        wrapper = wrap(method)
        setattr(wrapper, _MARK, True)
        setattr(cls, name, wrapper)


def _wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        place = _place_of(kwargs.get("run_manager"))
        if place is None:
            return original(self, *args, **kwargs)
        token = here.set(place)
        try:
            return original(self, *args, **kwargs)
        finally:
            leave(token)

    return wrapper


def _wrap_async(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        place = _place_of(kwargs.get("run_manager"))
        if place is None:
            return await original(self, *args, **kwargs)
        token = here.set(place)
        try:
            return await original(self, *args, **kwargs)
        finally:
            leave(token)

    return wrapper


def _place_of(run_manager: Any) -> Place | None:
    """The retriever's own run, where one of our handlers listens to it."""
    try:
        place = None if run_manager is None else listening_place(run_manager)
        return None if place is None else Place(place.handler, run_manager.run_id, "retriever")
    except Exception:  # noqa: BLE001 - the host's retrieval goes on, without scores
        return None


def _noting(method: Callable[..., Any], kind: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def anoting(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = await method(self, *args, **kwargs)
            _note(type(self), result, kind)
            return result

        return anoting

    @functools.wraps(method)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        _note(type(self), result, kind)
        return result

    return noting


def _note(store: type, result: Any, kind: str) -> None:
    if type(result) is not list or not result:
        return
    place = None
    try:
        place = listening_place()
        if place is not None and place.run_id is not None:
            place.handler.note_scores(place.run_id, _scored(store, result, kind))
    except Exception as error:  # noqa: BLE001 - the search itself went well
        if place is not None:
            place.handler.trouble("scores", error)


def _scored(store: type, pairs: list[Any], kind: str) -> Scored:
    # Exact classes only: the store's result is the host's, and none of its own code is run here.
    contents: list[str] = []
    scores: list[float] = []
    for item in pairs:
        if type(item) is tuple and len(item) >= 2 and (score := _number(item[1])) is not None:
            content = item[0].__dict__.get("page_content")
            if type(content) is str:
                contents.append(content)
                scores.append(score)
    higher, name = (True, kind) if kind else _direction(store, scores)
    return Scored(contents, scores, higher, name)


def _number(value: Any) -> float | None:
    """A finite score as float; None for anything else (stores return NaN for empty vectors)."""
    kind = type(value)
    if kind is not float and kind is not int and not (kind.__module__ == "numpy" and kind.__name__.startswith("float")):
        return None
    score = float(value)
    return score if score - score == 0.0 else None


def _direction(store: type, scores: list[float]) -> tuple[bool | None, str]:
    if len(scores) > 1 and scores[0] != scores[-1]:  # the best comes first
        return (True, "similarity") if scores[0] > scores[-1] else (False, "distance")
    names = {cls.__name__ for cls in store.__mro__}
    if names & _DISTANCES:
        return False, "distance"
    return (True, "similarity") if names & _SIMILARITIES else (None, "")
