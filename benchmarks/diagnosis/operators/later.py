"""Faults that were added after the others; drawn apart from them, so that the traces of the others stay as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import FETCH_TOOL, Call, Pieces, Reply
from benchmarks.diagnosis.situation import NAME, NUMBER, Situation

_AUXILIARY = re.compile(r"\b(is|are|was|were|does|did|should|must|could|would)\b(?! not\b|n't)(?= [a-z])")
_NOT = re.compile(r" (?:not|never)\b|n't\b")
_MADE_UP = ("contradicted", "unsupported")


def turned_round(text: str) -> str | None:
    """`text` with its last statement said the other way round; None where nothing can be turned."""
    if found := _NOT.search(text):
        return text[: found.start()] + text[found.end() :]
    verbs = list(_AUXILIARY.finditer(text))
    return f"{text[: verbs[-1].end()]}n't{text[verbs[-1].end() :]}" if verbs else None


def turns_the_last_statement(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer denies what the passage states last, or states what it denies."""
    text = turned_round(at.good)
    return None if text is None else _says(pieces, text)


def takes_a_name_from_beside(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer gives a name that stands elsewhere in the passages."""
    return _exchanged(pieces, at, NAME)


def takes_a_number_from_beside(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer gives a number that stands elsewhere in the passages."""
    return _exchanged(pieces, at, NUMBER)


def misreads_the_last_statement(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The agent says of a page that it fetched the opposite of what stands there."""
    text = turned_round(at.good)
    if text is None:
        return None
    said = _says(pieces, text)

    def plan(question: str, results: Sequence[str]) -> Reply:
        return said.answer("\n".join(results)) if results else Reply(calls=(Call(FETCH_TOOL, {"value": at.subject}),))

    return said.but(plan=plan)


def _exchanged(pieces: Pieces, at: Situation, pattern: re.Pattern[str]) -> Pieces | None:
    """The answer with one name or number that the passages have in place of another; None where there is no other."""
    held = "\n".join(at.gold)
    said = [match[0] for match in pattern.finditer(at.good) if match[0] in held]
    others = [match[0] for match in pattern.finditer(held) if match[0] not in at.good]
    if not said or not others:
        return None
    return _says(pieces, at.good.replace(at.chance.choice(said), at.chance.choice(others), 1))


def _says(pieces: Pieces, text: str) -> Pieces:
    return pieces.but(answer=lambda prompt: Reply(text))


LATER: tuple[Operator, ...] = (
    Operator(_MADE_UP, "generate", turns_the_last_statement),
    Operator(_MADE_UP, "generate", takes_a_name_from_beside),
    Operator(_MADE_UP, "generate", takes_a_number_from_beside),
    Operator(("misread_output", *_MADE_UP), "generate", misreads_the_last_statement, only=("agentic",)),
)
"""None of them is kept apart. They serve to fit the classes; how sure a verdict is, is fitted without them."""
