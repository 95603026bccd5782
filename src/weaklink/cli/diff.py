"""`weaklink diff`: two traces step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weaklink.cli.options import JsonOption, StoreOption, WidthOption

if TYPE_CHECKING:
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
    from weaklink.report.json import comparison_data
    from weaklink.report.text.difference import difference_block

    opened = reading(store)
    with waiting("scoring and diagnosing"):
        comparison = compare(_report(opened, before), _report(opened, after), everything=everything)
    if as_json:
        show_json(comparison_data(comparison))
        return
    drawn = look(width, everything=everything)
    show_block(difference_block(comparison, drawn), drawn)


def _report(store: Store, wanted: str) -> Report:
    from weaklink.cli.finding import find_trace
    from weaklink.examine import examine
    from weaklink.report.view import report_of

    examined = examine(find_trace(store, wanted), store)
    return report_of(examined.trace, examined.scores, examined.diagnosis)
