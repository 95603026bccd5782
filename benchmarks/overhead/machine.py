"""Where the numbers come from: machine, Python, versions. Stands above every table."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.overhead.contender import Contender, installed


@dataclass(frozen=True, slots=True)
class Machine:
    """What a reader needs to compare the numbers with their own."""

    date: str
    cpu: str
    cores: int
    memory_gb: float
    system: str
    python: str
    packages: dict[str, str]

    def line(self) -> str:
        """One sentence for the head of a report."""
        versions = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return (
            f"{self.date}, {self.cores} cores ({self.cpu}), {self.memory_gb:.0f} GB, {self.system}, "
            f"Python {self.python}; {versions}"
        )


def cpu_model() -> str:
    """As Linux names it, else as Python does."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def this_machine(contenders: Iterable[Contender], packages: Iterable[str]) -> Machine:
    """Describes this machine and the versions of what was measured."""
    names = [*packages, *(package for contender in contenders for package in contender.packages)]
    versions = {name: found for name in dict.fromkeys(names) if (found := installed(name))}
    return Machine(
        date=time.strftime("%Y-%m-%d"),
        cpu=cpu_model(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=psutil.virtual_memory().total / 2**30,
        system=platform.system(),
        python=platform.python_version(),
        packages=versions,
    )
