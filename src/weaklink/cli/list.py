"""`weaklink list`: recent traces, a line each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from weaklink.cli.options import JsonOption, LimitOption, PricesOption, QueryArgument, StoreOption, WidthOption, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from weaklink.model import Diagnosis
    from weaklink.prices import Cost, Prices
    from weaklink.report.text.look import Look
    from weaklink.store import Store, TraceSummary

_WIDE = 100


def list_traces(
    query: QueryArgument = None,
    limit: LimitOption = 20,
    wait: Annotated[
        float, typer.Option("--wait", min=0, metavar="SECONDS", help="Diagnose what waits for so long; 0: not at all.")
    ] = 2.0,
    prices: PricesOption = None,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """List recent traces: verdict, weak link, question, time, tokens, age, id.

    What has no current verdict is diagnosed first, for two seconds at most; the rest is listed as waiting.

    \b
    weaklink list                     the newest 20
    weaklink list standby pay         those with these words in question or answer
    weaklink list verdict:broken step:retriever "relevance:<0.3" since:2d
    weaklink list -n 200 --json       for programs

    A query is made of words, "phrases" and clauses, which must all hold. Commas give alternatives (verdict:broken,degraded),
    * stands for anything, none for a missing value, and - before a clause turns it round (type -- before the first one then).

    \b
    verdict:broken             ok, recovered, degraded, broken, unknown
    step:retriever             role, kind or name of the weak link
    failure:context_truncated  how the weak link failed
    confidence:<0.6            probability of the verdict
    relevance:<0.3             lowest score of any step; also sufficiency,
                               groundedness, answer_relevance, and each score
                               that the store has
    status:error               how the call ended: ok, error, cancelled,
                               interrupted, abandoned, recovered, incomplete
    latency:>2s                how long it took; also latency:200ms..2s
    tokens:>4000 steps:>50     tokens in and out, number of steps
    name:support* model:gpt*   the chain, a model that was called
    error:*RateLimitError      type of an error in any step
    tag:prod id:*2d882b93      a tag of the call, its id
    feedback:down              up, down, corrected, labelled
    since:2d until:2026-01-31  when it started
    """
    from weaklink.cli.finding import ATTACH, make_ready, reading, store_name
    from weaklink.cli.screen import look, show_block, show_json, show_text, waiting
    from weaklink.prices import load_prices
    from weaklink.settings import load_settings

    known = load_prices(load_settings(prices=prices).prices)
    opened, wanted = reading(store), joined(query)
    make_ready(opened, wanted)
    summaries = opened.summaries(wanted, limit=limit)
    with waiting("diagnosing"):
        lines = _lines(opened, summaries, wait, known)
    if as_json:
        show_json({"store": store_name(opened), "traces": [_data(line) for line in lines]})
    elif lines:
        drawn = look(width)
        show_block(_table(lines, drawn), drawn)
        show_text(f"\nweaklink show {summaries[0].id[-12:]}  tells more of the first one")
        if left := sum(line.diagnosis is None for line in lines):
            show_text(f"weaklink diagnose           {left} {'waits' if left == 1 else 'wait'} for a verdict")
    elif wanted:
        show_text(f"No trace fits: {wanted}\nType: weaklink list")
    else:
        show_text(f"Nothing is recorded in {store_name(opened)} yet. {ATTACH}")


class _Line(NamedTuple):
    """A trace in the list."""

    summary: TraceSummary
    diagnosis: Diagnosis | None
    """The current one; None: it waits for one."""
    cost: Cost | None
    """None where no prices are given."""


def _lines(store: Store, summaries: Sequence[TraceSummary], wait: float, prices: Prices | None) -> list[_Line]:
    """The lines; what has no current diagnosis is diagnosed now where time is left."""
    from weaklink.examine import diagnosis_version, examine

    deadline = None if wait else 0.0  # begins with the first one made: loading the models is not counted
    version = diagnosis_version()
    found: list[_Line] = []
    for summary in summaries:
        diagnosis = store.diagnosis(summary.id, version) if summary.version == version else None
        models = summary.models
        if diagnosis is None and (deadline is None or time.monotonic() < deadline):
            trace = store.get(summary.id)
            diagnosis, models = examine(trace, store).diagnosis, trace.usage_by_model
            deadline = deadline or time.monotonic() + wait
        found.append(_Line(summary, diagnosis, prices.cost(models) if prices else None))
    return found


def _table(lines: Sequence[_Line], drawn: Look) -> RenderableType:
    from weaklink.report.clean import one_line
    from weaklink.report.figures import age_text, cost_text, count_text, duration_text
    from weaklink.report.text.columns import Column, fit
    from weaklink.report.text.look import STATUS_STYLES, VERDICT_STYLES

    is_wide = drawn.width >= _WIDE
    verdict, link = Column("verdict"), Column("weak link", least=21, most=44)
    question = Column("question", least=24)
    latency, tokens = Column("time", right=True, drop=1), Column("tokens", right=True, drop=3)
    age, name = Column("age", right=True, drop=2), Column("id")
    status, cost = Column("ended", drop=4), Column("cost", right=True, drop=3)
    now = time.time_ns()
    for summary, diagnosis, spent in lines:
        if diagnosis is None:
            verdict.add("waiting", "dim")
        else:
            verdict.add(diagnosis.verdict, f"bold {VERDICT_STYLES[diagnosis.verdict]}")
        link.add(_weak_link(diagnosis, is_wide=is_wide))
        asked = one_line((diagnosis and diagnosis.question) or summary.question)
        question.add(asked or one_line(summary.name), "" if asked else "dim")
        latency.add(duration_text(summary.duration_ns), "dim")
        tokens.add(count_text(summary.usage.total_tokens if summary.usage else None), "dim")
        cost.add(cost_text(spent.usd) or "-" if spent else "", "dim")
        age.add(age_text(summary.start_ns, now), "dim")
        name.add(summary.id[-12:], "cyan")
        is_ok = summary.status == "ok"
        status.add("" if is_ok else summary.status, "" if is_ok else STATUS_STYLES[summary.status])
    return fit([verdict, link, question, status, latency, tokens, cost, age, name], drawn, indent=0)


def _weak_link(diagnosis: Diagnosis | None, *, is_wide: bool) -> str:
    """Step and failure class; where room is short the class alone, which says most of it."""
    from weaklink.report.clean import one_line

    if diagnosis is None or diagnosis.culprit is None:
        return ""
    step = diagnosis.culprit.role or one_line(diagnosis.culprit.name)
    failure = one_line(diagnosis.failure or "")
    return f"{step}: {failure}" if failure and is_wide else failure or step


def _data(line: _Line) -> dict[str, Any]:
    summary, diagnosis, cost = line
    culprit = diagnosis.culprit if diagnosis else None
    return {
        "id": summary.id, "name": summary.name, "status": summary.status, "waiting": diagnosis is None,
        "verdict": diagnosis and diagnosis.verdict, "culprit": culprit and culprit.model_dump(mode="json"),
        "failure": diagnosis and diagnosis.failure, "confidence": diagnosis and diagnosis.confidence,
        "summary": diagnosis and diagnosis.summary,
        "question": (diagnosis and diagnosis.question) or summary.question,
        "answer": (diagnosis and diagnosis.answer) or summary.answer,
        "start_ns": summary.start_ns, "duration_ns": summary.duration_ns, "steps": summary.spans,
        "usage": summary.usage.model_dump() if summary.usage else None,
        "cost_usd": cost and cost.usd, "cost_reason": cost.reason if cost else "no prices are given",
    }  # fmt: skip
