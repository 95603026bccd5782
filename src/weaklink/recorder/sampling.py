"""Which traces are stored, where not all are: a share of them, and each in which a step failed."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from weaklink.recorder.open_span import OpenSpan
from weaklink.recorder.records import Record, StatusChange

_MOST_HELD: Final = 20_000
_MOST_HELD_BYTES: Final = 16 * 1_048_576
_HELD_S: Final = 60.0
_DECIDED: Final = 8_192
_BITS: Final = 32


class Sampler:
    """Sorts records by the trace they belong to. What does not belong to the share waits for its root, which decides."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`rate` is the share of traces to store whatever becomes of them; the same ones in each process."""
        self._below = int(rate * (1 << _BITS))
        self._clock = clock
        self._held: OrderedDict[int, list[Record]] = OrderedDict()
        self._since: dict[int, float] = {}
        self._decided: OrderedDict[int, bool] = OrderedDict()
        self.held = 0
        """How many records wait for the end of their trace."""
        self._bytes = 0

    def sort(self, records: list[Record]) -> tuple[list[Record], int]:
        """Those to be stored now, and how many are left out for good."""
        chosen: list[Record] = []
        left_out = 0
        for record in records:
            key = record.trace_key if isinstance(record, StatusChange) else _span(record).trace.key
            is_stored = True if key & ((1 << _BITS) - 1) < self._below else self._decided.get(key)
            if is_stored is None:
                self._hold(key, record)
                if isinstance(record, OpenSpan) and record.parent is None:
                    waiting = self._let_go(key)
                    is_stored = self._decide(key, any(map(_is_of_a_failure, waiting)))
                    chosen += waiting if is_stored else ()
                    left_out += 0 if is_stored else len(waiting)
            elif is_stored:
                chosen.append(record)
            else:
                left_out += 1
        return chosen + self._overdue(), left_out

    def release(self) -> list[Record]:
        """All that waits, to be stored: nobody will wait any longer."""
        return [record for key in list(self._held) for record in self._stored(key)]

    def _overdue(self) -> list[Record]:
        """What has waited too long: a chain that takes minutes, or one whose root was lost."""
        found: list[Record] = []
        while self._held:
            oldest = next(iter(self._held))
            fits = self.held <= _MOST_HELD and self._bytes <= _MOST_HELD_BYTES
            if fits and self._clock() - self._since[oldest] < _HELD_S:
                break
            found += self._stored(oldest)
        return found

    def _stored(self, key: int) -> list[Record]:
        self._decide(key, True)
        return self._let_go(key)

    def _hold(self, key: int, record: Record) -> None:
        if key not in self._held:
            self._held[key] = []
            self._since[key] = self._clock()
        self._held[key].append(record)
        self.held += 1
        self._bytes += _size(record)

    def _let_go(self, key: int) -> list[Record]:
        waiting = self._held.pop(key)
        del self._since[key]
        self.held -= len(waiting)
        self._bytes -= sum(map(_size, waiting))
        return waiting

    def _decide(self, key: int, is_stored: bool) -> bool:
        self._decided[key] = is_stored  # for what comes late
        if len(self._decided) > _DECIDED:
            self._decided.popitem(last=False)
        return is_stored


def _span(record: Record) -> OpenSpan:
    return record if isinstance(record, OpenSpan) else record.span  # type: ignore[union-attr]


def _size(record: Record) -> int:
    return record.size if isinstance(record, OpenSpan) else 0


def _is_of_a_failure(record: Record) -> bool:
    return isinstance(record, OpenSpan) and (record.error is not None or record.status in ("error", "incomplete"))
