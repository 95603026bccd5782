"""Where a value of an answer comes from."""

from typing import Literal

from pydantic import BaseModel

from weaklink.model.score import TextRange
from weaklink.model.step import Step

ValueKind = Literal["number", "date", "time", "name", "id", "phrase"]
Source = Literal["given", "found", "computed", "written"]


class Origin(BaseModel, frozen=True):
    """One number, name, date, id or rare phrase, and the earliest step that contained it."""

    text: str
    """The value as it is written where it was looked at."""
    kind: ValueKind
    at: TextRange
    """Where it was looked at."""
    born: Step
    """The earliest step that contained it."""
    source: Source
    """"given": it came in with the question, the prompt or an earlier message; "found": a retriever, tool or other step brought
    it; "computed": a model got it from other numbers that it was shown; "written": a model wrote it, and nothing before says it."""
    place: TextRange | None = None
    """Where the earliest step has it; None where that is the step that was looked at, or the text is written otherwise there."""

    @property
    def is_supported(self) -> bool:
        """Something before the model had it, or it follows from that."""
        return self.source != "written"
