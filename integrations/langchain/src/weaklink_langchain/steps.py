"""What a handler knows of particular kinds of steps, beyond input and output."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from weaklink.snapshot import MARK, Passage

if TYPE_CHECKING:
    from weaklink.model import SpanKind
    from weaklink.recorder import OpenSpan
    from weaklink_langchain.context import Scored

_RETRY_TAG = "retry:attempt:"
_STEP_TAG = "seq:step:"
_FRAMEWORK_METADATA = ("ls_", "lc_", "langgraph_", "__", "checkpoint_")
_FRAMEWORK_TAGS = ("seq:step:", "map:key:", "graph:step:", "langsmith:", "retry:attempt:")
# Where retrievers and rerankers put their scores: Bedrock and Tavily, Cohere and other rerankers, Azure.
_SCORES_IN_METADATA = frozenset(
    ("relevance_score", "score", "similarity_score", "_score", "@search.score", "rerank_score")
)
_AGENTS = ("langchain_create_agent", "langgraph_create_react_agent")
_MOST_EVENTS = 100
_KNOWN_TEMPLATES = 256

_templates: dict[int, tuple[Any, str]] = {}


def own_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """What the user attached to a run, without what LangChain and LangGraph add to every run."""
    return {key: value for key, value in metadata.items() if not _is_framework_key(key)}


def read_tags(span: OpenSpan, tags: tuple[str, ...], metadata: dict[str, Any] | None) -> None:
    """What the user tagged a run with, and the attempt of a retried run, which LangChain tells by a tag from the second on."""
    own: list[str] = []
    for tag in tags:
        if type(tag) is not str:
            continue
        attempt = _framework_tag(tag)
        if attempt is None:
            own.append(tag)
        elif attempt:
            span.attributes = {"attempt": attempt}
    if own and metadata:
        # A retriever is tagged with the classes of its store and embedding, which its metadata has too.
        classes = (metadata.get("ls_vector_store_provider"), metadata.get("ls_embedding_provider"))
        own = [tag for tag in own if not any(type(name) is str and tag == name for name in classes)]
    if own:
        span.tags = own


# Each call of a chain brings the same tags and keys again: remembering them takes a third of looking at them.
@lru_cache(maxsize=1_024)
def _is_framework_key(key: str) -> bool:
    return key.startswith(_FRAMEWORK_METADATA)


@lru_cache(maxsize=1_024)
def _framework_tag(tag: str) -> int | None:
    """None for a tag of the user's own; the attempt that a framework's tag tells of, 0 where it tells of none."""
    if not tag.startswith(_FRAMEWORK_TAGS):
        return None
    attempt = tag.removeprefix(_RETRY_TAG)
    return int(attempt) if attempt != tag and attempt.isdecimal() else 0


def describe(span: OpenSpan, attributes: dict[str, Any]) -> None:
    """Add what is known of a step to what was known before."""
    span.attributes = attributes if span.attributes is None else {**span.attributes, **attributes}


def describe_node(span: OpenSpan, name: str, metadata: dict[str, Any], tags: tuple[str, ...]) -> None:
    """A run inside a LangGraph graph: agent, node, edge; and the attempt of a retried run."""
    # Exact classes only: users put into the metadata what they like, and comparing would run its code.
    node = metadata.get("langgraph_node")
    framework, agent = metadata.get("ls_integration"), metadata.get("lc_agent_name")
    if type(framework) is str and framework in _AGENTS and (node is None or (type(agent) is str and name == agent)):
        span.kind = "agent"
    if type(node) is not str:
        return
    if name == node:
        step, namespace = metadata.get("langgraph_step"), metadata.get("langgraph_checkpoint_ns")
        attributes: dict[str, Any] = {"node": node, "step": step if type(step) is int else None}
        if type(namespace) is str and namespace:
            attributes["namespace"] = namespace
        describe(span, attributes)
        if span.parent is not None:
            span.parent.is_graph = True
    elif tags and span.parent is not None and span.parent.name == node and _is_edge(span.parent, tags):
        describe(span, {"node": node, "branch": True})


def is_node(span: OpenSpan) -> bool:
    """Whether the step is a node of a graph, not something inside one."""
    return span.attributes is not None and span.attributes.get("node") == span.name and "step" in span.attributes


def _is_edge(node: OpenSpan, tags: tuple[str, ...]) -> bool:
    """Whether a step right below `node` is a function that decides where the graph goes next.

    LangGraph (1.2) numbers what a node consists of: its own steps from 1, then a write that no callback tells of, then the edges.
    """
    for tag in tags:
        if type(tag) is str and tag.startswith(_STEP_TAG) and (number := tag[len(_STEP_TAG) :]).isdecimal():
            is_own = int(number) <= node.steps_below + 1  # what a step runs several times has its number each time
            node.steps_below += int(number) == node.steps_below + 1
            return not is_own
    return False


def template_of(serialized: Any) -> dict[str, str] | None:
    """The template behind a prompt, where LangChain tells it."""
    template = _template(serialized)
    return {"template": template} if template else None


def describe_retriever(span: OpenSpan, metadata: dict[str, Any]) -> None:
    """Store and embedding behind a retriever."""
    attributes: dict[str, Any] = {}
    if type(store := metadata.get("ls_vector_store_provider")) is str:
        attributes["store"] = store
    if type(embedding := metadata.get("ls_embedding_model")) is str:
        attributes["embedding"] = embedding
    if attributes:
        describe(span, attributes)


def describe_documents(span: OpenSpan, found: list[Passage] | None) -> None:
    """A function that made documents out of none is a retriever; one that dropped or moved documents is a reranker.

    A graph is neither: its nodes find documents, and one that goes on has them in its state.
    """
    if span.is_graph or span.plumbing or span.has_retrieval or not found or (span.attributes or {}).get("branch"):
        return
    given: list[Passage] = span.scratch if type(span.scratch) is list else []
    before, after = [passage.content for passage in given], [passage.content for passage in found]
    if not set(before) & set(after):
        span.kind, span.documents = "retriever", found
        add_scores(span)
    elif before != after and set(after) <= set(before):
        span.kind, span.documents, span.candidates = "reranker", found, given


def add_scores(span: OpenSpan) -> None:
    """Scores that the store told, or that the retriever or reranker left in the metadata of its documents."""
    passages: list[Passage] = span.documents or []
    if span.scored:
        _add_store_scores(passages, span.scored)
        span.scored = None
    for passage in passages:
        if passage.score is None and not _SCORES_IN_METADATA.isdisjoint(passage.metadata):
            found = [passage.metadata[name] for name in sorted(_SCORES_IN_METADATA & passage.metadata.keys())]
            score = next((value for value in found if type(value) is float or type(value) is int), None)
            if score is not None:
                passage.score, passage.higher_is_better = float(score), True
                passage.score_kind = "rerank" if span.kind == "reranker" else "relevance"


def _add_store_scores(passages: list[Passage], searches: list[Scored]) -> None:
    told: dict[str, tuple[Scored, list[float]]] = {}
    # The outermost method of a store ends last, so the last word on a document is what the retriever itself asked for.
    for search in searches:
        found: dict[str, tuple[Scored, list[float]]] = {}
        for content, score in zip(search.contents, search.scores, strict=True):
            found.setdefault(content, (search, []))[1].append(score)
        told |= found
    for passage in passages:
        if known := told.get(passage.content):
            search, scores = known
            passage.score = scores.pop(0) if len(scores) > 1 else scores[0]
            passage.higher_is_better, passage.score_kind = search.higher_is_better, search.kind


def arguments(kind: SpanKind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a hooked method was given, by the name of its first two parameters."""
    names = {"reranker": ("documents", "query"), "embedding": ("text",), "vector_store": ("documents",)}[kind]
    found = dict(zip(names, args, strict=False)) | {
        name: value for name, value in kwargs.items() if name != "callbacks"
    }
    if kind == "embedding":
        return found.get("text", found.get("texts"))
    if kind == "vector_store":
        documents = found.get("documents", found.get("texts"))
        return list(documents) if type(documents) in (list, tuple) else None  # an iterator is the host's to consume
    return found


