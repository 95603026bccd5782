"""Whether the answer changes at all with the store."""

from __future__ import annotations

from pydantic import BaseModel


class AnswerEffect(BaseModel, frozen=True):
    """The same chain with one store and with another, over the same questions."""

    store: str
