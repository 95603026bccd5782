"""A plain function as a scorer."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from typing import Any, cast

from weaklink.errors import WeaklinkError
from weaklink.model import Score, Trace

ScoringFunction = Callable[[Trace], Any]
"""Takes a trace and gives a number from 0 (bad) to 1 (good), True or False, None where it cannot judge, a pair of that and
the reason, or a `Score` or a list of them, which may point to any step."""

_EXAMPLE = "def politeness(trace): return 1.0 if 'please' in trace.answer else 0.0"


class FunctionScorer:
    """Scores with a function. What the function gives without naming a step is a score of the whole call (the root)."""

    def __init__(self, function: ScoringFunction, name: str = "") -> None:
        """`name` is by default the function's own.

        The version is made of the function's source, so that scores of an older one are known to be out of date.
        """
        self._function = function
        self.name = name or getattr(function, "__name__", "") or type(function).__name__
        self.version = f"function:{self.name}/{_fingerprint(function)}"

    def score(self, trace: Trace) -> list[Score]:
        """What the function says. Raises WeaklinkError where that is no score."""
        given = self._function(trace)
        if isinstance(given, Score):
            return [self._named(given)]
        if isinstance(given, list):
            return [self._named(one) for one in cast(list[Any], given)]
        value, reason = _pair(given)
        if value is None:
            return [Score.unscored(trace.root.id, self.name, reason or "it cannot judge this", scorer=self.version)]
        number = self._number(value)
        return [Score(span_id=trace.root.id, name=self.name, value=number, reason=reason, scorer=self.version)]

    def _named(self, score: Any) -> Score:
        if not isinstance(score, Score):
            raise self._wrong(score)
        return score.model_copy(update={"name": self.name, "scorer": self.version})

    def _number(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise self._wrong(value) from None
        if not 0.0 <= number <= 1.0:
            raise self._wrong(value)
        return number

    def _wrong(self, given: Any) -> WeaklinkError:
        shown = f"{given!r:.80}" if isinstance(given, int | float | str) else f"a {type(given).__name__}"
        return WeaklinkError(
            f"{self.name} gave {shown}, and a score is a number from 0 to 1, or None with a reason; write it like: {_EXAMPLE}"
        )


def _pair(given: Any) -> tuple[Any, str]:
    """Value and reason."""
    if type(given) is tuple and len(cast(tuple[Any, ...], given)) == 2:
        value, reason = cast(tuple[Any, Any], given)
        return value, str(reason)
    return cast(Any, given), ""


def _fingerprint(function: Any) -> str:
    """Eight hex digits of the function's source; of its name where the source is not to be had."""
    defined = cast(Any, function if hasattr(function, "__qualname__") else type(function))
    try:
        source = inspect.getsource(defined)
    except (OSError, TypeError):
        source = f"{defined.__module__}.{defined.__qualname__}"
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def is_scoring_function(found: Any) -> bool:
    """Whether `found` can be called with a trace alone."""
    if not callable(found) or isinstance(found, type):
        return False
    try:
        inspect.signature(found).bind(None)
    except (TypeError, ValueError):
        return False
    return True