def describe_reranker(span: OpenSpan) -> None:
    """The input of a reranker is a query; what it chooses from stands apart."""
    span.candidates = span.scratch
    if type(span.input) is dict:
        span.input = span.input.get("query")


def result_of(kind: SpanKind, result: Any) -> Any:
    """What to keep of the result of a hooked method: of vectors only their number and size."""
    if kind != "embedding" or type(result) is not list or not result:
        return result
    is_one = type(result[0]) is not list
    return {
        MARK: "embedding",
        "vectors": 1 if is_one else len(result),
        "dimensions": len(result if is_one else result[0]),
    }


def says_error(span: OpenSpan) -> bool:
    """Whether the recorded output of a tool is a message with the status "error"."""
    return type(span.output) is dict and span.output.get(MARK) == "message" and span.output.get("status") == "error"


def tool_error(span: OpenSpan) -> dict[str, Any]:
    """The error of a tool that returned a message saying so."""
    text = span.output.get("content") if type(span.output) is dict else span.output
    return {"type": "ToolError", "message": text if type(text) is str else "", "origin": span.id}


def add_event(span: OpenSpan, name: str, data: Any) -> None:
    """The user's own event."""
    span.attributes = span.attributes or {}
    events: list[Any] = span.attributes.setdefault("events", [])
    if len(events) < _MOST_EVENTS:
        events.append({"name": name, "data": data})


def _template(serialized: Any) -> str:
    """The template text of a serialised prompt; LangChain hands out the same dict each time, so it is read once."""
    known = _templates.get(id(serialized))
    if known is not None and known[0] is serialized:
        return known[1]
    template = "\n".join(_templates_in(serialized, 0)) if type(serialized) is dict else ""
    if len(_templates) >= _KNOWN_TEMPLATES:
        _templates.clear()
    _templates[id(serialized)] = (serialized, template)
    return template


def _templates_in(value: Any, depth: int) -> list[str]:
    if depth > 8:
        return []
    if type(value) is dict:
        if type(template := value.get("template")) is str:
            return [template]
        return [text for item in value.values() for text in _templates_in(item, depth + 1)]
    if type(value) is list:
        return [text for item in value for text in _templates_in(item, depth + 1)]
    return []
