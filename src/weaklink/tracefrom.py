"""A trace out of logs: for a chain that nobody traced."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from pydantic import JsonValue, ValidationError

from weaklink.errors import WeaklinkError
from weaklink.model import Document, Span, Trace
from weaklink.redact import redact, redact_value
from weaklink.settings import load_settings

_TEXT_KEYS = ("content", "page_content", "text")
_EXAMPLE = 'weaklink.trace_from(question="Who ...?", documents=["Ada ..."], answer="Ada.")'


class UnusableLog(WeaklinkError):
    """You gave `trace_from` something that is no question, document or answer."""


def trace_from(
    question: str,
    documents: Iterable[str | Mapping[str, Any] | Document | Any] | None = None,
    answer: str = "",
    context: str | None = None,
    *,
    reference: str | None = None,
    name: str = "logged chain",
    start_ns: int | None = None,
    new_id: Callable[[], str] | None = None,
) -> Trace:
    """A trace of four steps (chain, retriever, prompt, llm) from what a log holds of one call, to score and diagnose.

    `documents` are what the retriever returned, in its order; an empty list says that it found nothing, and None that the log does
    not tell, so that there is no retriever to judge. They may be texts, `weaklink.Document`s, those of LangChain and LlamaIndex,
    pairs of a document and its score, or dictionaries with `content` (or `page_content` or `text`) and any of `id`, `score`,
    `higher_is_better`, `score_kind`, `metadata`. `context` is what the model was shown of them; None takes all of them, whole.
    `reference` is the right answer, where it is known: scorers that compare with one find it in the root's metadata. Durations
    are 0, because a log does not say them.
    `start_ns` is nanoseconds since 1970, by default now; `new_id` gives ids of 32 hex digits.
    Secrets are masked, unless the setting `redact` is off. Raises UnusableLog where an argument is of another type.
    """
    for what, value in (
        ("question", question),
        ("answer", answer),
        ("context", context or ""),
        ("reference", reference or ""),
    ):
        if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance] - logs hold anything
            raise UnusableLog(f"the {what} is of type {type(value).__name__}: it must be text; type: {_EXAMPLE}")
    if isinstance(documents, str | dict):
        raise UnusableLog(
            f"documents is one {'text' if isinstance(documents, str) else 'dict'}: it must be a list; type: {_EXAMPLE}"
        )
    found = None if documents is None else tuple(_document(item, rank) for rank, item in enumerate(documents, start=1))
    if load_settings().redact:  # what is recorded is masked on its way to the store; this goes to reports without one
        found = found and tuple(_masked(document) for document in found)
        question, answer, name = redact(question), redact(answer), redact(name)
        context, reference = context and redact(context), reference and redact(reference)
    if context is None and found is not None:
        context = "\n\n".join(document.content for document in found)
    start = time.time_ns() if start_ns is None else start_ns
    known: dict[str, JsonValue] = {} if reference is None else {"reference": reference}
    return _trace(question, found, answer, context, name, start, new_id or _new_id, known)


def _trace(
    question: str,
    documents: tuple[Document, ...] | None,
    answer: str,
    context: str | None,
    name: str,
    start: int,
    new_id: Callable[[], str],
    metadata: dict[str, JsonValue],
) -> Trace:
    root = new_id()

    def step(number: int, name: str, **fields: Any) -> Span:
        values = {"trace_id": root, "parent_id": root, "status": "ok", "start_ns": start + number, "duration_ns": 0}
        return Span.model_validate({"id": new_id(), "name": name, **values, **fields})

    prompt = f"{context}\n\n{question}" if context else question
    inputs: dict[str, JsonValue] = (
        {"question": question} if context is None else {"context": context, "question": question}
    )
    top = {"id": root, "parent_id": None, "attributes": {"made_from": "logs"}, "metadata": metadata}
    steps = [
        step(0, name, kind="chain", input=question, output=answer or None, **top),
        step(2, "prompt", kind="prompt", input=inputs, output=prompt),
        step(3, "llm", kind="llm", input=prompt, output=answer),
    ]
    if documents is not None:
        steps.insert(1, step(1, "retriever", kind="retriever", input=question, documents=documents))
    return Trace.of(steps)


def _masked(document: Document) -> Document:
    return document.model_copy(
        update={
            "content": redact(document.content), "id": document.id and redact(document.id), "metadata": redact_value(document.metadata),
        }
    )  # fmt: skip


def _document(item: Any, rank: int) -> Document:
    if type(item) is tuple and len(cast(tuple[Any, ...], item)) == 2:  # of similarity_search_with_score
        found, score = cast(tuple[Any, Any], item)
        return _document(found, rank).model_copy(update={"score": _number(score, rank)})
    if isinstance(item, Document):
        return item.model_copy(update={"rank": rank})
    if isinstance(item, str):
        return Document(content=item, rank=rank)
    values = dict(cast(Mapping[str, Any], item)) if isinstance(item, Mapping) else _attributes(item)
    text = next((values[key] for key in _TEXT_KEYS if isinstance(values.get(key), str)), None)
    if text is None:
        raise UnusableLog(
            f"document {rank} has no text: it has no {' or '.join(_TEXT_KEYS)} that is a string; type: {_EXAMPLE}"
        )
    known = {
        key: values[key]
        for key in ("id", "score", "higher_is_better", "score_kind", "metadata")
        if values.get(key) is not None
    }
    if "source" in values:
        known["metadata"] = {"source": str(values["source"]), **known.get("metadata", {})}
    try:
        return Document.model_validate({"content": text, "rank": rank, **known})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UnusableLog(
            f"document {rank} cannot be used: {field}: {first['msg'].lower()}; type: {_EXAMPLE}"
        ) from None


def _number(score: Any, rank: int) -> float:
    """A number of any kind, such as numpy's."""
    try:
        return float(score)
    except (TypeError, ValueError):
        raise UnusableLog(
            f"the score of document {rank} is of type {type(score).__name__}: it must be a number; type: {_EXAMPLE}"
        ) from None


def _attributes(item: Any) -> dict[str, Any]:
    """A framework's own document, read by the names that frameworks use."""
    found = {key: getattr(item, key, None) for key in (*_TEXT_KEYS, "id", "score", "metadata")}
    found["id"] = found["id"] or getattr(item, "id_", None) or getattr(item, "node_id", None)  # LlamaIndex
    return {key: value for key, value in found.items() if value is not None}


def _new_id() -> str:
    """32 hex digits that sort by time, as the frameworks' run ids do (UUIDv7)."""
    return f"{time.time_ns() // 1_000_000:012x}7{secrets.randbits(12):03x}{0x8 | secrets.randbits(2):x}{secrets.randbits(60):015x}"
