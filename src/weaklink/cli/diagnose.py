"""`weaklink diagnose`: verdicts on everything that waits for one, once or from now on."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from weaklink.cli.failing import BROKEN
from weaklink.cli.options import JsonOption, QueryArgument, StoreOption, joined

if TYPE_CHECKING:
    from weaklink.batch import Outcome
    from weaklink.examine import Examination
    from weaklink.store import Store

_ALL = 1_000_000
_POLITENESS = 10
_MOST_PROBLEMS = 5
_ASKED = 60


def diagnose(
    query: QueryArgument = None,
    again: Annotated[bool, typer.Option("--again", help="Also those whose verdict is current.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, max=64, metavar="N", help="Processes to work in; by default one.")
    ] = 1,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Go on with what comes, until Ctrl-C; at low priority.")
    ] = False,
    cpu_share: Annotated[
        float, typer.Option("--cpu-share", metavar="SHARE", help="With --watch: how much of one core to use at most.")
    ] = 0.25,
    sample: Annotated[
        float, typer.Option("--sample", metavar="SHARE", help="Which share of the traces to look at, above 0 up to 1.")
    ] = 1.0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score and diagnose finished traces, and keep what comes out, so that a verdict is there when you look.

    \b
    weaklink diagnose                       all that waits
    weaklink diagnose -j 2                  the same in two processes
    weaklink diagnose --watch               beside your application
    weaklink diagnose --watch --sample 0.1  the same for every tenth trace
    weaklink diagnose standby pay --again

    Exit code 1 when traces wait and none of them could be diagnosed.
    """
    from weaklink.cli.finding import reading
    from weaklink.errors import WeaklinkError

    if not 0 < sample <= 1:
        raise WeaklinkError(f"cannot diagnose with --sample {sample:g}: it is a share; type: --sample 0.1")
    opened = reading(store)
    if watch:
        if query is not None or again or jobs > 1:
            raise WeaklinkError(
                "cannot watch with a QUERY, --again or --jobs: --watch takes what comes, in one process; "
                "type: weaklink diagnose --watch"
            )
        _watch(opened, cpu_share, sample, as_json=as_json)
    else:
        _batch(opened, _chosen(opened, joined(query), again=again, sample=sample), jobs, as_json=as_json)


def _chosen(store: Store, query: str | None, *, again: bool, sample: float) -> list[str]:
    """The ids of the traces to work on, the newest first."""
    from weaklink.cli.finding import find_traces
    from weaklink.examine import diagnosis_version

    waiting = store.waiting("" if again else diagnosis_version(), limit=_ALL, sample=sample)
    if query is None:
        return waiting
    named, chosen = find_traces(store, query, _ALL), frozenset(waiting)
    return [trace.id for trace in named if again or trace.id in chosen]


def _batch(store: Store, ids: Sequence[str], jobs: int, *, as_json: bool) -> None:
    from weaklink.batch import examine_all
    from weaklink.cli.finding import store_name
    from weaklink.cli.screen import counting, show_json

    began = time.monotonic()
    outcomes = list(counting(examine_all(store, store_name(store), ids, jobs), "diagnosing", len(ids)))
    seconds = time.monotonic() - began
    verdicts: Counter[str] = Counter(outcome.verdict for outcome in outcomes if outcome.verdict is not None)
    problems = [outcome for outcome in outcomes if outcome.verdict is None]
    if as_json:
        show_json({
            "store": store_name(store), "diagnosed": verdicts.total(), "seconds": round(seconds, 3),
            "verdicts": dict(verdicts.most_common()),
            "problems": [{"id": outcome.trace_id, "problem": outcome.problem} for outcome in problems],
        })  # fmt: skip
    else:
        _tell(verdicts, problems, seconds)
    if problems and not verdicts:
        raise typer.Exit(BROKEN)


def _tell(verdicts: Counter[str], problems: Sequence[Outcome], seconds: float) -> None:
    from weaklink.cli.screen import hint, show_text

    for outcome in problems[:_MOST_PROBLEMS]:
        hint(f"{outcome.trace_id[-12:]} could not be diagnosed: {outcome.problem}")
    if not verdicts and not problems:
        show_text("Every finished trace has its verdict.")
        return
    each = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.most_common())
    noun = "trace" if verdicts.total() == 1 else "traces"
    failed = f"; {len(problems):,} could not be" if problems else ""
    show_text(f"{verdicts.total():,} {noun} diagnosed in {seconds:.1f} s: {each or 'none'}{failed}")


def _watch(store: Store, cpu_share: float, sample: float, *, as_json: bool) -> None:
    from weaklink.cli.finding import store_name
    from weaklink.cli.screen import hint
    from weaklink.watching import Watch

    watching = Watch(store, cpu_share=cpu_share, sample=sample, on_examined=_json_line if as_json else _line)
    if not as_json:
        hint(f"Watching {store_name(store)} with at most {cpu_share:.0%} of a core; Ctrl-C ends it.")
    if hasattr(os, "nice"):
        os.nice(_POLITENESS)  # what the application beside it does comes first
    with suppress(KeyboardInterrupt):
        watching.run()


def _line(examined: Examination) -> None:
    from weaklink.report.clean import one_line, shorten

    diagnosis = examined.diagnosis
    step = diagnosis.culprit
    link = f"{step.role or one_line(step.name)}: {diagnosis.failure}" if step else ""
    asked = shorten(one_line(diagnosis.question or examined.trace.name), _ASKED, "...")
    _write_now(f"{diagnosis.verdict:<10} {link:<32} {asked:<{_ASKED}} {examined.trace.id[-12:]}\n")


def _json_line(examined: Examination) -> None:
    _write_now(examined.diagnosis.model_dump_json() + "\n")


def _write_now(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()  # somebody may follow it through a pipe
