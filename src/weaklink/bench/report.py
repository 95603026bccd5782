"""A result as a file: HTML, Markdown, JSON or SVG, by its suffix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from weaklink.bench.charts import pareto_chart
from weaklink.bench.page import as_html
from weaklink.bench.result import Result
from weaklink.bench.show import as_markdown, as_text
from weaklink.errors import WeaklinkError


class UnknownReport(WeaklinkError):
    """You asked for a report in a form that there is none of."""


def _json(result: Result) -> str:
    return result.model_dump_json(indent=1) + "\n"


_FORMS: dict[str, Callable[[Result], str]] = {
    ".html": as_html,
    ".md": as_markdown,
    ".json": _json,
    ".txt": as_text,
    ".svg": pareto_chart,
}


def writer_for(path: str | Path) -> Callable[[Result, str | Path], Path]:
    """What writes a report to a path with this suffix; raises UnknownReport, before anything is measured."""
    form = _FORMS.get(Path(path).suffix.lower())
    if form is None:
        raise UnknownReport(f"no report can be written to {path}: its name has to end in {', '.join(_FORMS)}")

    if not Path(path).parent.is_dir():
        raise UnknownReport(
            f"no report can be written to {path}: there is no folder {Path(path).parent}; make it first"
        )

    def write(result: Result, target: str | Path) -> Path:
        written = Path(target)
        try:
            written.write_text(form(result), encoding="utf-8")
        except OSError as error:
            raise UnknownReport(f"cannot write {target}: {(error.strerror or str(error)).lower()}") from error
        return written

    return write
