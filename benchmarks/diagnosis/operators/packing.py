"""Faults between the documents and the model: budgets, fields, variables."""

from __future__ import annotations

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import Pieces
from benchmarks.diagnosis.situation import Situation

_OWN = ("naive", "rewriting", "reranker", "hybrid", "graph", "custom")
"""Pipelines whose packing is a function of their own; of these, LlamaIndex's stock engines pack by themselves."""


def budget_in_characters(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """A budget meant in tokens is applied to characters."""
    most = round(420 - 300 * strength)
    return pieces.but(pack=lambda passages: "\n\n".join(passages)[:most])


def each_cut_short(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Of each passage only the start is kept."""
    most = round(160 - 110 * strength)
    return pieces.but(pack=lambda passages: "\n\n".join(text[:most] for text in passages))


def only_the_end(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The context is cut from the front, where the best passages stand."""
    most = round(420 - 300 * strength)
    return pieces.but(pack=lambda passages: "\n\n".join(passages)[-most:])


def empty_context(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Packing returns an empty text."""
    return pieces.but(pack=lambda passages: "")


def field_that_moved(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Packing reads a field that no longer exists: only the sources arrive."""
    return pieces.but(pack=lambda passages: "\n".join(f"[document {n + 1}]" for n in range(len(passages))))


def none_as_context(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Packing returns None, and the template writes it out."""
    return pieces.but(pack=lambda passages: "None")


def unfilled_placeholder(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The template's placeholder is escaped, so that the model reads its name."""
    return pieces.but(prompt=pieces.prompt.replace("{context}", "{{context}}"))


def template_without_context(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """Somebody wrote a new prompt and forgot the passages."""
    return pieces.but(prompt="Answer the question briefly and politely.\n\nQuestion: {question}")


_NOT_PASSED = ("context_not_passed", "empty_variable")
PACKING: tuple[Operator, ...] = (
    Operator(("context_truncated",), "pack", budget_in_characters, hard=True, loses_evidence=True, only=(*_OWN, "agentic")),
    Operator(("context_truncated",), "pack", each_cut_short, unseen=True, hard=True, loses_evidence=True, only=_OWN),
    Operator(("context_truncated",), "pack", only_the_end, unseen=True, hard=True, loses_evidence=True, only=_OWN),
    Operator(("empty_variable", "context_not_passed"), "pack", empty_context, hard=True, loses_evidence=True, only=_OWN),
    Operator(_NOT_PASSED, "pack", field_that_moved, unseen=True, hard=True, loses_evidence=True, only=_OWN),
    Operator(("empty_variable", "context_not_passed"), "pack", none_as_context, unseen=True, hard=True, loses_evidence=True, only=_OWN),
    Operator(("empty_variable", "context_not_passed"), "pack", unfilled_placeholder, hard=True, loses_evidence=True),
    Operator(_NOT_PASSED, "pack", template_without_context, unseen=True, hard=True, loses_evidence=True),
)  # fmt: skip
