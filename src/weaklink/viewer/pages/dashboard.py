"""How the traces fared over time: broken by step and class, latency, tokens, scores; every mark leads to its traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from weaklink.prices import Cost
from weaklink.report.figures import cost_text, count_text, duration_text, share_text
from weaklink.report.html.elements import Html, element, join
from weaklink.store.figures import HISTOGRAM_BINS, Figures
from weaklink.viewer.pages.layout import href, problem

SPANS: dict[str, tuple[str, int | None]] = {
    "1h": ("hour", 3_600), "24h": ("day", 86_400), "7d": ("week", 604_800), "30d": ("month", 2_592_000), "all": ("all", None),
}  # fmt: skip
_VERDICTS = ("ok", "recovered", "degraded", "broken", "unknown", None)
_WIDTH, _HEIGHT = 720, 150
_MOST_CAUSES = 10
_FIRST_SCORES = ("relevance", "sufficiency", "groundedness", "answer_relevance")


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the page shows."""

    query: str
    span: str
    figures: Figures | None
    """None where nothing is recorded."""
    cost: Cost | None = None
    """What they cost; None where no prices are given."""
    problem: str = ""


def dashboard_page(shown: Dashboard) -> Iterator[Html]:
    """What stands in the main part."""
    yield element("div", element("h1", "Dashboard"), _spans(shown), class_="trace-head")
    figures = shown.figures
    if shown.problem:
        yield problem("That query cannot be read", shown.problem)
    elif figures is None or not figures.verdicts:
        more = element("p", element("a", "Show all", href=href("/dashboard", span="all")))
        yield problem("No traces in this time", shown.query or "Nothing was recorded then.", more)
    else:
        yield _totals(shown, figures)
        yield element(
            "div", _card("Verdicts", _verdicts(shown, figures)), _card("Why they broke", _causes(shown, figures)),
            _card("Latency", _latency(shown, figures)), _card("Tokens", _tokens(shown, figures)), class_="charts",
        )  # fmt: skip
        yield element("div", *(_card(name.replace("_", " "), _histogram(shown, figures, name)) for name in _score_names(figures)),
                      class_="charts small")  # fmt: skip


def _card(title: str, *parts: str) -> Html:
    return element("section", element("h2", title), *parts, class_="card chart")


def _spans(shown: Dashboard) -> Html:
    links = [
        element(
            "a",
            word,
            href=href("/dashboard", q=shown.query, span=span),
            aria_current="true" if span == shown.span else "",
        )
        for span, (word, _) in SPANS.items()
    ]
    return element("nav", *links, class_="actions", aria_label="Time")


def _totals(shown: Dashboard, figures: Figures) -> Html:
    by_verdict = {verdict: sum(n for _, found, n in figures.verdicts if found == verdict) for verdict in _VERDICTS}
    traces = sum(by_verdict.values())
    judged = traces - by_verdict[None]
    cost = shown.cost
    tokens = sum(tokens_in + tokens_out for _, tokens_in, tokens_out in figures.tokens)
    boxes = [
        ("traces", f"{traces:,}", ""),
        ("broken", share_text(by_verdict["broken"] / judged) if judged else "none judged", "verdict:broken"),
        ("not sure", share_text(by_verdict["unknown"] / judged) if judged else "", "verdict:unknown"),
        ("not diagnosed yet", f"{by_verdict[None]:,}" if by_verdict[None] else "", "verdict:none"),
        ("tokens", count_text(tokens) if tokens else "", ""),
        ("cost" if cost.usd is not None else cost.reason, cost_text(cost.usd) or "no cost", "")
        if cost
        else ("", "", ""),
    ]
    return element(
        "div",
        *(
            element(
                "a",
                element("strong", value),
                element("span", name, class_="soft"),
                href=_list(shown, figures, clause),
                class_="total",
            )
            for name, value, clause in boxes
            if value
        ),
        class_="totals",
    )


