"""`weaklink score`: score traces, and keep the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklink.cli.failing import BROKEN
from weaklink.cli.options import JsonOption, LimitOption, QueryArgument, StoreOption, WidthOption, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from weaklink.examine import Examination
    from weaklink.report.text.look import Look
    from weaklink.score_many import Estimate, Tally

_MOST_REASONS = 3


def score(
    query: QueryArgument = None,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with", metavar="NAMES", help="Scorers, with commas between; by default those that run offline."
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say how many model calls and tokens it would take; score nothing.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Score also what is scored already and has not changed.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, metavar="N", help="Traces at the same time; by default as the scorers say."
        ),
    ] = None,
    limit: LimitOption = 20,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score traces and keep the scores; the diagnosis is made again with them.

    What has a score already is not scored again, unless the trace or the scorer changed or there was no value. Stop it when
    you like: what is done is stored, and the same command goes on.

    \b
    weaklink score last
    weaklink score standby pay --with relevance,groundedness
    weaklink score --with ragas:faithfulness --estimate  needs weaklink-ragas
    weaklink score --with my_scorers.py:politeness       your function of a trace

    Exit code 1 when a scorer named with --with could score no trace; without --with, when no scorer could score any.
    """
    from weaklink.cli.finding import find_traces, reading
    from weaklink.cli.screen import counting, look, show_block, show_json
    from weaklink.score_many import Tally, estimate_many, score_many
    from weaklink.scoring import default_scorers, scorers_named

    scorers = scorers_named(with_) if with_ is not None else default_scorers()
    opened = reading(store)
    traces = find_traces(opened, joined(query), limit)
    names = [scorer.name for scorer in scorers]
    drawn = look(width)
    if estimate:
        estimates = estimate_many(traces, opened, scorers, again=again)
        if as_json:
            show_json({"scorers": names, "estimates": [_estimate_data(one) for one in estimates]})
        else:
            show_block(_estimates(estimates, len(traces), drawn), drawn)
        return
    tallies = [Tally(name) for name in names]
    place = {trace.id: number for number, trace in enumerate(traces)}
    examined: list[Examination] = []
    found = score_many(traces, opened, scorers, again=again, jobs=jobs)
    for one in counting(found, "scoring", len(traces)):
        examined.append(one)
        for tally in tallies:
            tally.add(one)
    examined.sort(key=lambda one: place[one.trace.id])
    if as_json:
        data = {"scorers": names, "counts": [_tally_data(tally) for tally in tallies]}
        show_json(data | {"traces": [_data(one, names) for one in examined]})
    else:
        show_block(_table(examined, names, drawn), drawn)
        show_block(_counts(tallies), drawn)
    # A scorer by default may have nothing to say of a chain (no answer, no retrieval); one that was named was wanted.
    in_vain = [not tally.scored for tally in tallies]
    if all(in_vain) if with_ is None else any(in_vain):
        raise typer.Exit(BROKEN)


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


def _counts(tallies: Sequence[Tally]) -> RenderableType:
    """How many traces each scorer could score, and why not the others."""
    from rich.table import Table
    from rich.text import Text

    from weaklink.report.clean import one_line

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("", "")
    for tally in tallies:
        said = Text(str(tally), "" if tally.scored == tally.asked else "yellow")
        common = tally.reasons.most_common(_MOST_REASONS)
        for reason, count in common:
            said.append(f"\n{count} not: {one_line(reason)}", "dim")
        if rest := sum(tally.reasons.values()) - sum(count for _, count in common):
            said.append(f"\n{rest} not, for other reasons: see --json", "dim")
        grid.add_row(tally.name, said)
    return grid


def _estimates(estimates: Sequence[Estimate], total: int, drawn: Look) -> RenderableType:
    from weaklink.report.figures import count_text, duration_text
    from weaklink.report.text.columns import Column, fit

    name, traces = Column("scorer"), Column("traces", right=True)
    calls, sent, written = (
        Column("calls", right=True),
        Column("tokens in", right=True),
        Column("tokens out", right=True),
    )
    seconds = Column("time", right=True)
    for one in estimates:
        cost = one.cost
        name.add(one.name)
        traces.add(f"{one.traces} of {total}")
        calls.add(str(cost.calls))
        sent.add(count_text(cost.input_tokens))
        written.add(count_text(cost.output_tokens))
        known = None if one.seconds is None else round(one.seconds * 1e9)
        seconds.add("not known yet" if known is None else duration_text(known) if cost.calls else "offline")
    return fit([name, traces, calls, sent, written, seconds], drawn, indent=0)


def _estimate_data(estimate: Estimate) -> dict[str, Any]:
    cost = estimate.cost
    return {
        "scorer": estimate.name, "traces": estimate.traces, "calls": cost.calls, "input_tokens": cost.input_tokens,
        "output_tokens": cost.output_tokens, "seconds": estimate.seconds,
    }  # fmt: skip


def _tally_data(tally: Tally) -> dict[str, Any]:
    return {
        "scorer": tally.name, "asked": tally.asked, "scored": tally.scored, "kept": tally.kept,
        "reasons": dict(tally.reasons),
    }  # fmt: skip


def _data(examined: Examination, names: Sequence[str]) -> dict[str, Any]:
    return {
        "id": examined.trace.id,
        "question": examined.trace.question,
        "verdict": examined.diagnosis.verdict,
        "failure": examined.diagnosis.failure,
        "scores": [
            score.model_dump(mode="json", exclude={"content"}) for score in examined.scores if score.name in names
        ],
    }
