"""What is searched, what is asked, and what came back."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import BaseModel, Field, JsonValue


class Passage(BaseModel, frozen=True):
    """One piece of text of the corpus, as it lies in the stores."""

    id: str
    """Unique in its corpus."""
    text: str
    metadata: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class Query(BaseModel, frozen=True):
    """One question to ask of every store."""

    id: str
    text: str
    relevant: dict[str, float] = Field(default_factory=dict[str, float])
    """Passage id to gain (1 for relevant, more for better); empty where nobody knows."""
    relevant_texts: tuple[str, ...] = ()
    """The same by text, where the ids of the corpus are not known; `compare` finds them."""
    count: int = Field(default=1, ge=1)
    """How often it was asked; weighs in every mean."""
    origin: Literal["file", "traces", "corpus"] = "file"
    traces: tuple[str, ...] = ()
    """Ids of the recorded traces that asked it."""


class WrongQuery(BaseModel, frozen=True):
    """A query that one store alone gets wrong."""

    id: str
    question: str
    traces: tuple[str, ...] = ()
    """Ids of the recorded traces that asked it; `weaklink show ID` shows them."""

    @classmethod
    def of(cls, query: Query) -> WrongQuery:
        """The query by what a reader needs to find it again."""
        return cls(id=query.id, question=query.text, traces=query.traces)


class Hit(NamedTuple):
    """One result of a search, before it is matched with the corpus."""

    id: str
    """The store's id; "" where it gave none."""
    text: str


Value = str | int | float
"""What a parameter of an index can be."""
