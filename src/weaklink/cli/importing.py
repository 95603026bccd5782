"""`weaklink import`: traces out of a file."""

from __future__ import annotations

from typing import Annotated

import typer

from weaklink.cli.options import JsonOption, StoreOption


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `weaklink export` wrote as JSON lines.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read traces from JSON lines into the store; what is there under the same ids is replaced.

    All lines are read before the first is stored, so a file with a bad line changes nothing.

    \b
    weaklink import traces.jsonl
    weaklink import traces.jsonl --store other.db
    """
    from weaklink.cli.finding import store_name
    from weaklink.cli.screen import show_json, show_text
    from weaklink.export import read_entries
    from weaklink.store import open_store

    for _ in read_entries(file):
        pass
    opened = open_store(store)
    count = 0
    for entry in read_entries(file):
        opened.write([entry.trace])
        if entry.scores:
            opened.add_scores(entry.trace.id, entry.scores)
        if entry.diagnosis is not None:
            opened.add_diagnosis(entry.diagnosis, entry.rules_version)
        count += 1
    if as_json:
        show_json({"read": file, "store": store_name(opened), "traces": count})
    else:
        show_text(f"{count} {'trace' if count == 1 else 'traces'} read into {store_name(opened)}")
