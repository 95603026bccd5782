"""A report as a file: the suffix says in which form."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from weaklink.errors import UnknownTrace, WeaklinkError
from weaklink.examine import Examination, examine
from weaklink.model import Diagnosis, Score, Trace
from weaklink.report import Report, render_html, render_json, render_markdown, render_text, report_of
from weaklink.store import open_store

_TEXT_WIDTH = 120


class UnknownFormat(WeaklinkError):
    """You named a file whose suffix says no form that a report can have."""


def _text(report: Report) -> str:
    return render_text(report, width=_TEXT_WIDTH)


FORMATS: dict[str, Callable[[Report], str]] = {
    "html": render_html,
    "md": render_markdown,
    "json": render_json,
    "txt": _text,
}
"""By suffix, what writes a report in this form."""


def save(
    what: Diagnosis | Trace,
    path: str | os.PathLike[str],
    *,
    trace: Trace | None = None,
    scores: Iterable[Score] | None = None,
) -> Path:
    """Write the report on a diagnosis or a trace to `path`; the suffix picks html, md, json or txt. Returns the path.

    The trace of a diagnosis comes from the default store, unless `trace` is given; `scores` too, and those that are
    nowhere are computed, as is the diagnosis of a trace. The file is for its owner alone (mode 0600).
    Raises UnknownFormat for another suffix, UnknownTrace where the trace is nowhere, WeaklinkError where `path` cannot be
    written.
    """
    from weaklink.export.writing import write_file

    render = _renderer(Path(path))
    found = what if isinstance(what, Trace) else trace or _stored(what.trace_id)
    examined = _examined(found, scores)
    diagnosis = what if isinstance(what, Diagnosis) else examined.diagnosis
    return write_file(path, [render(report_of(found, examined.scores, diagnosis))])


def rendered(examined: Examination, form: str) -> str:
    """The report in the form `form`, a key of FORMATS."""
    return FORMATS[form](report_of(examined.trace, examined.scores, examined.diagnosis))


def _renderer(path: Path) -> Callable[[Report], str]:
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        named = f"the suffix {path.suffix!r}" if suffix else "a name without a suffix"
        raise UnknownFormat(
            f"cannot save {path.name}: {named} says no form that a report can have; "
            f"use one of {', '.join('.' + name for name in FORMATS)}, such as report.html"
        )
    return FORMATS[suffix]


def _stored(trace_id: str) -> Trace:
    store = open_store()
    try:
        return store.get(trace_id)
    except WeaklinkError as error:
        raise UnknownTrace(
            f"cannot save the diagnosis of {trace_id[-12:]}: its trace is not in the default store ({error}); "
            "type: weaklink.save(diagnosis, path, trace=trace)"
        ) from error
    finally:
        store.close()


def _examined(trace: Trace, scores: Iterable[Score] | None) -> Examination:
    if scores is not None:
        from weaklink.diagnosis import diagnose

        given = tuple(scores)
        return Examination(trace, given, diagnose(trace, given))
    store = open_store()
    try:
        return examine(trace, store)
    except WeaklinkError:  # no store, or one that is not readable: the trace is enough
        return examine(trace)
    finally:
        store.close()
