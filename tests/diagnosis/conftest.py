"""A small RAG chain whose steps the tests break one at a time."""

from typing import Any

import pytest

from weaklink.model import Trace
from weaklink.testing import build

QUESTION = "How many days of paid vacation does an employee have per year?"
VACATION = (
    "Vacation: Every employee has 28 days of paid vacation per year. It is requested in the calendar two weeks ahead."
)
SICK = "Sick leave: Whoever is ill reports it before 9 AM and brings a certificate from the third day on."
PARKING = "Parking: The office in Ostmere has 60 parking places, booked in the Frontdesk app."
GOOD = "An employee has 28 days of paid vacation per year."


def prompt_of(*passages: str, question: str = QUESTION) -> list[dict[str, str]]:
    """The messages of a prompt with these passages."""
    text = "Answer from the passages.\n\n" + "\n\n".join(passages) + f"\n\nQuestion: {question}"
    return [{"$type": "message", "role": "user", "content": text}]


@pytest.fixture
def chain():
    """Builds the chain's trace: what was found, what was kept, what reached the prompt, what was answered."""

    def make(
        *,
        found: tuple[str, ...] = (VACATION, SICK, PARKING),
        kept: tuple[str, ...] | None = None,
        shown: tuple[str, ...] | None = None,
        answer: str = GOOD,
        question: str = QUESTION,
        **fields: dict[str, Any],
    ) -> Trace:
        kept = found if kept is None else kept
        shown = kept if shown is None else shown
        packed = "\n\n".join(shown)
        return build(
            "chain > retriever, reranker, pack_context:prompt, llm",
            question,
            answer,
            retriever={"input": question, "documents": found, **fields.get("retriever", {})},
            reranker={"input": question, "candidates": found, "documents": kept},
            pack_context={"input": {"context": packed}, "output": packed},
            chain=fields.get("chain", {}),
            llm={"input": prompt_of(*shown, question=question), "output": answer, **fields.get("llm", {})},
        )

    return make
