"""The list of traces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from weaklink.model import Diagnosis
from weaklink.prices import Cost
from weaklink.report.clean import one_line
from weaklink.report.figures import age_text, confidence_text, cost_text, count_text, duration_text
from weaklink.report.html.elements import Html, element, join, void
from weaklink.report.html.verdict import strip_in_miniature
from weaklink.store.protocol import TraceSummary
from weaklink.viewer.pages.layout import href, problem

PAGE_SIZE = 50
_LONGEST = 240
_LONGEST_RUN_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A trace in the list."""

    summary: TraceSummary
    diagnosis: Diagnosis | None
    cost: Cost | None
    """None where no prices are given."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One value that the list can be narrowed to."""

    field: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list."""

    query: str
    is_first: bool
    store: str
    is_diagnosing: bool
    """Some traces still wait for their diagnosis."""
    now_ns: int
    rows: Sequence[Row] = ()
    facets: Sequence[Facet] = ()
    counted_all: bool = True
    """The facets' counts are of all traces; else of the newest few thousand."""
    older: str | None = None
    """Id of the trace to page on from; None on the last page."""
    looked: int | None = None
    """The page is not full because time was over after so many traces; None where it was not."""
    problem: str = ""
    """Why the query cannot be answered."""


def traces_page(listing: Listing) -> list[Html]:
    """What stands in the main part."""
    return [
        element("div", _facets(listing), element("section", *_list(listing), class_="list", id="list"), class_="traces")
    ]


def _list(listing: Listing) -> Iterable[Html]:
    if listing.problem:
        yield problem(
            "That query cannot be read", listing.problem, element("p", element("a", "Show all traces", href="/"))
        )
        return
    yield _above(listing)
    if listing.rows:
        yield _table(listing)
        yield _pager(listing)
    elif listing.looked:
        yield _nothing_yet(listing)
    elif listing.query:
        yield _nothing_fits(listing)
    else:
        yield how_to_attach(listing.store)


def _above(listing: Listing) -> Html:
    parts: list[str] = []
    if listing.is_diagnosing:
        parts.append(element("span", "diagnosing traces …", class_="soft", id="diagnosing"))
    return element("div", *parts, class_="above")


def _table(listing: Listing) -> Html:
    titles = (("", "pick"), ("Verdict", "verdict-cell"), ("Question", "question"), ("Weak link", "link"), ("Steps", "strip-cell"),
              ("Time", "n"), ("Tokens", "n tokens"), *((("Cost", "n cost"),) if _has_cost(listing) else ()), ("Age", "n age"))  # fmt: skip
    head = element("tr", *(element("th", title, class_=class_, scope="col") for title, class_ in titles))
    rows = [_row(row, listing) for row in listing.rows]
    return element("table", element("thead", head), element("tbody", *rows, id="rows"), class_="runs")


def _has_cost(listing: Listing) -> bool:
    return any(row.cost is not None for row in listing.rows)


def _row(row: Row, listing: Listing) -> Html:
    summary, diagnosis = row.summary, row.diagnosis
    asked = one_line((diagnosis.question if diagnosis else "") or summary.question)[:_LONGEST]
    link = element(
        "a", asked or one_line(summary.name), href=href(f"/traces/{summary.id}", q=listing.query), class_="open"
    )
    tags = [element("a", one_line(tag), href=href("/", q=f'tag:"{tag}"'), class_="tag") for tag in summary.tags[:4]]
    name = element("span", one_line(summary.name), class_="soft name")
    pick = void(
        "input", type="checkbox", class_="pick-box", value=summary.id, aria_label=f"Compare: {asked or summary.name}"
    )
    tokens = count_text(summary.usage.total_tokens if summary.usage else None)
    return element(
        "tr",
        element("td", pick, class_="pick"),
        element("td", _pill(row, listing.now_ns), class_="verdict-cell"),
        element("td", link, element("div", name, *tags, class_="under"), class_="question"),
        element("td", *_weak_link(row), class_="link"),
        element(
            "td", strip_in_miniature(diagnosis.strip) if diagnosis and diagnosis.strip else "", class_="strip-cell"
        ),
        element("td", duration_text(summary.duration_ns), class_="n"),
        element("td", tokens, class_="n tokens"),
        element("td", cost_text(row.cost.usd) or "–", class_="n cost", title=row.cost.reason) if row.cost else "",
        element("td", age_text(summary.start_ns, listing.now_ns), class_="n age"),
        data_id=summary.id,
    )


def _pill(row: Row, now_ns: int) -> Html:
    summary = row.summary
    if row.diagnosis is not None:
        return element("span", row.diagnosis.verdict, class_=f"pill {row.diagnosis.verdict}")
    if summary.duration_ns is None:
        return element("span", "running" if is_running(summary, now_ns) else "never ended", class_="pill waiting")
    return element("span", "…", class_="pill waiting", title="not diagnosed yet")


