"""The options that verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

StoreOption = Annotated[
    str | None,
    typer.Option("--store", metavar="PATH", help="The store; by default WEAKLINK_STORE, else ./.weaklink/traces.db."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, to stdout.")]
WidthOption = Annotated[
    int | None,
    typer.Option(
        "--width", metavar="COLUMNS", min=40, max=1_000, help="How wide to draw; by default as wide as the terminal."
    ),
]
QueryArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="Which traces, see `weaklink list --help`.", show_default=False),
]
PricesOption = Annotated[
    str | None,
    typer.Option(
        "--prices", metavar="FILE", help="What models cost, as TOML; by default WEAKLINK_PRICES, else no cost."
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many traces.")]


def joined(words: list[str] | None) -> str | None:
    """The query that was typed as several arguments; None where there was none."""
    return " ".join(words) if words else None
