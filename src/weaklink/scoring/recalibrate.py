"""Fits scores to what you know of your own answers: a few labels make probabilities of them again."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weaklink.errors import WeaklinkError

_PULL = 2.0
"""How hard the fit holds on to the scores as they are: as much as two labels."""
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Calibration:
    """A correction of scores, on the scale of log odds: slope times the score's, plus intercept."""

    slope: float = 1.0
    intercept: float = 0.0
    labels: int = 0
    """How many labels it was fitted on."""

    def __call__(self, value: float) -> float:
        """The corrected value, 0..1; a higher one never becomes the lower one."""
        return 1 / (1 + math.exp(-(self.slope * _odds(value) + self.intercept)))


def recalibrate(values: Sequence[float], labels: Sequence[bool]) -> Calibration:
    """A correction that fits `labels`: True where a person found the thing scored to be good.

    Scores rank well on other documents than those of the fit, and are wrong as probabilities there: an ECE of .08 to .44
    was measured. Ten labels of each kind help, fifty are good. Platt (1999), pulled towards no correction, so that few
    labels change little; the order of scores stays.

    Raises WeaklinkError where the lengths differ or a value is no probability.
    """
    if len(values) != len(labels):
        raise WeaklinkError(
            f"cannot recalibrate: {len(values)} values and {len(labels)} labels; give one label per value"
        )
    if any(not 0 <= value <= 1 for value in values):
        raise WeaklinkError("cannot recalibrate: a value is not between 0 and 1; give values as scorers return them")
    odds = [_odds(value) for value in values]
    slope, intercept = 1.0, 0.0
    for _ in range(_STEPS):
        slope, intercept = _newton(slope, intercept, odds, labels)
    return Calibration(slope, intercept, len(labels))


def _newton(slope: float, intercept: float, odds: Sequence[float], labels: Sequence[bool]) -> tuple[float, float]:
    """One step of Newton's method on the penalised log loss; the slope stays above 0."""
    by_slope, by_intercept = _PULL * (slope - 1), _PULL * 0.1 * intercept
    second = [_PULL, 0.0, _PULL * 0.1]
    for x, label in zip(odds, labels, strict=True):
        share = 1 / (1 + math.exp(-max(min(slope * x + intercept, 30.0), -30.0)))
        gap, curve = share - label, share * (1 - share)
        by_slope += gap * x
        by_intercept += gap
        second = [second[0] + curve * x * x, second[1] + curve * x, second[2] + curve]
    determinant = second[0] * second[2] - second[1] ** 2
    step_slope = (second[2] * by_slope - second[1] * by_intercept) / determinant
    step_intercept = (second[0] * by_intercept - second[1] * by_slope) / determinant
    return max(slope - max(min(step_slope, 1.0), -1.0), 0.05), intercept - max(min(step_intercept, 2.0), -2.0)


def _odds(value: float) -> float:
    bounded = min(max(value, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))
