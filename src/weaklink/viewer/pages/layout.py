"""What stands around every page: head, top bar, search, and the list of keys."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from weaklink.query import FIELDS
from weaklink.report.html.elements import Html, element, join, void

KEYS = (
    ("j  k", "next, previous"),
    ("Enter", "open the trace, unfold the step"),
    ("← →", "fold, unfold"),
    ("[  ]", "newer, older trace"),
    ("e", "next evidence"),
    ("a", "all steps, or only your own"),
    ("x", "choose a trace to compare"),
    ("d", "compare with the chosen trace"),
    ("/", "search"),
    ("g t  g d", "traces, dashboard"),
    ("?", "this list"),
)


def page(
    title: str, *main: str, csrf: str, version: str = "", active: str = "", query: str = "", wide: bool = False
) -> str:
    """The whole page around `main`; `version` is that of the store when `main` was read, so that the page sees what is newer."""
    head = join(
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="referrer", content="no-referrer"),
        void("meta", name="color-scheme", content="light dark"),
        void("meta", name="csrf", content=csrf),
        void("meta", name="version", content=version) if version else "",
        element("title", f"{title} · Weaklink"),
        void("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        void("link", rel="stylesheet", href="/static/page.css"),
        void("link", rel="stylesheet", href="/static/viewer.css"),
        element("script", src="/static/viewer.js", type="module"),
    )
    skip = element("a", "Skip to the content", href="#main", class_="skip")
    body = element(
        "body",
        skip,
        _bar(active, query),
        element("main", *main, id="main", tabindex="-1", class_="wide" if wide else ""),
        _keys(),
        element("div", id="said", class_="toast", role="status", aria_live="polite"),
    )
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n{body}\n</html>\n'


def _bar(active: str, query: str) -> Html:
    brand = element("a", void_image(), element("span", "Weaklink"), href="/", class_="brand")
    links = [
        element("a", name, href=href, aria_current="page" if name == active else "")
        for name, href in (("Traces", "/"), ("Dashboard", "/dashboard"))
    ]
    field = void(
        "input", type="search", name="q", value=query, id="q", autocomplete="off", spellcheck="false",
        placeholder='verdict:broken step:retriever "refund policy"', aria_label="Search traces", maxlength="2000",
    )  # fmt: skip
    search = element("form", field, element("kbd", "/"), role="search", action="/", method="get", class_="search")
    help_ = element(
        "button", "?", type="button", id="help", aria_label="Keys and query fields", title="Keys and query fields (?)"
    )
    return element("header", brand, element("nav", *links, aria_label="Pages"), search, help_, class_="bar")


def void_image() -> Html:
    """The sign: a chain whose middle link is open."""
    return void("img", src="/static/icon.svg", alt="", width="20", height="20")


def _keys() -> Html:
    keys = [join(element("dt", element("kbd", key)), element("dd", meaning)) for key, meaning in KEYS]
    fields = [
        join(element("dt", element("code", f"{field.name}:{field.example}")), element("dd", field.meaning))
        for field in FIELDS.values()
    ]
    scores = join(element("dt", element("code", "relevance:<0.3")), element("dd", "lowest score of any step; also sufficiency, "
                  "groundedness, answer_relevance, and each score that the store has"))  # fmt: skip
    more = "All clauses must hold. Commas give alternatives, * stands for anything, none for a missing value, - turns a clause round."
    close = element("form", element("button", "Close", type="submit"), method="dialog")
    return element(
        "dialog",
        element("h2", "Keys"), element("dl", *keys),
        element("h2", "Queries"), element("p", 'verdict:broken step:retriever relevance:<0.3 latency:>2s "refund policy"', class_="mono"),
        element("p", more, class_="soft"), element("dl", *fields, scores), close,
        id="keys", aria_label="Keys and query fields",
    )  # fmt: skip


def href(path: str, **parameters: str | None) -> str:
    """A link to a page of the viewer with the parameters that have a value."""
    given = {name: value for name, value in parameters.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def problem(title: str, text: str, *more: str) -> Html:
    """Something that cannot be shown, and what to do."""
    return element("section", element("h1", title), element("p", text), *more, class_="problem")


def joined(parts: Iterable[str]) -> Html:
    """All parts, one after the other."""
    return join(*parts)
