"""The results as one page: tables, a reliability diagram and a risk-coverage curve."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.diagnosis.baselines import BASELINES, right_share
from benchmarks.diagnosis.make import CLEAN, MARKED
from benchmarks.diagnosis.measure import Found, Rates, Result, calibration_error, rates, share
from benchmarks.diagnosis.natural import STAGES, NaturalRates
from benchmarks.overhead.machine import cpu_model
from benchmarks.overhead.table import table

HERE = Path(__file__).parent
_HEAD = ("n", "step", "top 3", "class", "false alarms", "coverage", "ECE")


def per_cent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def cells(found: Rates) -> list[str]:
    ece = "-" if found.ece is None else f"{found.ece:.3f}"
    shares = [found.step, found.three, found.label, found.alarms, found.coverage]
    return [str(found.n), *map(per_cent, shares), ece]


def by(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[key(result)].append(result)
    return dict(sorted(groups.items()))


def rows(groups: Mapping[str, Sequence[Result]]) -> list[list[str]]:
    return [[name, *cells(rates(group))] for name, group in groups.items()]


def is_injected(result: Result) -> bool:
    return result.case.pipeline != "log"


def page(
    results: Sequence[Result],
    found: Sequence[Found],
    left_out: Sequence[Result],
    free: Sequence[Result],
    natural: Mapping[str, NaturalRates],
    times: Sequence[float],
) -> str:
    """The whole page. `left_out` are diagnoses by models that never saw the pipeline of the trace; `free` those of answers in own words."""
    injected = [result for result in results if is_injected(result)]
    unseen = [result for result in injected if result.case.unseen]
    single = [result for result in unseen if len(result.case.operators) == 1]
    fitted = [result for result in injected if not result.case.unseen and len(result.case.operators) == 1]
    kept = [item for item in found if item[0].unseen and item[0].pipeline != "log"]
    people = [result for result in results if not is_injected(result) and result.case.unseen]
    spans = [len(trace.spans) for _, trace, _ in found]
    parts = [
        "# Is the named step the right one?",
        f"Written by `python -m benchmarks.diagnosis` on {time.strftime('%Y-%m-%d')}, {cpu_model()}. "
        "Broken: the named step is one that was broken; class: its failure class is right too; false alarms: healthy traces in "
        "which a step was named; coverage: traces with a verdict other than `unknown`; ECE: expected calibration error, ten bins. "
        "Step and class are shares of the broken traces with a verdict.",
        "## Injected faults",
        "Real LangChain and LlamaIndex pipelines over ClapNQ, RAGTruth QA and the demo's handbook, broken in one step, in two (the "
        "earliest counts) or not at all. Operators and questions of the lower rows were never used to fit a weight.",
        table(("traces", *_HEAD), [
            ["used for fitting", *cells(rates([r for r in injected if not r.case.unseen]))],
            ["kept apart", *cells(rates(unseen))],
            ["kept apart, one fault or none", *cells(rates(single))],
            ["kept apart, proof in the trace", *cells(rates([r for r in single if r.case.hard]))],
            ["kept apart, two faults", *cells(rates([r for r in unseen if len(r.case.operators) > 1]))],
        ]),
        f"Leave one pipeline out (weights fitted without any trace of the pipeline that is judged; operators kept apart): "
        f"ECE {calibration_error([(r.confidence, r.right_step) for r in left_out if r.decided]) or 0:.3f}, "
        f"n={sum(r.decided for r in left_out)}.",
        f"`weaklink.diagnose` on scored traces: {median(times):.1f} ms of processor time (median; most {max(times):.0f}, n={len(times)}; "
        f"spans per trace: median {median(spans):.0f}, most {max(spans)}).",
        "![Reliability](reliability.svg) ![Risk and coverage](risk_coverage.svg)",
        "### Beside trivial answers",
        table(("blames", "right step", "healthy traces blamed"), [
            [
                "weaklink (unknown counts as wrong)",
                per_cent(share(r.right_step and r.decided for r in unseen if not r.case.healthy)),
                per_cent(rates(unseen).alarms),
            ],
            *[[baseline.__name__.replace("_", " "), *map(per_cent, right_share(baseline, kept))] for baseline in BASELINES],
        ]),
        "### By framework and pipeline (kept apart)",
        table(("pipeline", *_HEAD), rows(by(unseen, lambda r: f"{r.case.framework} {r.case.pipeline}"))),
        "### By corpus (kept apart)",
        table(("corpus", *_HEAD), rows(by(unseen, lambda r: r.case.corpus))),
        "### By operator (kept apart)",
        table(("failure class, operator", *_HEAD), rows(by(single, _operator))),
        "### By operator (used for fitting)",
        table(("failure class, operator", *_HEAD), rows(by(fitted, _operator))),
        "## Answers of real models, read by people",
        "RAGTruth QA answers as logs: marked, where people found something that the passages do not say, and clean. The questions "
        "were not used to fit the diagnosis; the groundedness score was fitted on this set. A marked answer is often wrong in half a "
        "sentence, which no lexical score sees.",
        table(("answers", *_HEAD), rows({
            name: [r for r in people if r.case.operators == (name,)] for name in (MARKED, CLEAN)
        })),
    ]  # fmt: skip
    parts += [*_own_words(free), *_natural(natural)]
    return "\n\n".join(parts) + "\n"


def _operator(result: Result) -> str:
    return f"{result.case.failures[0] if result.case.failures else 'healthy'}: {result.case.operators[0].replace('_', ' ')}"


def _own_words(found: Sequence[Result]) -> list[str]:
    apart = [result for result in found if result.case.unseen]
    groups = {
        "used for fitting": [result for result in found if not result.case.unseen],
        "kept apart": apart,
        "kept apart, as pipelines": [result for result in apart if is_injected(result)],
        "kept apart, as logs": [result for result in apart if not is_injected(result)],
    }
    return [
        "## Answers in a model's own words",
        "The same pipelines and faults over short passages of many kinds, in five languages, with answers as large models put them: "
        "reworded, summed up, converted, with leads and offers. Half of the questions, and the same operators as above, were never "
        "used to fit a weight. The rules were written with these programs in view.",
        table(("traces", *_HEAD), rows(groups)),
    ]


def _natural(found: Mapping[str, NaturalRates]) -> list[str]:
    head = ("by gold", *STAGES, "unknown")
    apart = found["kept apart"]
    body = [[true, *[str(apart.confusion.get((true, named), 0)) for named in (*STAGES, "unknown")]] for true in STAGES]
    return [
        "## Failures that nobody injected",
        "SmolLM2-135M over ClapNQ, RAGTruth QA and the handbook, each question in set-ups that differ in k, chunks, embedding, corpus, "
        "reranker and budget. Where it broke is told from the gold passage and the gold answer alone; the diagnosis sees neither. Half "
        "of the questions were never used to fit a weight.",
        table(
            ("questions", "n", "right stage", "coverage", "of all", "best constant", "the surest 25 / 50 / 60 / 75 %"),
            [
                [
                    name, str(rate.n), per_cent(rate.right), per_cent(rate.coverage), per_cent(rate.right_of_all),
                    f"{rate.constant}: {per_cent(rate.constant_right)}", " / ".join(per_cent(right) for _, right in rate.at_coverage),
                ]
                for name, rate in found.items()
            ],
        ),
        "Right stage: of the traces with a verdict; of all: unknown counts as wrong; the surest: right stages among the surest verdicts, "
        "by their share of all traces, as far as there are so many.",
        "Verdicts on the questions kept apart:",
        table(head, body),
    ]  # fmt: skip


def reliability(results: Sequence[Result], bins: int = 10) -> str:
    """Claimed confidence against the share that was right, in bins of equal size, as SVG."""
    pairs = sorted((r.confidence, r.right_step) for r in results if r.decided)
    points: list[tuple[float, float, int]] = []
    for number in range(bins):
        part = pairs[len(pairs) * number // bins : len(pairs) * (number + 1) // bins]
        if part:
            points.append((sum(p for p, _ in part) / len(part), sum(right for _, right in part) / len(part), len(part)))
    dots = "".join(
        f'<circle cx="{40 + 240 * x:.1f}" cy="{260 - 240 * y:.1f}" r="5" fill="#1f6feb">'
        f"<title>claimed {x:.2f}, right {y:.2f}, n={n}</title></circle>"
        for x, y, n in points
    )
    line = '<line x1="40" y1="260" x2="280" y2="20" stroke="#999" stroke-dasharray="4"/>'
    return _chart("Reliability: claimed against right", "confidence", "share right", line + dots)


def risk_coverage(results: Sequence[Result]) -> str:
    """The share of wrong verdicts among the surest, by how many are given, as SVG (El-Yaniv and Wiener, 2010)."""
    ordered = sorted((r for r in results if r.decided), key=lambda r: -r.confidence)
    wrong, points = 0, []
    for number, result in enumerate(ordered, start=1):
        wrong += not result.right_step
        points.append((number / max(1, len(results)), wrong / number))
    path = " ".join(f"{40 + 240 * x:.1f},{260 - 240 * min(1.0, 4 * y):.1f}" for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="#1f6feb" stroke-width="2"/>'
    return _chart("Risk and coverage", "share of traces with a verdict", "share wrong (full height: 25 %)", line)


def _chart(title: str, x: str, y: str, inside: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="310" font-family="sans-serif" font-size="11">'
        '<rect width="320" height="310" fill="white"/><rect x="40" y="20" width="240" height="240" fill="none" stroke="#ccc"/>'
        f'<text x="40" y="14" font-weight="bold">{title}</text><text x="160" y="290" text-anchor="middle">{x}</text>'
        f'<text x="14" y="140" transform="rotate(-90 14 140)" text-anchor="middle">{y}</text>'
        '<text x="40" y="274">0</text><text x="274" y="274">1</text>'
        f"{inside}</svg>\n"
    )
