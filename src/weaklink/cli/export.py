"""`weaklink export`: traces into a file."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weaklink.cli.options import JsonOption, QueryArgument, StoreOption, joined
from weaklink.errors import WeaklinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weaklink.model import Trace
    from weaklink.store import Store

_ALL = 1_000_000


class Form(StrEnum):
    """What `weaklink export` can write."""

    JSONL = "jsonl"
    HTML = "html"
    MD = "md"
    TXT = "txt"
    JSON = "json"


def export(
    query: QueryArgument = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", "-f", help="jsonl for programs and `weaklink import`; the others are reports on one trace."
        ),
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="The same as --format html.")] = False,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; by default stdout.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write traces to a file: as JSON lines, or one of them as a report.

    \b
    weaklink export -o traces.jsonl
    weaklink export verdict:broken since:1d -o broken.jsonl
    weaklink export last --html -o report.html
    weaklink export 2d882b93 --format md
    """
    from weaklink.cli.finding import reading
    from weaklink.cli.screen import show_json, show_text
    from weaklink.export import write_file

    chosen = Form.HTML if html else form or _form(output)
    if as_json and output is None:
        raise WeaklinkError("--json has nothing to say here: the export itself goes to stdout; add -o FILE")
    opened = reading(store)
    traces = _wanted(opened, joined(query), chosen)
    parts = _parts(opened, traces, chosen)
    if output is None:
        for part in parts:
            typer.echo(part, nl=False)
        return
    written = write_file(output, parts)
    if as_json:
        show_json({"written": str(written), "format": chosen.value, "traces": len(traces)})
    else:
        show_text(f"{len(traces)} {'trace' if len(traces) == 1 else 'traces'} written to {written}")


def _wanted(store: Store, query: str | None, form: Form) -> list[Trace]:
    """All that fit for JSON lines; the one that a report is on, by default the newest."""
    from weaklink.cli.finding import find_trace, find_traces

    if form is Form.JSONL:
        return find_traces(store, query, _ALL)
    if query is None:
        return [find_trace(store, "last")]
    return [_only(find_traces(store, query, 2), query)]


def _form(output: str | None) -> Form:
    """What the file's suffix says; without one, JSON lines."""
    suffix = Path(output or "").suffix.lower()
    if not suffix:
        return Form.JSONL
    if suffix[1:] not in {form.value for form in Form}:
        forms = ", ".join(f".{form.value}" for form in Form)
        raise WeaklinkError(
            f"cannot export to {output}: the suffix {suffix!r} says none of the forms that there are; "
            f"use one of {forms}, or say which one with --format"
        )
    return Form(suffix[1:])


def _only(traces: Sequence[Trace], query: str) -> Trace:
    if len(traces) > 1:
        raise WeaklinkError(
            f"{query!r} fits several traces, and a report is on one; give its id (weaklink list), or --format jsonl"
        )
    return traces[0]


def _parts(store: Store, traces: Sequence[Trace], form: Form) -> Iterator[str]:
    from weaklink.examine import diagnosis_version, examine
    from weaklink.export import Entry, entry_line, rendered

    for trace in traces:
        examined = examine(trace, store)
        if form is Form.JSONL:
            yield entry_line(
                Entry(
                    trace=trace, scores=examined.scores, diagnosis=examined.diagnosis, rules_version=diagnosis_version()
                )
            )
        else:
            yield rendered(examined, form.value)
