"""What the pages and the API show, read from the store."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from weaklink.errors import StoreError
from weaklink.examine import current_scores, examine
from weaklink.model import Diagnosis
from weaklink.prices import Cost, Prices
from weaklink.query import BadQuery
from weaklink.report import Report, report_of
from weaklink.report.comparison import Comparison, compare
from weaklink.store import Breakdown, Store, TraceSummary, open_store
from weaklink.viewer.outline import FIRST_STEPS, outline_data
from weaklink.viewer.pages.dashboard import SPANS, Dashboard
from weaklink.viewer.pages.trace import Shown
from weaklink.viewer.pages.traces import PAGE_SIZE, Facet, Listing, Row, is_running

LARGE: Final = 2_000
"""Of a trace with more steps only those are read whole that are looked at."""
_PIECES: Final = 60
_USUAL_SPAN: Final = "7d"
_KEPT_REPORTS: Final = 16
_MOST_FACETS: Final = 12


class Library:
    """The store, read from many threads at once, and the reports made of it lately."""

    def __init__(
        self, path: Path, is_diagnosing: Callable[[], bool] = lambda: False, prices: Prices | None = None
    ) -> None:
        """Nothing is opened yet. `is_diagnosing` is asked whether diagnoses are on their way."""
        self.prices = prices
        self.path = path
        self._is_diagnosing = is_diagnosing
        # A connection reads for one thread at a time: a page must not wait for the export of a large trace.
        self._stores = threading.local()
        self._watcher = open_store(path)
        self._reports: OrderedDict[str, tuple[tuple[Any, ...], Report]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def store(self) -> Store:
        """This thread's store."""
        found: Store | None = getattr(self._stores, "store", None)
        if found is None:
            found = self._stores.store = open_store(self.path)
        return found

    def version(self) -> str:
        """Changes when anything in the store does, or all is diagnosed; "" where there is no store yet."""
        try:
            return f"{self._watcher.version()}{'+' if self._is_diagnosing() else ''}"
        except StoreError:
            return ""

    def summary(self, trace_id: str) -> TraceSummary:
        """The trace in short; raises UnknownTrace or AmbiguousTrace."""
        return self.store.summaries(f"id:{self.store.full_id(trace_id)}", limit=1)[0]

    def listing(self, query: str, before: str | None) -> Listing:
        """A page of the list."""
        empty = Listing(
            query=query, is_first=before is None, store=str(self.path), is_diagnosing=self._is_diagnosing(), now_ns=time.time_ns()
        )  # fmt: skip
        if not self.path.exists():
            return empty
        try:
            found = self.store.page(query, limit=PAGE_SIZE, before=before)
        except BadQuery as error:
            all_ = self.store.page(limit=1)
            return replace(empty, facets=_facets(all_.counts), counted_all=all_.counted_all, problem=str(error))
        except StoreError:
            if self.path.exists() and self.path.stat().st_size:
                raise
            return empty
        return replace(
            empty, rows=[self._row(summary) for summary in found.traces], facets=_facets(found.counts),
            counted_all=found.counted_all, older=found.older, looked=found.looked,
        )  # fmt: skip

    def _row(self, summary: TraceSummary) -> Row:
        return Row(summary, self._diagnosis(summary), self.prices.cost(summary.models) if self.prices else None)

    def _diagnosis(self, summary: TraceSummary) -> Diagnosis | None:
        """As it was made, also by earlier rules: it is shown until the new ones have had their turn."""
        return None if summary.version is None else self.store.diagnosis(summary.id, summary.version)

    def shown(self, trace_id: str, query: str = "") -> Shown:
        """A trace as its page shows it; raises UnknownTrace."""
        summary = self.summary(trace_id)
        try:
            newer, older = self.store.beside(summary.id, query)
        except BadQuery:
            query, (newer, older) = "", self.store.beside(summary.id)
        report = self.report(summary)
        outline = outline_data(self.store.outline(summary.id, most=FIRST_STEPS), report, summary)
        return Shown(
            report=report, summary=summary, outline=outline, feedback=self.store.feedback(summary.id), newer=newer, older=older,
            query=query, now_ns=time.time_ns(),
            cost=self._cost(summary, report),
        )  # fmt: skip

    def _cost(self, summary: TraceSummary, report: Report) -> Cost | None:
        """By the steps of the trace; of a large one, of which they are not all read, by what was counted with its diagnosis."""
        models = summary.models if summary.spans > LARGE else report.trace.usage_by_model
        return self.prices.cost(models) if self.prices else None

    def report(self, summary: TraceSummary, also: Sequence[str] = ()) -> Report:
        """The report on a trace; on a large one that of its root, the steps that the diagnosis names, and those in `also`."""
        if summary.spans > LARGE:
            return self._partial(summary, also)
        key = (summary.status, summary.duration_ns, summary.spans, summary.version, str(summary.scores))
        with self._lock:
            kept = self._reports.get(summary.id)
        if kept is not None and kept[0] == key and summary.duration_ns is not None:
            return kept[1]
        trace = self.store.get(summary.id)
        if is_running(summary, time.time_ns()):
            return report_of(trace)
        examined = examine(trace, self.store)
        report = report_of(trace, examined.scores, examined.diagnosis)
        with self._lock:
            self._reports[summary.id] = (key, report)
            while len(self._reports) > _KEPT_REPORTS:
                self._reports.popitem(last=False)
        return report

    def _partial(self, summary: TraceSummary, also: Sequence[str]) -> Report:
        diagnosis = self._diagnosis(summary)
        wanted = [*also]
        if diagnosis is not None:
            wanted += [cell.span_id for cell in diagnosis.strip[:200]]
            wanted += [suspect.step.span_id for suspect in diagnosis.suspects]
            wanted += [item.at.span_id for item in diagnosis.evidence if item.at]
        trace = self.store.part(summary.id, wanted)
        known = {span.id for span in trace.spans}
        current = current_scores(self.store.scores(summary.id), None)
        return report_of(trace, [score for score in current if score.span_id in known], diagnosis)

    def whole_report(self, trace_id: str) -> Report:
        """The report on all steps, however many there are; very many are not scored while somebody waits."""
        summary = self.summary(trace_id)
        if summary.spans > LARGE:
            trace = self.store.get(summary.id)
            current = current_scores(self.store.scores(summary.id), trace.content_hash)
            return report_of(trace, current, self._diagnosis(summary))
        examined = examine(self.store.get(summary.id), self.store)
        return report_of(examined.trace, examined.scores, examined.diagnosis)

    def comparison(self, before: str, after: str, *, everything: bool = False) -> Comparison:
        """Two traces, step by step."""
        return compare(self.report(self.summary(before)), self.report(self.summary(after)), everything=everything)

    def dashboard(self, query: str, span: str) -> Dashboard:
        """Figures over the traces that `query` finds, of the last hour, day, ..."""
        span = span if span in SPANS else _USUAL_SPAN
        seconds = SPANS[span][1]
        now = time.time_ns()
        try:
            since = None if seconds is None else now - seconds * 1_000_000_000
            figures = self.store.figures(query, since_ns=since, until_ns=now, pieces=_PIECES)
            return Dashboard(query, span, figures, cost=self.prices.cost(figures.models) if self.prices else None)
        except BadQuery as error:
            return Dashboard(query, span, None, problem=str(error))
        except StoreError:
            if self.path.exists() and self.path.stat().st_size:
                raise
            return Dashboard(query, span, None)

    def outline(self, trace_id: str) -> dict[str, Any]:
        """The tree of a trace, as the script draws it."""
        summary = self.summary(trace_id)
        return outline_data(self.store.outline(summary.id), self.report(summary), summary)


def _facets(counts: Sequence[Breakdown]) -> list[Facet]:
    """The counts by verdict, by weak link and by failure, the most first."""
    found: list[Facet] = []
    for field, values in (
        ("verdict", [(one.verdict or "none", one.traces) for one in counts]),
        ("step", [(one.step, one.traces) for one in counts if one.step]),
        ("failure", [(one.failure, one.traces) for one in counts if one.failure]),
    ):
        sums: dict[str, int] = {}
        for value, count in values:
            sums[value] = sums.get(value, 0) + count
        ordered = sorted(sums.items(), key=lambda pair: -pair[1])[:_MOST_FACETS]
        found += [Facet(field, value, count) for value, count in ordered]
    return found
