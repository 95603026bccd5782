"""What the README says of the cost of tracing is what was measured."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUOTED = ("weaklink", "noop", "openinference-otlp", "openllmetry-otlp", "langfuse", "langsmith")
WORKLOADS = ("invoke", "async50", "stream", "batch", "agent", "agent30")
NAMES = {"noop": "a handler that does nothing", "weaklink": "**Weaklink**"}
HEAD = "| CPU, times untraced | RAG call | 50 at once | streamed | batch | agent | long agent |"


def table(results: str) -> str:
    """The README's table, made of the medians in a results file."""
    medians: dict[str, dict[str, str]] = {}
    for section in results.split("\n## ")[1:]:
        rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
        if section.split("\n", 1)[0] in WORKLOADS:
            column = [cell.strip() for cell in rows[0]].index("x none")
            medians[section.split("\n", 1)[0]] = {row[0].strip(): row[column].split()[0] for row in rows[2:]}
    lines = [HEAD, "|---|" + "---:|" * len(WORKLOADS)]
    for contender in QUOTED:
        cells = [medians.get(workload, {}).get(contender, "-") for workload in WORKLOADS]
        lines.append(f"| {NAMES.get(contender, contender)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_readme_quotes_what_was_measured():
    results = (ROOT / "benchmarks" / "overhead" / "results.md").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    assert table(results) in readme
    assert re.search(r"^## invoke$", results, re.MULTILINE)
