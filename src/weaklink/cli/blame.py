"""`weaklink blame`: what do the broken traces share?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklink.cli.options import JsonOption, QueryArgument, StoreOption, WidthOption, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from weaklink.diagnosis.spectrum import Shared, Spectrum
    from weaklink.model import Diagnosis, Trace
    from weaklink.report.text.look import Look
    from weaklink.store import Store

_MOST_ROWS = 12
_MOST_NAMES = 3
_BY_CHANCE = 0.05
_MAY_BE_CHANCE = 0.5


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found in the traces."""

    spectrum: Spectrum
    links: Counter[tuple[str, str]]
    """How many broken traces broke at which step, in which way."""


def blame(
    query: QueryArgument = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=2, metavar="N", help="At most so many, the newest.")
    ] = 1_000,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what the broken traces share: a step, a prompt version, a model, an index, a tool, a source of documents.

    What has no current verdict is diagnosed first.

    \b
    weaklink blame
    weaklink blame standby pay -n 200
    """
    from weaklink.cli.finding import find_traces, reading, store_name
    from weaklink.cli.screen import look, show_json

    opened = reading(store)
    looked = _look_at(opened, find_traces(opened, joined(query), limit))
    if as_json:
        show_json({"store": store_name(opened), **_data(looked)})
    else:
        _show(looked, look(width))


def _look_at(store: Store, traces: Sequence[Trace]) -> _Looked:
    from weaklink.cli.screen import counting
    from weaklink.diagnosis.spectrum import Observation, observe, spectrum
    from weaklink.examine import examine

    observations: list[Observation] = []
    links: Counter[tuple[str, str]] = Counter()
    for trace in counting(traces, "looking at traces", len(traces)):
        diagnosis = examine(trace, store).diagnosis
        observations.append(observe(trace, diagnosis.verdict))
        if diagnosis.verdict == "broken" and diagnosis.culprit is not None:
            links[_step(diagnosis), diagnosis.failure or ""] += 1
    return _Looked(spectrum(observations), links)


def _step(diagnosis: Diagnosis) -> str:
    return (diagnosis.culprit.role or diagnosis.culprit.name) if diagnosis.culprit else ""


def _show(looked: _Looked, drawn: Look) -> None:
    from weaklink.cli.screen import show_block, show_text

    found = looked.spectrum
    undecided = f", {found.undecided} more could not be decided" if found.undecided else ""
    verb = "is" if found.broken == 1 else "are"
    show_text(f"{found.broken} of {found.broken + found.fine} traces {verb} broken{undecided}.")
    if not found.broken:
        return
    show_block(_links_table(looked, drawn), drawn)
    shown = [shared for shared in found.shared if shared.chance <= _MAY_BE_CHANCE]
    if not shown:
        show_text("\nThey share nothing that could not be chance. With more traces, more can be told.")
        return
    doubt = "" if shown[0].chance <= _BY_CHANCE else ", which may be chance"
    first = shown[0]
    others = f"{first.fine} of {found.fine} others{doubt}"
    said = f"{first.broken} of {found.broken} broken traces used {_names(first)}, and {others}."
    show_text("\n" + "\n".join(wrap(said, drawn.width)) + "\n")
    show_block(_table(found, shown[:_MOST_ROWS], drawn), drawn)


def _links_table(looked: _Looked, drawn: Look) -> RenderableType:
    from weaklink.report.clean import one_line
    from weaklink.report.text.columns import Column, fit

    count, link = Column("times", right=True), Column("weak link", least=20)
    for (step, failure), times in looked.links.most_common(_MOST_ROWS):
        count.add(str(times))
        link.add(f"{one_line(step)}: {one_line(failure)}")
    return fit([count, link], drawn, indent=0)


def _names(shared: Shared) -> str:
    from weaklink.report.clean import one_line

    return " with ".join(f"{used.dimension} {one_line(used.label)}" for used in shared.used[:_MOST_NAMES])


def _table(found: Spectrum, shown: Sequence[Shared], drawn: Look) -> RenderableType:
    from weaklink.report.clean import one_line
    from weaklink.report.figures import score_text
    from weaklink.report.text.columns import Column, fit

    what = Column("used", least=20, most=80)
    broken, fine = Column("broken", right=True), Column("fine", right=True)
    suspicion, chance = Column("suspicion", right=True, drop=1), Column("by chance", right=True)
    for shared in shown:
        is_sure = shared.chance <= _BY_CHANCE
        for number, used in enumerate(shared.used):
            is_first = number == 0
            what.add(("" if is_first else "+ ") + f"{used.dimension} {one_line(used.label)}", "bold" if is_sure else "")
            broken.add(f"{shared.broken} of {found.broken}" if is_first else "")
            fine.add(f"{shared.fine} of {found.fine}" if is_first else "")
            suspicion.add(score_text(shared.suspicion) if is_first else "", "red" if is_sure else "")
            chance.add(_chance(shared.chance) if is_first else "", "dim")
    return fit([what, broken, fine, suspicion, chance], drawn, indent=0)


def _chance(probability: float) -> str:
    return "<.1%" if probability < 0.001 else f"{probability:.1%}" if probability < 0.1 else f"{probability:.0%}"


def _data(looked: _Looked) -> dict[str, Any]:
    found = looked.spectrum
    return {
        "broken": found.broken, "fine": found.fine, "undecided": found.undecided,
        "weak_links": [
            {"step": step, "failure": failure, "traces": count} for (step, failure), count in looked.links.most_common()
        ],
        "shared": [
            {
                "used": [{"dimension": used.dimension, "label": used.label} for used in shared.used],
                "broken": shared.broken, "fine": shared.fine, "suspicion": shared.suspicion, "chance": shared.chance,
            }
            for shared in found.shared
        ],
    }  # fmt: skip
