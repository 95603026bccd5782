"""What scoring would cost, said before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of a model, and the tokens of all of them. Costs add up: `sum(costs, Cost())`."""

    calls: int = 0
    """How often a model would be called."""
    input_tokens: int = 0
    """Tokens that would be sent, about."""
    output_tokens: int = 0
    """Tokens that would be written, about."""
    seconds: float | None = 0.0
    """How long it would take, one call after the other; None where nobody knows yet how long a call takes."""

    def __add__(self, other: Cost) -> Cost:
        """Both together; the time is known where both are."""
        known = self.seconds is not None and other.seconds is not None
        return Cost(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            (self.seconds or 0.0) + (other.seconds or 0.0) if known else None,
        )
