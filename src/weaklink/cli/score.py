"""`weaklink score`: score traces, and keep the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklink.cli.options import JsonOption, LimitOption, StoreOption, WidthOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from weaklink.examine import Examination
    from weaklink.report.text.look import Look


def score(
    query: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="Words, or an id, or last; by default the newest traces.")
    ] = None,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="NAMES", help="Scorers, with commas between; by default those that run offline."
        ),
    ] = None,
    limit: LimitOption = 20,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score traces and keep the scores; the diagnosis is made again with them.

    \b
    weaklink score last
    weaklink score "standby pay" --with relevance,groundedness
    """
    from weaklink.cli.finding import find_traces, reading
    from weaklink.cli.scorers import scorers_named
    from weaklink.cli.screen import look, show_block, show_json, waiting
    from weaklink.examine import examine
    from weaklink.scoring import default_scorers

    scorers = scorers_named(with_) if with_ is not None else default_scorers()
    opened = reading(store)
    names = [scorer.name for scorer in scorers]
    examined: list[Examination] = []
    for trace in find_traces(opened, query, limit):
        with waiting(f"scoring {trace.id[-12:]}"):
            examined.append(examine(trace, opened, scorers))
    if as_json:
        show_json({"scorers": names, "traces": [_data(one, names) for one in examined]})
        return
    drawn = look(width)
    show_block(_table(examined, names, drawn), drawn)


def _whole(examined: Examination, name: str) -> list[float]:
    return [
        score.value for score in examined.scores if score.name == name and score.is_whole and score.value is not None
    ]


def _table(examined: Sequence[Examination], names: Sequence[str], drawn: Look) -> RenderableType:
    """A line for each trace; a score is that of its lowest step."""
    from weaklink.report.clean import one_line
    from weaklink.report.figures import score_text
    from weaklink.report.text.columns import Column, fit
    from weaklink.report.text.look import VERDICT_STYLES, score_style

    verdict, question, tail = Column("verdict"), Column("question", least=20), Column("id")
    columns = [Column(name, right=True, drop=place) for place, name in enumerate(names)]
    for one in examined:
        verdict.add(one.diagnosis.verdict, VERDICT_STYLES[one.diagnosis.verdict])
        question.add(one_line(one.trace.question))
        tail.add(one.trace.id[-12:], "cyan")
        for column, name in zip(columns, names, strict=True):
            values = _whole(one, name)
            lowest = min(values) if values else None
            column.add(score_text(lowest) or "-", score_style(lowest))
    return fit([verdict, question, *columns, tail], drawn, indent=0)


def _data(examined: Examination, names: Sequence[str]) -> dict[str, Any]:
    return {
        "id": examined.trace.id,
        "question": examined.trace.question,
        "verdict": examined.diagnosis.verdict,
        "failure": examined.diagnosis.failure,
        "scores": [score.model_dump(mode="json") for score in examined.scores if score.name in names],
    }
