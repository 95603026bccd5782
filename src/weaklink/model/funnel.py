"""Where each piece of the evidence that an answer needs was seen last."""

from typing import Literal, get_args

from pydantic import BaseModel, Field

Stage = Literal["corpus", "index", "candidates", "filter", "rerank", "prompt", "answer", "parsed"]
STAGES: tuple[Stage, ...] = get_args(Stage)
CellState = Literal["held", "partly", "lost", "unknown", ""]


class FunnelCell(BaseModel, frozen=True):
    """Whether one stage had one piece."""

    stage: Stage
    state: CellState
    """"held"; "partly": some of it; "lost": nothing of it, or something else; "unknown": nobody looked there;
    "": the piece is not expected there."""
    span_id: str | None = None
    """The step to look at; None for the corpus and the index."""
    note: str = ""
    """What is missing there, or said otherwise."""


class FunnelRow(BaseModel, frozen=True):
    """One piece of evidence on its way to the user."""

    piece: str
    kind: Literal["claim", "term", "kind of answer"]
    """"claim": a sentence of the reference; "term": a word or name of the question; "kind of answer": "a number", "a name", ..."""
    weight: float = Field(ge=0, le=1)
    """How much depends on it, 0..1: a claim 1, a term its rarity."""
    cells: tuple[FunnelCell, ...]
    """One for each stage that the trace has, in order."""

    @property
    def last_seen(self) -> Stage | None:
        """The last stage that held it; None where none did."""
        return next((cell.stage for cell in reversed(self.cells) if cell.state == "held"), None)

    @property
    def lost_at(self) -> FunnelCell | None:
        """The first stage without it from which on it never came back; None where it arrived, or nobody can tell."""
        known = [cell for cell in self.cells if cell.state not in ("unknown", "")]
        kept = max((number for number, cell in enumerate(known) if cell.state == "held"), default=-1)
        return known[kept + 1] if kept + 1 < len(known) else None


class Funnel(BaseModel, frozen=True):
    """The pieces of evidence that an answer needs, and where each was seen."""

    rows: tuple[FunnelRow, ...]
    exact: bool
    """True: the pieces are the claims of a reference answer. False: they are estimated from the question alone."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that the trace has, in order."""
        return tuple(cell.stage for cell in self.rows[0].cells) if self.rows else ()