def _list(shown: Dashboard, figures: Figures, clause: str = "", piece: int | None = None) -> str:
    """The list of the traces behind a mark."""
    length = max(1, -(-(figures.until_ns - figures.since_ns) // figures.pieces))
    since = figures.since_ns + (piece or 0) * length
    until = since + length if piece is not None else figures.until_ns
    return href("/", q=" ".join(filter(None, (shown.query, clause, f"since:{_time(since)}", f"until:{_time(until)}"))))


def _time(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _place(figures: Figures, piece: int) -> tuple[str, str]:
    """Left edge and width of a piece's column."""
    width = _WIDTH / figures.pieces
    return f"{piece * width:.2f}", f"{max(1.0, width - 1.5):.2f}"


def _svg(figures: Figures, label: str, *marks: str) -> Html:
    """The drawing with its line of time below."""
    drawing = element(
        "svg", *marks, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", preserveAspectRatio="none", role="img", aria_label=label
    )
    ends = [element("span", _date(moment)) for moment in (figures.since_ns, figures.until_ns)]
    return join(drawing, element("div", *ends, class_="ends soft"))


def _date(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9).strftime("%d %b %H:%M")


def _verdicts(shown: Dashboard, figures: Figures) -> Html:
    columns: dict[int, dict[str | None, int]] = {}
    for piece, verdict, count in figures.verdicts:
        columns.setdefault(piece, {})[verdict] = count
    highest = max(sum(column.values()) for column in columns.values())
    marks: list[Html] = []
    for piece, column in sorted(columns.items()):
        top = float(_HEIGHT)
        for verdict in _VERDICTS:
            if not (count := column.get(verdict)):
                continue
            height = count / highest * _HEIGHT
            top -= height
            x, width = _place(figures, piece)
            name = verdict or "none"
            bar = element("rect", element("title", f"{count} {verdict or 'not diagnosed'}"), x=x, y=f"{top:.2f}", width=width,
                          height=f"{height:.2f}", class_=f"v-{name}")  # fmt: skip
            marks.append(element("a", bar, href=_list(shown, figures, f"verdict:{name}", piece)))
    there = [verdict for verdict in _VERDICTS if any(found == verdict for _, found, _ in figures.verdicts)]
    legend = element(
        "p",
        *(element("span", verdict or "not diagnosed", class_=f"dot {verdict or ''}") for verdict in there),
        class_="legend soft",
    )
    return join(_svg(figures, f"Verdicts over time, at most {highest} traces", *marks), legend)


def _causes(shown: Dashboard, figures: Figures) -> Html:
    sums: dict[tuple[str, str], int] = {}
    for _, step, failure, count in figures.weak_links:
        sums[step, failure] = sums.get((step, failure), 0) + count
    if not sums:
        return element("p", "Nothing broke.", class_="empty")
    highest = max(sums.values())
    rows = [
        element(
            "tr",
            element("td", element("a", element("strong", step), " ", element("code", failure),
                                  href=_list(shown, figures, f'step:"{step}" failure:{failure}'))),
            element("td", element("svg", element("rect", width=f"{count / highest * 100:.1f}", height="10", x="0", y="0"),
                                  viewBox="0 0 100 10", preserveAspectRatio="none", class_="share", aria_hidden="true")),
            element("td", f"{count:,}", class_="n"),
        )
        for (step, failure), count in sorted(sums.items(), key=lambda item: -item[1])[:_MOST_CAUSES]
    ]  # fmt: skip
    return element("table", element("tbody", *rows), class_="causes")


def _latency(shown: Dashboard, figures: Figures) -> Html:
    if not figures.latencies:
        return element("p", "No call has ended.", class_="empty")
    highest = max(p95 for *_, p95 in figures.latencies) or 1
    marks: list[Html] = []
    for piece, p50, p95 in sorted(figures.latencies):
        x, width = _place(figures, piece)
        for class_, value in (("p95", p95), ("p50", p50)):
            height = max(1.0, value / highest * _HEIGHT)
            marks.append(
                element("rect", x=x, y=f"{_HEIGHT - height:.2f}", width=width, height=f"{height:.2f}", class_=class_)
            )
        said = element("title", f"p50 {duration_text(p50)}, p95 {duration_text(p95)}")
        whole = element("rect", said, x=x, y="0", width=width, height=str(_HEIGHT), class_="hit")
        marks.append(element("a", whole, href=_list(shown, figures, f"latency:>{p50 // 1_000}us", piece)))
    words = [element("span", "p50", class_="dot p50")]
    words.append(element("span", f"p95, at most {duration_text(highest)}", class_="dot p95"))
    legend = element("p", *words, class_="legend soft")
    return join(_svg(figures, f"Latency over time, p95 at most {duration_text(highest)}", *marks), legend)


def _tokens(shown: Dashboard, figures: Figures) -> Html:
    highest = max((tokens_in + tokens_out for _, tokens_in, tokens_out in figures.tokens), default=0)
    if not highest:
        return element("p", "No provider reported any.", class_="empty")
    marks: list[Html] = []
    for piece, tokens_in, tokens_out in sorted(figures.tokens):
        x, width = _place(figures, piece)
        top = float(_HEIGHT)
        for class_, value in (("tokens-in", tokens_in), ("tokens-out", tokens_out)):
            height = value / highest * _HEIGHT
            top -= height
            marks.append(element("rect", x=x, y=f"{top:.2f}", width=width, height=f"{height:.2f}", class_=class_))
        said = element("title", f"{count_text(tokens_in)} in, {count_text(tokens_out)} out")
        marks.append(element("a", element("rect", said, x=x, y="0", width=width, height=str(_HEIGHT), class_="hit"),
                             href=_list(shown, figures, "tokens:>0", piece)))  # fmt: skip
    legend = element(
        "p",
        element("span", "in", class_="dot tokens-in"),
        element("span", "out", class_="dot tokens-out"),
        class_="legend soft",
    )
    return join(_svg(figures, f"Tokens over time, at most {count_text(highest)}", *marks), legend)


def _score_names(figures: Figures) -> Sequence[str]:
    there = dict.fromkeys(name for name, _, _ in figures.scores)
    return [*(name for name in _FIRST_SCORES if name in there), *(name for name in there if name not in _FIRST_SCORES)][
        :12
    ]


def _histogram(shown: Dashboard, figures: Figures, name: str) -> Html:
    """How many traces have their lowest score in which tenth."""
    counts = {place: count for found, place, count in figures.scores if found == name}
    highest = max(counts.values())
    marks: list[Html] = []
    for place, count in sorted(counts.items()):
        low, high = place / HISTOGRAM_BINS, (place + 1) / HISTOGRAM_BINS
        height = max(1.5, count / highest * 60)
        said = element("title", f"{count:,} traces with {low:.1f} to {high:.1f}")
        class_ = "high" if place >= 7 else "middle" if place >= 4 else "low"
        bar = element(
            "rect",
            said,
            x=str(place * 20 + 1),
            y=f"{60 - height:.1f}",
            width="18",
            height=f"{height:.1f}",
            class_=class_,
        )
        marks.append(element("a", bar, href=_list(shown, figures, f"{name}:{low:.1f}..{high:.1f}")))
    drawing = element(
        "svg",
        *marks,
        viewBox="0 0 200 60",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{name} of all traces",
        class_="histogram",
    )
    return join(drawing, element("div", element("span", "0"), element("span", "1"), class_="ends soft"))
