"""Writes docs/failure-classes.md: each failure class with what it means and a real trace in which it was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.diagnosis.measure import Found
from weaklink.diagnosis import RULES, diagnose
from weaklink.diagnosis.probe import missed
from weaklink.model import Diagnosis, Trace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "failure-classes.md"
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Any step", ("hard", "calls")),
    ("Rewriting the question", ("query",)),
    ("Index", ("index",)),
    ("Retriever", ("retrieval", "probe")),
    ("Reranker and filter", ("ranking",)),
    ("Packing the prompt", ("packing",)),
    ("Model", ("generation", "off_question")),
    ("Parser", ("parsing",)),
    ("Agents and tools", ("agent", "routing", "invented")),
)
_INTRO = """# Failure classes

Every class is one rule: a function of that name in `src/weaklink/diagnosis`, with its limits in `Limits`. The examples are traces of
the diagnosis benchmark over the demo's handbook, as `weaklink show` would put them; `python -m benchmarks.diagnosis docs` writes this
page. Of several suspects the earliest that lost what the next step needed is the weak link, and probabilities come from labelled traces
(`weights/probabilities.json`). How often the named step is the right one stands in
[benchmarks/diagnosis/results.md](../benchmarks/diagnosis/results.md).

Most rules look at what the answer shows before they speak: a passage that was dropped, cut or doubled breaks nothing where the answer is
grounded all the same. `off_topic` and `missing_content` say that something is lacking; where another class says why, it goes first."""


def page(found: Sequence[Found]) -> str:
    """The whole page; examples come from the demo's handbook, which may be quoted."""
    examples: dict[str, tuple[Trace, Diagnosis]] = {}
    for case, trace, scores in sorted(found, key=lambda item: len(item[1].spans)):
        if case.corpus != "handbook" or case.healthy or len(case.operators) > 1 or case.failures[0] in examples:
            continue
        diagnosis = diagnose(trace, scores)
        if diagnosis.failure == case.failures[0] and diagnosis.culprit and diagnosis.culprit.span_id in case.culprits:
            examples[case.failures[0]] = trace, diagnosis
    parts = [_INTRO]
    rules = [*RULES, missed]
    for title, modules in _GROUPS:
        parts.append(f"## {title}")
        for rule in rules:
            if rule.__module__.rpartition(".")[2] in modules:
                parts.append(_section(rule.__name__, (rule.__doc__ or "").strip(), examples.get(rule.__name__)))
    return "\n\n".join(parts) + "\n"


def _section(name: str, says: str, example: tuple[Trace, Diagnosis] | None) -> str:
    lines = [f"### `{name}`", "", " ".join(says.split())]
    if example is not None:
        trace, diagnosis = example
        lines += [
            "",
            f"Asked: “{trace.question}”. Answered: “{_short(trace.answer)}”",
            "",
            "```",
            str(diagnosis),
            "```",
        ]
    return "\n".join(lines)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 160 else flat[:159] + "…"
