"""`weaklink show`: one trace, step by step."""

from __future__ import annotations

from typing import Annotated

import typer

from weaklink.cli.failing import BROKEN
from weaklink.cli.options import JsonOption, StoreOption, WidthOption


def show(
    trace: Annotated[str, typer.Argument(metavar="ID|last", help="The trace's id, or the end of it.")] = "last",
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Also the framework's own steps, every retrieval, the whole prompt.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Leave with exit code 1 when the trace is broken.")] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference", metavar="ANSWER", help="The right answer: says exactly where each part of it was lost."
        ),
    ] = None,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a trace: verdict, evidence, passages, steps with their scores.

    \b
    weaklink show                 the newest trace
    weaklink show 2d882b93        the one whose id ends so
    weaklink show last --check    exit code 1 when it is broken, for scripts
    weaklink show last --reference "28 days"    where the right answer was lost
    """
    from weaklink.cli.finding import find_trace, reading
    from weaklink.cli.screen import look, show_json, show_text, waiting
    from weaklink.examine import examine
    from weaklink.report import render_text, report_data, report_of

    opened = reading(store)
    found = find_trace(opened, trace)
    with waiting("scoring and diagnosing"):
        examined = examine(found, opened, reference=reference)
    report = report_of(found, examined.scores, examined.diagnosis)
    if as_json:
        show_json(report_data(report))
    else:
        drawn = look(width)
        show_text(render_text(report, width=drawn.width, plain=drawn.plain, everything=everything))
    if check and examined.diagnosis.verdict == "broken":
        raise typer.Exit(BROKEN)
