"""The results as markdown: what the terminal shows and what --markdown writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.overhead.bounds import Verdict
from benchmarks.overhead.machine import Machine
from benchmarks.overhead.memory import Burst, Soak
from benchmarks.overhead.result import Result
from benchmarks.overhead.summary import Arrived, Row
from benchmarks.overhead.table import number, spread, table
from benchmarks.overhead.timing import Timing

READING = """\
Figures are medians over the rounds with [lowest-highest]. Contenders take turns within a round, and ratios and
differences (`x none`, `added`) are taken against `none` in the same round. CPU is that of the whole process, background
threads included, to the end of the flush; it is the figure to quote. Wall times are shown for the first token and for
the flush, and say little on a busy machine. A run is a step that the framework reports; a span is what a contender
stores of it; bytes are those on disk, or those sent (compressed as the contender does)."""

WHAT: dict[str, str] = {
    "hooks": "the callbacks of a RAG call alone; caller is CPU of the calling thread, per run, median of the calls",
    "invoke": "a RAG call: retrieve, pack, prompt, generate, parse",
    "async50": "the same call, 50 at once through asyncio.gather",
    "stream": "the same call, streamed in 200 chunks",
    "batch": "the same call through LangChain's thread pool",
    "agent": "a LangGraph agent that calls a tool three times",
    "agent30": "one that calls it 30 times: each of its steps is given a history of up to 61 messages",
    "spans": "what LlamaIndex reports of a query alone; caller is CPU of the calling thread, per span of LlamaIndex",
    "query": "a RetrieverQueryEngine query",
}


def head(machine: Machine, framework: str) -> str:
    """What was measured where."""
    return f"# What tracing costs: {framework}\n\n{machine.line()}.\n\n{READING}"


def lost(arrived: Arrived | None) -> tuple[str, str, str]:
    """Recorded, lost, unended."""
    if arrived is None:
        return ("-", "-", "-")
    return (number(arrived.recorded), number(arrived.lost), number(arrived.unended))


def cells(row: Row, workload: str) -> list[str]:
    """One line of a timing table."""
    is_replay = workload in ("hooks", "spans")
    third = row.per_run(row.added_call_us) if is_replay else row.added_first_us
    return [
        row.contender,
        spread(row.cpu_us),
        spread(row.x_cpu, 2),
        spread(row.per_run(row.added_cpu_us), 1),
        *([spread(third, 1 if is_replay else 0)] if is_replay or workload == "stream" else []),
        spread(row.flush_ms, 1),
        number(row.spans_per_call, 1),
        *lost(row.arrived),
        number(row.arrived.bytes_per_span if row.arrived else None),
    ]


EXTRA = {
    "hooks": ["added caller us/run"],
    "spans": ["added caller us/run"],
    "stream": ["added to first token, wall us"],
}


def timing(of: Timing) -> str:
    """The table of one workload."""
    columns = ["contender", "CPU us/call", "x none", "added CPU us/run", *EXTRA.get(of.workload, []), "flush ms"]
    columns += ["spans/call", "recorded", "lost", "unended", "bytes/span"]
    runs = next((row.runs_per_call for row in of.rows if row.runs_per_call), None)
    about = f"{of.rounds} rounds of n = {of.calls} calls{f' of {runs} runs' if runs else ''}"
    load = f"load {of.load[0]:.1f} to {of.load[1]:.1f}"
    body = table(columns, [cells(row, of.workload) for row in of.rows])
    return f"## {of.workload}\n\n{WHAT.get(of.workload, '')}; {about}; {load}\n\n{body}"


def bursts(of: Sequence[Burst]) -> str:
    """The table of the burst."""
    base = next((burst for burst in of if burst.contender == "none"), None)
    columns = ["contender", "CPU us/call", "x none", "wall s", "flush s", "spans/call", "expected", "recorded", "lost"]
    columns += ["unended", "peak RSS MB", "RSS before MB"]
    rows = [
        [
            burst.contender,
            number(burst.cpu_us),
            number(burst.cpu_us / base.cpu_us if base else None, 2),
            number(burst.wall_s, 1),
            number(burst.flush_s, 2),
            number(burst.spans_per_call, 1),
            number(burst.arrived.expected if burst.arrived else None),
            *lost(burst.arrived),
            number(burst.peak_mb),
            number(burst.rss_before_mb),
        ]
        for burst in of
    ]
    about = f"one asyncio.gather of n = {of[0].calls:,} calls, a fresh process each, 1 round"
    return f"## burst\n\n{about}\n\n{table(columns, rows)}"


def soaks(of: Sequence[Soak]) -> str:
    """The table of the soak. A contender that ran out of time has dashes."""
    marks = [mark.calls for mark in max((soak.marks for soak in of), key=len)]
    columns = ["contender", *(f"RSS MB at {mark:,}" for mark in marks), "growth kB/call", "peak MB", "s"]
    columns += ["recorded", "lost", "unended"]
    rows: list[list[str]] = []
    for soak in of:
        rss = {mark.calls: mark.rss_mb for mark in soak.marks}
        last = soak.marks[-1]
        middle = [number(rss.get(mark)) for mark in marks]
        growth = number(soak.growth_kb_per_call, 2)
        rows.append(
            [soak.contender, *middle, growth, number(last.peak_mb), number(last.elapsed_s), *lost(soak.arrived)]
        )
    about = "one call after the other, a fresh process each, 1 round; RSS after a flush and a garbage collection"
    return f"## soak\n\n{about}; growth is taken from the first mark to the last\n\n{table(columns, rows)}"


def bounds(verdicts: Iterable[Verdict]) -> str:
    """One line for each bound."""
    rows = [[v.name, v.workload, spread(v.measured, 2), number(v.limit, 2), v.unit, v.status] for v in verdicts]
    return "## bounds of weaklink\n\n" + table(["bound", "workload", "measured", "limit", "unit", "verdict"], rows)


def whole(result: Result, verdicts: Sequence[Verdict]) -> str:
    """The file that --markdown writes."""
    parts = [head(result.machine, result.framework), *map(timing, result.timings)]
    parts += [bursts(result.bursts)] if result.bursts else []
    parts += [soaks(result.soaks)] if result.soaks else []
    parts += [bounds(verdicts)] if verdicts else []
    return "\n\n".join(parts) + f"\n\nWritten by `{result.command}`; do not edit.\n"
