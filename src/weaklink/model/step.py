"""A step, as diagnoses and origins point to it."""

from pydantic import BaseModel

from weaklink.model.roles import Role
from weaklink.model.span import SpanKind


class Step(BaseModel, frozen=True):
    """A span, by its id, and what it is called and does."""

    span_id: str
    name: str
    kind: SpanKind
    role: Role = ""

    def __str__(self) -> str:
        """What it does and what it is called: "generate (ChatOpenAI)"."""
        return f"{self.role} ({self.name})" if self.role and self.role != self.name else self.name
