"""`weaklink prune`: delete old traces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from weaklink.cli.options import JsonOption, StoreOption
from weaklink.errors import WeaklinkError

if TYPE_CHECKING:
    from weaklink.store import Retention

_SIZE = re.compile(r"(?i)([0-9]*\.?[0-9]+)\s*(|b|kb|mb|gb|tb)")
_UNITS = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000}


def prune(
    days: Annotated[
        float | None, typer.Option("--days", min=0, metavar="N", help="Delete traces that are older than N days.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", "-n", min=0, metavar="N", help="Keep at most N traces, the newest.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="SIZE", help="Keep at most so much, such as 500MB or 2GB.")
    ] = None,
    longer: Annotated[
        float | None,
        typer.Option(
            "--longer", min=1, metavar="X", help="Broken and labelled traces are kept X times longer; by default 4."
        ),
    ] = None,
    sample: Annotated[
        float | None,
        typer.Option("--sample", min=0, max=1, metavar="SHARE", help="This share of all traces is kept longer too."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete old traces, and give their room back to the disk.

    Without a limit here, those of the settings hold: WEAKLINK_KEEP_DAYS, WEAKLINK_KEEP_TRACES, WEAKLINK_KEEP_BYTES. Chains go on
    recording meanwhile, and it works on a full disk. Traces that are broken or have feedback age four times more slowly.

    \b
    weaklink prune --days 30
    weaklink prune --size 2GB --dry-run
    weaklink prune --keep 1000 --longer 1     exactly the newest 1000
    """
    from weaklink.cli.screen import show_json, show_text, waiting
    from weaklink.report.figures import bytes_text
    from weaklink.settings import load_settings
    from weaklink.store import Retention, SQLiteStore
    from weaklink.store.location import resolve

    wanted_bytes = None if size is None else _bytes(size)
    is_given = (days, keep, wanted_bytes) != (None, None, None)
    settings = load_settings(store=store, keep_longer=longer, keep_sample=sample)
    kept = Retention.of(settings)
    if is_given:
        kept = kept.model_copy(update={"days": days, "traces": keep, "bytes": wanted_bytes})
    _require_limit(kept)
    opened = SQLiteStore(resolve(settings.store), settings)
    traces, before = opened.count(), opened.used_bytes()
    with waiting("looking" if dry_run else "deleting"):
        deleted = opened.to_prune(keep=kept) if dry_run else opened.prune(keep=kept)
    left, after = opened.count(), opened.used_bytes()
    if as_json:
        show_json(
            {"store": str(opened.path), "deleted": deleted, "dry_run": dry_run, "traces": left, "bytes": after, "bytes_before": before}
        )  # fmt: skip
    elif dry_run:
        show_text(f"{_count(deleted)} of {traces:,} would be deleted; the store takes {bytes_text(before)}")
    else:
        freed = f", {bytes_text(before - after)} freed" if before > after else ""
        show_text(f"{_count(deleted)} deleted{freed}; {left:,} left, {bytes_text(after)}")
    opened.close()


def _require_limit(kept: Retention) -> None:
    if not kept.is_limited:
        raise WeaklinkError(
            "nothing says what to delete: no limit is given, and none is set; type: weaklink prune --days 30 (or --keep N, or --size 2GB)"
        )


def _bytes(size: str) -> int:
    match = _SIZE.fullmatch(size.strip())
    if match is None:
        raise WeaklinkError(f"the size {size!r} cannot be read: it is no number with a unit; type it like 500MB or 2GB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _count(traces: int) -> str:
    return f"{traces:,} {'trace' if traces == 1 else 'traces'}"
