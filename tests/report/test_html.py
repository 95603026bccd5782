"""The page: nothing in it runs or loads anything, whatever a trace holds (promise S3)."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from weaklink.model import Score
from weaklink.report import render_html, report_of
from weaklink.testing import blame, build, document

PAYLOADS = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<!--", "-->", "]]>", "<![CDATA[", "&lt;script&gt;", "\x00<scr\x00ipt>", "<base href=//evil.example>", "<form action=//evil.example>",
]  # fmt: skip
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "p", "span", "a", "code", "ol", "ul",
    "li", "dl", "dt", "dd", "mark", "q", "br", "pre", "div", "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
    "small", "strong", "footer", "svg", "rect",
}  # fmt: skip
ATTRIBUTES = {
    "class", "id", "href", "title", "scope", "lang", "charset", "name", "content", "http-equiv", "data-step", "data-at", "aria-label",
    "aria-hidden", "colspan", "x", "y", "width", "height", "viewbox", "preserveaspectratio",
}  # fmt: skip


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href"]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_shown_and_does_nothing(payload):
    trace = build(
        "root:chain > search:retriever, write:llm!",
        payload,
        payload,
        root={"name": payload, "metadata": {payload: payload}},
        search={
            "name": payload,
            "documents": [document(payload, payload, id=payload)],
            "attributes": {"template": payload},
        },
        write={"name": payload, "output": payload, "error": payload, "id": payload},
    )
    scores = [Score(span_id=trace.spans[1].id, name=payload, value=0.5, reason=payload)]
    page = Page(
        render_html(report_of(trace, scores, blame(trace, "broken", payload, payload, payload, advice=payload)))
    )
    assert page.tags <= ALLOWED
    assert page.attributes <= ATTRIBUTES
    assert all(link.startswith("#") for link in page.links)
    assert "".join(payload.split()).replace("\x00", "\\x00") in "".join("".join(page.words).split())


def test_the_page_stands_alone_and_forbids_the_rest(dropped):
    text = render_html(dropped)
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'".replace(
        "'", "&#x27;"
    )
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in text
    assert "style=" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text


def test_every_link_on_the_page_leads_to_a_step(dropped):
    page = Page(render_html(dropped))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids)) == len(dropped.trace.spans)


def test_the_page_says_what_the_terminal_says(example):
    _, report = example
    words = " ".join(" ".join(Page(render_html(report)).words).split())
    assert report.diagnosis.summary in words
    assert report.diagnosis.verdict.upper() in words
    assert all(span.name in words for span in report.trace.spans)
