"""`python -m benchmarks.diagnosis.speed`: time per trace, a batch in two processes, and what a watch costs its host."""

import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from weaklink import open_store
from weaklink.demo.handbook import load_handbook
from weaklink.diagnosis import diagnose
from weaklink.model import Trace
from weaklink.scoring import score_trace
from weaklink.testing import build
from weaklink.watching import Watch

RESULTS = Path(__file__).with_name("speed.md")
PASSAGES = [passage.content for passage in load_handbook()]


def rag(number: int) -> Trace:
    """Retriever, reranker, packing, model, parser over eight passages of the handbook; every third answer is made up."""
    chance = random.Random(number)
    found = chance.sample(PASSAGES, 8)
    kept = found[:4]
    title, _, text = kept[0].partition(": ")
    question = f"What does the handbook say about {title.lower()}, case {number}?"
    answer = (
        text.split(". ")[0] + "."
        if number % 3
        else f"It takes {chance.randint(13, 97)} weeks and costs {number} euros."
    )
    packed = "\n\n".join(kept)
    return build(
        "chain > retriever, reranker, pack:prompt, llm, parser", question, answer, trace_id=number + 1,
        retriever={"input": question, "documents": found},
        reranker={"input": question, "candidates": found, "documents": kept},
        pack={"input": {"context": packed, "question": question}, "output": packed},
        llm={"input": f"{packed}\n\n{question}", "output": answer, "tokens": (900, 40)},
        parser={"input": answer, "output": answer},
    )  # fmt: skip


def agent(number: int, rounds: int = 15) -> Trace:
    """Fifty steps and two: fifteen rounds of planning, a tool and a log, whose messages pile up, and a RAG call at the end."""
    chance = random.Random(number)
    end = rag(number)
    messages = [{"$type": "message", "role": "user", "content": end.question}]
    names: list[str] = []
    fields: dict[str, dict[str, object]] = {}
    for place in range(rounds):
        title, _, text = chance.choice(PASSAGES).partition(": ")
        call = {
            "$type": "message",
            "role": "assistant",
            "content": f"I look up {title}.",
            "tool_calls": [{"name": f"tool{place}", "args": {"topic": title}}],
        }
        fields[f"plan{place}"] = {"input": list(messages), "output": call}
        fields[f"tool{place}"] = {"input": {"topic": title}, "output": text}
        fields[f"log{place}"] = {"input": text, "output": text}
        names += [f"plan{place}:llm", f"tool{place}:tool", f"log{place}:chain"]
        messages += [call, {"$type": "message", "role": "tool", "content": text}]
    for span in end.spans[1:]:
        fields[span.name] = {name: getattr(span, name) for name in ("input", "output", "documents", "candidates")}
        names.append(f"{span.name}:{span.kind}")
    fields["route"] = {"input": end.question, "output": end.question}
    return build(
        f"root:chain > route:chain, {', '.join(names)}", end.question, end.answer, trace_id=number + 1, **fields
    )


def cpu_ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def per_trace(make: Callable[[int], Trace], count: int) -> tuple[int, str, str]:
    """Spans, and CPU of scoring and diagnosing as p50 / p95 in ms, of traces that nobody has looked at before."""
    diagnose(make(10_000_000))  # loads the models
    scoring: list[float] = []
    diagnosing: list[float] = []
    for number in range(count):
        trace = make(number)
        scores: list[object] = []
        scoring.append(cpu_ms(lambda trace=trace, scores=scores: scores.extend(score_trace(trace))))
        diagnosing.append(cpu_ms(lambda trace=trace, scores=scores: diagnose(trace, scores)))  # type: ignore[arg-type]
    return len(make(0).spans), quantiles(scoring), quantiles(diagnosing)


def quantiles(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} / {sorted(values)[int(len(values) * 0.95)]:.1f}"


def batch(count: int, jobs: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "traces.db")
        for start in range(0, count, 500):
            store.write(rag(number) for number in range(start, min(count, start + 500)))
        store.close()
        command = [
            sys.executable,
            "-c",
            "from weaklink.cli.main import main; main()",
            "diagnose",
            "-j",
            str(jobs),
            "--json",
        ]
        before = os.times()
        done = subprocess.run(
            [*command, "--store", str(Path(folder) / "traces.db")], capture_output=True, text=True, check=True
        )
        after = os.times()
        said = json.loads(done.stdout)
        cpu = after.children_user - before.children_user + after.children_system - before.children_system
        verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in said["verdicts"].items())
        return (
            f"{said['diagnosed']:,} of {count:,} traces in {jobs} processes: {said['seconds']:.0f} s by the clock, {cpu:.0f} s of CPU, "
            f"{cpu / count * 1000:.1f} ms of CPU a trace ({verdicts})"
        )


def host(seconds: float) -> list[float]:
    """A host that works for about a millisecond and waits for two, like a chain between calls of a model: times in ms."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        sum(number * number for number in range(12_000))
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.002)
    return times


@contextlib.contextmanager
def in_a_thread(path: Path) -> Iterator[None]:
    with Watch(open_store(path), cpu_share=0.05):
        yield


@contextlib.contextmanager
def beside(path: Path) -> Iterator[None]:
    command = [
        sys.executable,
        "-c",
        "from weaklink.cli.main import main; main()",
        "diagnose",
        "--watch",
        "--cpu-share",
        "0.25",
    ]
    process = subprocess.Popen([*command, "--store", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def host_costs(seconds: float, rounds: int) -> list[str]:
    ways = {"alone": lambda path: contextlib.nullcontext(), "a thread in the process, 5 % of a core": in_a_thread,
            "a process beside, 25 % of a core": beside}  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in ways}
    diagnose(rag(0))
    for place in range(rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "traces.db"
                store = open_store(path)
                store.write(agent(number + 1_000 * place) for number in range(60))
                store.close()
                with way(path):
                    times[name] += host(seconds)
    lines = ["| host | p50 | p95 | p99 | max | n |", "|---|---|---|---|---|---|"]
    for name, found in times.items():
        found.sort()
        at = [found[min(len(found) - 1, int(len(found) * share))] for share in (0.5, 0.95, 0.99)]
        lines.append(
            f"| {name} | {' | '.join(f'{value:.2f} ms' for value in at)} | {found[-1]:.1f} ms | {len(found):,} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis.speed", description=__doc__)
    parser.add_argument("--traces", type=int, default=10_000, help="traces of the batch (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run of the host (default: %(default)s)")
    given = parser.parse_args()
    lines = ["# Speed of the diagnosis", "",
             f"Written by `python -m benchmarks.diagnosis.speed`; Python {platform.python_version()}, {os.cpu_count()} cores, which other "
             f"work shared: load {os.getloadavg()[0]:.0f}. Times are of CPU where nothing else is said.", "",
             "| trace | spans | scoring, p50 / p95 ms | diagnosing, p50 / p95 ms | n |", "|---|---|---|---|---|"]  # fmt: skip
    for name, make, count in (("RAG", rag, 200), ("agent with tools and RAG", agent, 60)):
        spans, scoring, diagnosing = per_trace(make, count)
        lines.append(f"| {name} | {spans} | {scoring} | {diagnosing} | {count} |")
    lines += ["", f"Batch: {batch(given.traces, 2)}.", "", "What `weaklink.watch()` costs a host that computes for a millisecond, "
              "by the clock, while traces of fifty steps wait (a thread shares the interpreter lock, a process does not):", "",
              *host_costs(given.seconds, 3), ""]  # fmt: skip
    RESULTS.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
