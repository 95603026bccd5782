"""The scores of a retrieval, which LangChain's retrievers throw away, and their direction."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from weaklink_langchain.context import Place, here, listening_place

# Methods of a store that return (document, score) pairs, with what the score is called.
_SCORING_METHODS = {
    "similarity_search_with_score": "", "asimilarity_search_with_score": "",
    "similarity_search_with_score_by_vector": "", "asimilarity_search_with_score_by_vector": "",
    "similarity_search_with_relevance_scores": "relevance", "asimilarity_search_with_relevance_scores": "relevance",
}  # fmt: skip
# What the `*_with_score` of each store returns, by class name; for others the order of the scores tells.
_DISTANCES = frozenset(
    ("Chroma", "FAISS", "PGVector", "Redis", "RedisVectorStore", "LanceDB", "SQLiteVec", "SQLServer_VectorStore", "Annoy", "USearch")
)
_SIMILARITIES = frozenset(
    ("InMemoryVectorStore", "QdrantVectorStore", "PineconeVectorStore", "WeaviateVectorStore", "ElasticsearchStore",
     "MongoDBAtlasVectorSearch", "OpenSearchVectorSearch", "AzureSearch")
)  # fmt: skip
_MARK = "__weaklink_scores__"
_wrapped: set[type] = set()


def wrap_retriever(cls: type) -> None:
    """Make the retriever note the scores that its store computes anyway, and tell hooks which run they are in."""
    for name in ("_get_relevant_documents", "_aget_relevant_documents"):
        original = cls.__dict__[name]
        wrapper = _wrap_async(original) if inspect.iscoroutinefunction(original) else _wrap(original)
        setattr(cls, name, wrapper)


def _wrap(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(self: Any, query: str, *, run_manager: Any, **kwargs: Any) -> Any:
        place = _place_of(run_manager, self.vectorstore)
        if place is None:
            return original(self, query, run_manager=run_manager, **kwargs)
        token = here.set(place)
        try:
            documents = original(self, query, run_manager=run_manager, **kwargs)
        finally:
            here.reset(token)
        _tell(place, self.vectorstore, documents)
        return documents

    return wrapper


def _wrap_async(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def wrapper(self: Any, query: str, *, run_manager: Any, **kwargs: Any) -> Any:
        place = _place_of(run_manager, self.vectorstore)
        if place is None:
            return await original(self, query, run_manager=run_manager, **kwargs)
        token = here.set(place)
        try:
            documents = await original(self, query, run_manager=run_manager, **kwargs)
        finally:
            here.reset(token)
        _tell(place, self.vectorstore, documents)
        return documents

    return wrapper


def _place_of(run_manager: Any, store: Any) -> Place | None:
    """The retriever's own run, where one of our handlers listens to it."""
    try:
        place = listening_place(run_manager)
        if place is not None and type(store) not in _wrapped:
            _wrap_store(type(store))
    except Exception:  # noqa: BLE001 - the host's retrieval goes on, without scores
        return None
    return None if place is None else Place(place.handler, run_manager.run_id)


def _wrap_store(store: type) -> None:
    _wrapped.add(store)
    for cls in store.__mro__:
        for name, kind in _SCORING_METHODS.items():
            method = cls.__dict__.get(name)
            if inspect.isfunction(method) and not hasattr(method, _MARK):
                setattr(cls, name, _noting(method, kind))


def _noting(method: Callable[..., Any], kind: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def anoting(*args: Any, **kwargs: Any) -> Any:
            result = await method(*args, **kwargs)
            _note(result, kind)
            return result

        setattr(anoting, _MARK, True)
        return anoting

    @functools.wraps(method)
    def noting(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        _note(result, kind)
        return result

    setattr(noting, _MARK, True)
    return noting


def _note(result: Any, kind: str) -> None:
    place = here.get()
    if place is None or type(result) is not list:
        return
    # Exact classes only: the store's result is the host's, and none of its own code is run here.
    for item in result:
        if type(item) is tuple and len(item) >= 2 and (score := _number(item[1])) is not None:
            place.scored.append((item[0], score, kind))


def _number(value: Any) -> float | None:
    """A finite score as float; None for anything else (stores return NaN for empty vectors)."""
    if type(value) not in (int, float) and not type(value).__module__.startswith("numpy"):
        return None
    score = float(value)
    return score if score - score == 0.0 else None


def _tell(place: Place, store: Any, documents: Any) -> None:
    try:
        if place.scored and type(documents) is list:
            place.handler.note_scores(place.run_id, _describe(type(store).__name__, documents, place.scored))
    except Exception as error:  # noqa: BLE001 - the retrieval itself went well
        place.handler.trouble("scores", error)


def _describe(store: str, documents: list[Any], pairs: list[tuple[Any, float, str]]) -> list[tuple[float, bool | None, str] | None]:
    """For each document its score, direction and kind; None where the store told none."""
    by_text: dict[str, tuple[float, str]] = {}
    for document, score, kind in pairs:
        # The outermost method ran last, so the last word on a document is what the retriever itself asked for.
        by_text[document.page_content] = (score, kind)
    found = [by_text.get(document.page_content) for document in documents]
    higher, name = _direction(store, [pair[0] for pair in found if pair is not None])
    return [
        None if pair is None else (pair[0], True, "relevance") if pair[1] == "relevance" else (pair[0], higher, name)
        for pair in found
    ]


def _direction(store: str, scores: list[float]) -> tuple[bool | None, str]:
    if len(scores) > 1 and scores[0] != scores[-1]:  # the best comes first
        return (True, "similarity") if scores[0] > scores[-1] else (False, "distance")
    if store in _DISTANCES:
        return False, "distance"
    return (True, "similarity") if store in _SIMILARITIES else (None, "")