def is_running(summary: TraceSummary, now_ns: int) -> bool:
    """Whether the call goes on; of one that never ended nobody knows, but after an hour it is not to be expected."""
    is_recent = now_ns - summary.start_ns < _LONGEST_RUN_NS
    return summary.duration_ns is None and summary.status == "incomplete" and is_recent


def _weak_link(row: Row) -> Iterable[Html]:
    diagnosis = row.diagnosis
    if diagnosis is None:
        return
    if diagnosis.culprit is not None:
        step = diagnosis.culprit.role or one_line(diagnosis.culprit.name)
        yield element("span", step, class_="step")
        yield element("div", join(element("code", one_line(diagnosis.failure or "")), " ",
                      element("span", confidence_text(diagnosis.confidence), class_="soft")), class_="under")  # fmt: skip
    elif row.summary.status not in ("ok", "error"):
        yield element("span", row.summary.status, class_="soft")


def _pager(listing: Listing) -> Html:
    parts: list[str] = []
    if not listing.is_first:
        parts.append(element("a", "Newest", href=href("/", q=listing.query)))
    if listing.looked:
        parts.append(element("span", f"looked through {listing.looked:,} traces", class_="soft"))
    if listing.older:
        parts.append(_older(listing, "Look further" if listing.looked else "Older"))
    return element("nav", *parts, class_="pager", aria_label="Pages of the list") if parts else Html("")


def _older(listing: Listing, title: str) -> Html:
    return element("a", title, href=href("/", q=listing.query, before=listing.older), rel="next", id="older")


def _nothing_yet(listing: Listing) -> Html:
    where = "newest traces" if listing.is_first else "next older traces"
    return problem(
        f"None of the {listing.looked:,} {where} fits", listing.query,
        element("p", _older(listing, "Look further")),
        element("p", element("a", "Show all traces", href="/")),
    )  # fmt: skip


def _nothing_fits(listing: Listing) -> Html:
    more = (
        "Traces whose diagnosis is not ready yet cannot fit a clause about verdicts or scores."
        if listing.is_diagnosing
        else ""
    )
    return problem(
        "No trace fits", listing.query,
        element("p", more, class_="soft") if more else "",
        element("p", element("a", "Show all traces", href="/")),
    )  # fmt: skip


def how_to_attach(store: str) -> Html:
    """What to do while there is nothing to see."""
    code = (
        "from weaklink_langchain import WeaklinkCallbackHandler\n\n"
        'chain.invoke(question, config={"callbacks": [WeaklinkCallbackHandler()]})'
    )
    other = (
        "from weaklink_llama_index import WeaklinkCallbackHandler\n\n"
        "with WeaklinkCallbackHandler().attached():\n    query_engine.query(question)"
    )
    return element(
        "section",
        element("h1", "Nothing is recorded yet"),
        element("p", "Attach Weaklink to your chain and run it. The trace appears here by itself."),
        element("h2", "LangChain and LangGraph"), element("pre", code),
        element("h2", "LlamaIndex"), element("pre", other),
        element("h2", "No chain at hand"), element("pre", "weaklink demo --llm scripted"),
        element("p", "Looking at ", element("code", store), class_="soft"),
        class_="problem empty-store",
    )  # fmt: skip


def _facets(listing: Listing) -> Html:
    groups: dict[str, list[Facet]] = {}
    for facet in listing.facets:
        groups.setdefault(facet.field, []).append(facet)
    titles = {"verdict": "Verdict", "step": "Weak link", "failure": "Failure", "feedback": "Feedback"}
    parts = [
        join(element("h2", titles.get(field, field)), element("ul", *(_facet(facet, listing) for facet in facets)))
        for field, facets in groups.items()
    ]
    return element("aside", *parts, class_="facets", aria_label="Filters", id="facets")


def _facet(facet: Facet, listing: Listing) -> Html:
    query = listing.query
    clause = (
        f"{facet.field}:{facet.value}" if facet.value.replace("_", "").isalnum() else f'{facet.field}:"{facet.value}"'
    )
    token = re.compile(rf"(?<!\S){re.escape(clause)}(?!\S)")
    is_on = token.search(query) is not None
    wanted = " ".join(token.sub("", query).split(" ")).strip() if is_on else f"{query} {clause}".strip()
    name = element(
        "span", facet.value.replace("_", " "), class_=f"dot {facet.value}" if facet.field == "verdict" else ""
    )
    count = (
        element("span", f"{facet.count:,}", class_="n soft")
        if listing.counted_all
        else element("span", f"{facet.count:,}+", class_="n soft", title="counted among the newest that fit")
    )
    current = "true" if is_on else ""
    return element("li", element("a", name, count, href=href("/", q=wanted), aria_current=current))
