"""Calls of a chain as an integration reports them: for the tests of the recorder and of what lies behind it."""

import uuid
from typing import Any

from weaklink.recorder import OpenSpan, Recorder
from weaklink.snapshot import Passage

STEPS = 3
"""How many spans `rag_call` records."""


def new_key() -> int:
    """A key as frameworks give them: a random UUID."""
    return uuid.uuid4().int


def step(
    recorder: Recorder,
    parent: OpenSpan | None,
    name: str,
    kind: Any = "chain",
    *,
    key: int | None = None,
    **fields: Any,
) -> OpenSpan:
    """A step that has begun; further fields are those of OpenSpan."""
    span = recorder.start(key or new_key(), parent.key if parent else None, name, kind)
    for field, value in fields.items():
        setattr(span, field, value)
    return span


def rag_call(recorder: Recorder, question: str = "Who wrote it?", *, key: int | None = None) -> int:
    """One call of a chain with a retriever and a model, from start to end; returns the key of its root."""
    root = step(recorder, None, "rag", key=key, input={"question": question})
    retriever = step(recorder, root, "retriever", "retriever", input=question)
    passage = Passage(f"A passage about: {question}", None, {"source": "book.md"})
    passage.score = 0.5
    retriever.documents = [passage]
    recorder.finish(retriever)
    llm = step(recorder, root, "llm", "llm", input=f"Context. {question}", output="Ada.")
    llm.model = {"name": "model", "usage": {"input_tokens": 10, "output_tokens": 2}}
    recorder.finish(llm)
    root.output = "Ada."
    recorder.finish(root)
    return root.key


def trace_id(key: int) -> str:
    """The id under which the trace with this root is stored."""
    return f"{key:032x}"
