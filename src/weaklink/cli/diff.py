"""`weaklink diff`: two traces step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklink.cli.options import JsonOption, StoreOption, WidthOption

if TYPE_CHECKING:
    from weaklink.report.comparison import Comparison, StepChange
    from weaklink.report.view import Report
    from weaklink.store import Store


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The earlier trace: its id, or the end of it, or last.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The later one.")],
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Also the framework's own steps, and whole prompts.")
    ] = False,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two traces step by step: passages lost, gained, moved; prompts, scores and verdicts that changed.

    \b
    weaklink diff 2d882b93 last        what the newest run did otherwise
    """
    from weaklink.cli.finding import reading
    from weaklink.cli.screen import look, show_block, show_json, waiting
    from weaklink.report.comparison import compare
    from weaklink.report.text.difference import difference_block

    opened = reading(store)
    with waiting("scoring and diagnosing"):
        comparison = compare(_report(opened, before), _report(opened, after), everything=everything)
    if as_json:
        show_json(_data(comparison))
        return
    drawn = look(width, everything=everything)
    show_block(difference_block(comparison, drawn), drawn)


def _report(store: Store, wanted: str) -> Report:
    from weaklink.cli.finding import find_trace
    from weaklink.examine import examine
    from weaklink.report.view import report_of

    examined = examine(find_trace(store, wanted), store)
    return report_of(examined.trace, examined.scores, examined.diagnosis)


def _data(comparison: Comparison) -> dict[str, Any]:
    return {
        "before": _top(comparison.first),
        "after": _top(comparison.second),
        "changes": [_change(change) for change in comparison.changes],
        "unchanged": len(comparison.steps) - len(comparison.changes),
    }


def _top(report: Report) -> dict[str, Any]:
    diagnosis = report.diagnosis
    return {
        "id": report.trace.id,
        "question": report.trace.question,
        "answer": report.trace.answer,
        "verdict": diagnosis.verdict if diagnosis else None,
        "culprit": diagnosis.culprit.model_dump(mode="json") if diagnosis and diagnosis.culprit else None,
        "failure": diagnosis.failure if diagnosis else None,
    }


def _change(change: StepChange) -> dict[str, Any]:
    return {
        "name": change.row.span.name,
        "does": change.row.word,
        "before": change.first.span.id if change.first else None,
        "after": change.second.span.id if change.second else None,
        "status": list(change.statuses),
        "passages": [
            {
                "id": passage.document.id,
                "source": passage.document.source,
                "before": passage.before,
                "after": passage.after,
            }
            for passage in change.passages
        ],
        "scores": [{"name": name, "before": old, "after": new} for name, old, new in change.scores],
        "template": list(change.template),
        "prompt": list(change.prompt),
        "model": list(change.model) if change.model else None,
        "output": list(change.output) if change.output else None,
    }
