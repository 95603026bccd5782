"""What a snapshot may cost, and what it meets on the way."""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Final

MAX_NODES: Final = 10_000
# An event takes up to two snapshots, of a value and of the metadata, and has 20 ms for both.
_MAX_NS: Final = 7_000_000

Encoder = Callable[[Any, "Budget", int], Any]


class Passage:
    """A document inside a snapshot."""

    __slots__ = ("content", "higher_is_better", "id", "metadata", "score", "score_kind")

    def __init__(self, content: str, id: str | None, metadata: dict[str, Any]) -> None:
        """`content` is shared, `metadata` already frozen."""
        self.content = content
        self.id = id
        self.metadata = metadata
        # An integration fills these in where it knows them.
        self.score: float | None = None
        self.higher_is_better: bool | None = None
        self.score_kind = ""


class Budget:
    """What one snapshot may still cost, and what it met on the way."""

    __slots__ = ("bytes", "cut", "deadline", "nodes", "passages", "size")

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes`: characters of text that may be kept."""
        self.bytes = max_bytes
        self.nodes = MAX_NODES
        self.deadline = 0
        self.size = 0
        self.cut = False
        self.passages: list[Passage] | None = None

    def shared(self, value: str) -> str:
        """A long string, itself; cut where the budget ends."""
        kept = len(value)
        if kept > self.bytes:
            self.cut = True
            value = value[: self.bytes]
            kept = self.bytes
        self.bytes -= kept
        self.size += kept
        return value

    def exhausted(self) -> bool:
        """Whether nodes or time are used up; asked once the value has shown to be large."""
        if self.nodes >= 0:
            now = perf_counter_ns()
            if not self.deadline:
                self.deadline = now + _MAX_NS
            if now <= self.deadline:
                return False
            self.nodes = -1
        self.cut = True
        return True
