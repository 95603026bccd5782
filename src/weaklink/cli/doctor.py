"""`weaklink doctor`: what is installed, what is missing, whether the store is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weaklink.cli.failing import BROKEN
from weaklink.cli.options import JsonOption, StoreOption

if TYPE_CHECKING:
    from rich.console import RenderableType

    from weaklink.cli.checks import Check


def doctor(
    store: StoreOption = None,
    as_json: JsonOption = False,
    deep: Annotated[bool, typer.Option("--deep", help="Check every page of the store, which takes longer.")] = False,
    stress: Annotated[
        bool,
        typer.Option(
            "--stress", help="Also record, kill and fork on this disk, for some 15 seconds, in a store of its own."
        ),
    ] = False,
) -> None:
    """Check versions, integrations and the store; exit code 1 when something is wrong.

    \b
    weaklink doctor
    weaklink doctor --stress          whether the promises hold on this machine
    weaklink doctor --store /srv/rag/.weaklink/traces.db --json
    """
    from weaklink.cli.checks import all_checks
    from weaklink.cli.screen import look, show_block, show_json, waiting

    with waiting("recording, killing, forking" if stress else "looking"):
        checks = all_checks(store, deep=deep, stress=stress)
    is_well = not any(check.state == "wrong" for check in checks)
    if as_json:
        show_json({"ok": is_well, "checks": [check.data() for check in checks]})
    else:
        drawn = look()
        show_block(_block(checks), drawn)
    if not is_well:
        raise typer.Exit(BROKEN)


def _block(checks: list[Check]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from weaklink.report.clean import clean

    styles = {"ok": "green", "missing": "yellow", "note": "cyan", "wrong": "bold red"}
    parts: list[RenderableType] = []
    part = ""
    grid = Table.grid()
    for check in checks:
        if check.part != part:
            part = check.part
            grid = Table.grid(padding=(0, 2, 0, 0))
            grid.add_column(width=7, no_wrap=True)
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            parts += [*([Text("")] if parts else []), Text(part, "bold"), grid]
        said = Text(clean(check.says))
        if check.advice:
            said.append(f"\n{clean(check.advice)}", "bold")
        grid.add_row(Text(check.state, styles[check.state]), Text(clean(check.name)), said)
    return Group(*parts)
