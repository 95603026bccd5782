"""What an operator is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.diagnosis.pieces import Pieces
from benchmarks.diagnosis.situation import Situation

Break = Callable[[Pieces, Situation, float], Pieces | None]
"""(healthy pieces, question, strength 0..1) -> pieces with one replaced; None where it does not fit the question."""


@dataclass(frozen=True)
class Operator:
    """One way to break one step."""

    failures: tuple[str, ...]
    """The failure classes that are right, the most fitting first; empty for a change that breaks nothing."""
    role: str
    """The step that it breaks."""
    apply: Break
    unseen: bool = False
    """Kept apart: no rule, limit or weight was fitted on its traces."""
    loses_evidence: bool = False
    """It works by keeping the evidence from the model: a trace in which the model saw it is not counted."""
    hard: bool = False
    """The trace itself holds the proof: an exception, an empty result, a cut, a dropped document, a format."""
    only: tuple[str, ...] = ()
    """Pipelines for which it is meant; empty: each that has the role."""

    @property
    def name(self) -> str:
        return self.apply.__name__

    @property
    def failure(self) -> str:
        return self.failures[0] if self.failures else "ok"
