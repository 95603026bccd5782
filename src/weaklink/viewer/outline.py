"""The tree of a trace as the script draws it: small enough for a trace of very many steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weaklink.report import Report
from weaklink.store import OutlineStep, TraceSummary

FIRST_STEPS = 300
"""So many steps stand in the page itself, so that it shows some at once; the script fetches the rest."""


def outline_data(steps: Sequence[OutlineStep], report: Report, summary: TraceSummary) -> dict[str, Any]:
    """A list for each step, with its parent as a place in that list, and names and the like as places in `words`."""
    place = {step.id: number for number, step in enumerate(steps)}
    begin = steps[0].start_ns if steps else 0
    words: dict[str, int] = {}

    def word(text: str) -> int:
        return words.setdefault(text, len(words))

    listed: list[list[Any]] = [
        [id_, place.get(parent or "", 0) if number else -1, word(name), word(kind), word(status), start - begin, took, plumbing, tokens]
        for number, (id_, parent, name, kind, status, start, took, plumbing, tokens) in enumerate(steps)
    ]  # fmt: skip
    return {
        "count": max(summary.spans, len(steps)),
        "duration": summary.duration_ns or max((s.start_ns - begin + (s.duration_ns or 0) for s in steps), default=0),
        "steps": listed,
        "words": list(words),
        "rows": {
            row.span.id: [row.role, row.score, row.mark]
            for row in report.steps(everything=True)
            if row.role or row.score is not None or row.mark
        },
    }
