"""All that one run of the benchmark found: plain data, written as JSON, rendered as markdown."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.overhead.machine import Machine
from benchmarks.overhead.memory import Burst, Soak
from benchmarks.overhead.timing import Timing


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one framework."""

    framework: str
    machine: Machine
    command: str = ""
    """What was typed."""
    timings: tuple[Timing, ...] = ()
    bursts: tuple[Burst, ...] = ()
    soaks: tuple[Soak, ...] = ()

    def timing(self, workload: str) -> Timing | None:
        """The table of one workload."""
        return next((timing for timing in self.timings if timing.workload == workload), None)
