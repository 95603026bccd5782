"""A logarithmic or linear axis of a chart: from values to places, with round ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Axis(NamedTuple):
    """Maps `low`..`high` to `begin`..`end` in units of the drawing."""

    low: float
    high: float
    begin: float
    end: float
    is_log: bool

    @classmethod
    def around(cls, values: Sequence[float], begin: float, end: float, *, is_log: bool = False) -> Axis:
        """Wide enough for all values, which are positive on a logarithmic axis."""
        low, high = min(values), max(values)
        if is_log:
            return cls(low / 1.3, high * 1.3, begin, end, is_log)
        room = max((high - low) * 0.08, 0.005)
        return cls(low - room, high + room, begin, end, is_log)

    def place(self, value: float) -> float:
        """Where a value lies; beyond the ends it lies at the end."""
        value = min(max(value, self.low), self.high)
        if self.is_log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """Round values within the axis, about four to eight."""
        if self.is_log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            fine = [digit * 10.0**decade for decade in decades for digit in (1, 2, 5)]
            inside = [tick for tick in fine if self.low <= tick <= self.high]
            return inside if len(inside) <= 8 else [tick for tick in inside if f"{tick:e}".startswith("1.0")]
        rough = (self.high - self.low) / 5
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step) + 1)]
