"""What one block of calls cost one contender, measured inside its process."""

from __future__ import annotations

import gc
import os
import time
from dataclasses import dataclass

from benchmarks.overhead.contender import Tracing
from benchmarks.overhead.frameworks import Work
from benchmarks.overhead.summary import quantile


@dataclass(frozen=True, slots=True)
class Sample:
    """Microseconds per call, unless the name says otherwise."""

    calls: int
    call_us: float
    """Median of the calls: wall time, but CPU of the calling thread in `hooks`."""
    p10_us: float
    """10th percentile of the same."""
    thread_us: float
    """CPU of the calling thread for the whole block, mean."""
    cpu_us: float
    """CPU of the process, background threads included, to the end of the flush."""
    wall_us: float
    flush_ms: float
    first_us: float | None
    """Wall time to the first token (lower quartile), where the workload streams."""
    load: float
    """Load average of the machine."""


def measure(work: Work, tracing: Tracing, workload: str, calls: int) -> Sample:
    """Runs one block and flushes, from a fresh garbage collection.

    Without that, a full collection (70 ms: a LangChain program holds 120,000 objects) falls into a block of 200 ms now
    and then, whoever allocated. Within the block the collector works as ever.
    """
    gc.collect()
    cpu, thread, wall = time.process_time(), time.thread_time(), time.perf_counter()
    took = work.run(workload, calls, tracing.config)
    thread_end, wall_end = time.thread_time(), time.perf_counter()
    tracing.flush()
    flushed, cpu_end = time.perf_counter(), time.process_time()
    each_us = 1e6 / calls
    return Sample(
        calls=calls,
        call_us=quantile(took.each, 0.5) * 1e6,
        p10_us=quantile(took.each, 0.1) * 1e6,
        thread_us=(thread_end - thread) * each_us,
        cpu_us=(cpu_end - cpu) * each_us,
        wall_us=(wall_end - wall) * each_us,
        flush_ms=(flushed - wall_end) * 1e3,
        first_us=quantile(took.first, 0.25) * 1e6 if took.first else None,
        load=os.getloadavg()[0],
    )
