"""The viewer in a real browser: every way of using it, nothing from a trace runs, no request leaves the machine."""

import re
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from weaklink import open_store
from weaklink.examine import examine
from weaklink.model import Span, Trace
from weaklink.recorder import Recorder
from weaklink.report import render_html, report_of
from weaklink.settings import Settings
from weaklink.testing import build
from weaklink.testing.calls import new_key
from weaklink.viewer.app import create_app

from .conftest import RIGHT, STANDBY, TOKEN, WRONG, answered
from .payloads import PAYLOADS

expect.set_options(timeout=20_000)  # a busy machine is slow, and nothing here is a matter of time
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")


class Viewer:
    """A running server, and what its pages did."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.requests: list[str] = []
        self.complaints: list[str] = []
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        app: Any = create_app(store, token=TOKEN, port=port)
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listening]}, daemon=True)
        self.thread.start()

    def watch(self, page: Page) -> None:
        """Note what the page asks for, and each error of it."""

        def asked(request: Request) -> None:
            self.requests.append(request.url)

        def logged(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(message.text)

        page.on("request", asked)
        page.on("console", logged)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def viewer(filled: Path) -> Iterator[Viewer]:
    store = open_store(filled)
    for trace in store.traces():
        examine(trace, store)
    made = Viewer(filled)
    yield made
    made.stop()
    assert made.complaints == []
    assert all(url.startswith((made.base, "data:")) for url in made.requests)


@pytest.fixture
def page(viewer: Viewer, browser: Browser) -> Iterator[Page]:
    """The list, logged in."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    made = context.new_page()
    made.set_default_timeout(20_000)
    viewer.watch(made)
    made.goto(f"{viewer.base}/?token={TOKEN}")
    yield made
    context.close()


def test_from_the_list_to_the_broken_step_and_its_evidence(page: Page, viewer: Viewer):
    assert "token" not in page.url
    page.get_by_role("link", name="broken").first.click()
    expect(page.locator("#rows tr")).to_have_count(1)
    page.locator("#rows .open").click()
    expect(page.locator(".verdict h1")).to_contain_text("BROKEN at generate: write contradicted")
    expect(page.locator(".panel-head h2")).to_have_text("write")
    expect(page.locator(".step-row.weak")).to_contain_text("write")
    page.locator("a[data-at^='documents.0']").first.click()
    expect(page.locator(".panel-head h2")).to_have_text("search")
    marked = page.locator("#panel mark.at")
    expect(marked).to_be_visible()
    assert marked.inner_text() in STANDBY
    assert re.search(r"#s\w+/documents\.0:\d+:\d+$", page.url)
    page.reload()
    expect(page.locator("#panel mark.at")).to_be_visible()


def test_the_tree_folds_hides_the_frameworks_own_steps_and_is_walked_with_keys(page: Page, viewer: Viewer):
    page.goto(f"{viewer.base}/traces/{WRONG.id}")
    expect(page.locator("#tree-count")).to_have_text("4 of 5 steps shown")
    names = page.locator(".step-row .title")
    expect(names).to_have_text(["handbook", "search", "fill", "write"])
    page.keyboard.press("a")
    expect(names).to_have_text(["handbook", "search", "fill", "glue", "write"])
    page.keyboard.press("k")
    expect(page.locator(".panel-head h2")).to_have_text("glue")
    page.locator("#tree").focus()
    page.keyboard.press("ArrowLeft")
    expect(names).to_have_text(["handbook", "search", "fill", "glue"])
    page.keyboard.press("Home")
    expect(page.locator('.step-row[aria-selected="true"] .title')).to_have_text("handbook")
    page.keyboard.press("Enter")
    expect(names).to_have_text(["handbook"])


def test_a_long_value_is_bounded_until_a_key_opens_it(page: Page, viewer: Viewer):
    tools = [{"name": f"lookup_{n}", "description": "Looks up what the handbook says. " * 6} for n in range(120)]
    trace = build(
        "agent:chain > write:llm", "What is it?", "That.", trace_id=0xD4,
        write={"input": "What is it?", "model": {"name": "small-1", "parameters": {"temperature": 0.2, "tools": tools}}},
    )  # fmt: skip
    store = open_store(viewer.store)
    store.write([trace])
    store.close()
    page.goto(f"{viewer.base}/traces/{trace.id}")
    page.locator(".step-row", has_text="write").click()
    facts = page.locator("#panel dl.facts").first
    expect(facts).to_contain_text("Show all (30 kB)")

    def height() -> float:
        return facts.evaluate("facts => facts.getBoundingClientRect().height")

    assert height() < 200
    opener = facts.locator("summary")
    opener.focus()
    page.keyboard.press("Enter")
    whole = facts.locator("details pre")
    expect(whole).to_be_visible()
    expect(whole).to_contain_text("lookup_119")
    expect(facts.locator(".beginning")).to_be_hidden()
    assert height() < 700  # it scrolls within itself
    page.keyboard.press("Tab")
    expect(whole).to_be_focused()
    page.keyboard.press("End")
    page.wait_for_function("() => document.activeElement.scrollTop > 1000")
    opener.press(" ")
    expect(whole).to_be_hidden()
    expect(facts.locator(".beginning")).to_be_visible()


def test_keys_lead_through_the_list_and_to_the_search(page: Page, viewer: Viewer):
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#rows tr.at .open")).to_contain_text("largest room")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    # A page's address is there before its script, and a key that is pressed in between is lost.
    expect(page).to_have_url(re.compile(f"/traces/{WRONG.id}"))
    page.wait_for_load_state()
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile(f"/traces/{RIGHT.id}"))
    page.wait_for_load_state()
    page.keyboard.press("[")
    expect(page).to_have_url(re.compile(f"/traces/{WRONG.id}"))
    page.wait_for_load_state()
    expect(page.locator(".step-row").first).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#panel mark.at")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("verdict:ok")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(page.locator("#q")).to_have_value("verdict:ok")


def test_two_traces_are_chosen_and_compared(page: Page, viewer: Viewer):
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(".compare-bar")).to_contain_text("2 traces chosen")
    page.keyboard.press("d")
    expect(page.locator("h1").first).to_have_text("Compare")
    expect(page.locator(".pill.lost").first).to_be_visible()


def test_feedback_is_stored_and_shown_again(page: Page, viewer: Viewer):
    page.goto(f"{viewer.base}/traces/{WRONG.id}")
    expect(page.locator(".step-row").first).to_be_visible()
    page.get_by_role("button", name="A bad answer").click()
    expect(page.get_by_role("button", name="A bad answer")).to_have_attribute("aria-pressed", "true")
    page.get_by_text("Label this step").click()
    page.get_by_role("button", name="This step broke the answer").click()
    expect(page.locator("#said")).to_have_text("Saved")
    page.locator(".step-row", has_text="search").click()
    expect(page.locator("#panel .label-row")).not_to_have_count(0)  # the panel of the other step is gone
    page.get_by_text("Label this step").click()
    page.locator(".label-row").first.get_by_role("button", name="of use").click()
    expect(page.locator('.label-row [aria-pressed="true"]')).to_have_count(1)
    page.get_by_text("Correct the answer").click()
    page.locator("#corrected").fill("45 euros for a weekday night.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#lineage")).to_contain_text("exact: the claims of the reference answer")
    page.reload()
    expect(page.get_by_role("button", name="A bad answer")).to_have_attribute("aria-pressed", "true")
    said = {(one.name, one.value, one.document) for one in open_store(viewer.store).feedback(WRONG.id)}
    assert said == {("thumbs", "down", None), ("broken_step", True, None), ("document", "relevant", 0),
                    ("corrected_answer", "45 euros for a weekday night.", None)}  # fmt: skip
    page.goto(f"{viewer.base}/?q=feedback:down")
    expect(page.locator("#rows tr")).to_have_count(1)


def test_a_new_trace_appears_by_itself_while_it_runs_and_is_diagnosed_when_it_ends(page: Page, viewer: Viewer):
    expect(page.locator("#rows tr")).to_have_count(2)
    recorder = Recorder(viewer.store, Settings(flush_interval_ms=20))
    try:
        root = recorder.start(new_key(), None, "slow chain", "chain")
        root.input = {"question": "How long does it take?"}
        recorder.finish(recorder.start(new_key(), root.key, "search", "retriever"))
        expect(page.locator(".pill.waiting")).to_have_text("running")
        page.locator("#rows .open").first.click()
        expect(page.locator("#waiting")).to_contain_text("Still running")
        expect(page.locator(".step-row .title").first).to_have_text("slow chain")
        root.output = "Long."
        recorder.finish(root)
        expect(page.locator("#waiting")).to_have_count(0)
        expect(page.locator(".verdict .word")).to_be_visible()
    finally:
        recorder.close(1.0)


@pytest.mark.parametrize("width", [480, 1280, 2560])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_the_window_and_all_text_can_be_read(
    viewer: Viewer, browser: Browser, width: int, scheme: Any
):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    viewer.watch(page)
    page.goto(f"{viewer.base}/?token={TOKEN}")
    for path in ("/", f"/traces/{WRONG.id}", f"/diff?a={RIGHT.id}&b={WRONG.id}", "/dashboard?span=all"):
        page.goto(viewer.base + path)
        if "traces" in path:
            expect(page.locator(".step-row").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRASTS) == []
    context.close()


# Text of which the contrast to what lies behind it is below 4.5 (WCAG 2.2, 1.4.3); large text may have 3.
CONTRASTS = """() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return c.startsWith('color(srgb') ? [m[0]*255, m[1]*255, m[2]*255, m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1]; };
  const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const behind = (e) => { const layers = []; for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 0) layers.push(c); if (c[3] >= 1) break; }
    return layers.reduceRight((under, [r, g, b, a]) => under.map((v, i) => v * (1 - a) + [r, g, b][i] * a), [255, 255, 255]); };
  const bad = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.closest('svg, dialog, .skip, .toast, noscript, title')) continue;
    const style = getComputedStyle(e), [a, b] = [light(parse(style.color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05), isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) bad.push(`${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return bad.slice(0, 10);
}"""  # noqa: E501


def test_every_control_has_a_name_and_focus_is_seen(page: Page, viewer: Viewer):
    page.goto(f"{viewer.base}/traces/{WRONG.id}")
    expect(page.locator(".step-row").first).to_be_visible()
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, textarea, a[href]')]"
        ".filter((e) => !(e.ariaLabel || e.textContent.trim() || e.title)).map((e) => e.outerHTML)"
    )
    assert nameless == []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.querySelectorAll('main').length") == 1
    rows = page.locator('#tree [role="treeitem"]')
    assert rows.first.get_attribute("aria-level") == "1"


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_no_payload_in_any_field_does_anything(viewer: Viewer, browser: Browser, is_long: bool):
    assert len(PAYLOADS) >= 500 if is_long else 200
    store = open_store(viewer.store)
    traces = [poisoned(number, payload) for number, payload in enumerate(PAYLOADS)]
    store.write(traces)
    context = browser.new_context()
    page = context.new_page()
    hits: list[str] = []
    mine = (viewer.base, "file:", "data:image")
    page.on("dialog", lambda dialog: hits.append(dialog.message))
    page.on("request", lambda request: hits.append(request.url) if not request.url.startswith(mine) else None)
    page.goto(f"{viewer.base}/?token={TOKEN}")

    def look(path: str) -> None:
        page.goto(path if path.startswith("file:") else viewer.base + path)
        assert page.evaluate("[window.hit, !document.body]") == [None, False]
        assert page.url.startswith((viewer.base, "file:"))

    older: str | None = "/"
    while older:
        look(older)
        older = page.locator("#older").get_attribute("href") if page.locator("#older").count() else None
    look("/dashboard?span=all")
    saved = viewer.store.parent / "report.html"
    for number, trace in enumerate(traces):
        look(f"/traces/{trace.id}")
        expect(page.locator(".step-row").first).to_be_visible()
        for step in trace.spans[1:5:3]:
            look(f"/traces/{trace.id}/steps/{step.id}")
        if number % 9 == 0:
            look(f"/diff?a={trace.id}&b={traces[number - 1].id}")
            look(f"/?q={quote(PAYLOADS[number])}")
            saved.write_text(render_html(report_of(trace)), encoding="utf-8")
            look(saved.as_uri())
    context.close()
    print(f"S3: {len(PAYLOADS)} payloads in every text field of a trace: {len(hits)} did anything in a real browser")
    assert hits == []


def poisoned(number: int, text: str) -> Trace:
    """A trace with this text in every field that holds text."""
    trace = answered(text, text, text, 0x5000 + number, 10 + number)
    root, search, fill, glue, write = trace.spans
    message = {"$type": "message", "role": text, "content": text, "tool_calls": [{"name": text, "args": {text: text}}]}
    document = {"content": text, "id": text, "score": 0.5, "score_kind": text, "metadata": {"source": text, text: text}}
    model = {"name": text, "provider": text, "parameters": {text: text}, "finish_reason": text}
    error = {"type": text, "message": text, "causes": (text,), "stack": (text,)}
    rest = {"name": text, "tags": (text,), "metadata": {text: text}, "notes": (text,)}
    changes: list[dict[str, Any]] = [
        {"attributes": {text: text}},
        {"documents": (document,)},
        {"attributes": {"template": f"{{context}} {text}", "variables": {text: text}}},
        {"kind": "tool", "input": {text: text}, "output": [text, {text: text}]},
        {"status": "error", "error": error, "model": model, "input": [message]},
    ]
    spans = zip((root, search, fill, glue, write), changes, strict=True)
    return Trace.of(Span.model_validate(span.model_dump() | rest | change) for span, change in spans)


def test_a_trace_with_thousands_of_steps_opens_and_is_walked(page: Page, viewer: Viewer):
    store = open_store(viewer.store)
    tree = "agent > " + ", ".join(f"(round:chain* > think{n}:llm, call{n}:tool)" for n in range(800))
    store.write([build(tree, "A long run?", "Done.", trace_id=0x9999)])
    page.goto(f"{viewer.base}/traces/{build('agent', trace_id=0x9999).id}")
    expect(page.locator("#tree-count")).to_have_text("1,601 of 2,401 steps shown")
    assert page.locator(".step-row").count() < 80
    page.locator("#tree").focus()
    page.keyboard.press("End")
    expect(page.locator('.step-row[aria-selected="true"] .title')).to_have_text("call799")
    expect(page.locator(".panel-head h2")).to_have_text("call799")


# What JupyterLab 4.4 says of the tables and lists in a cell's output.
JUPYTER = """
.jp-RenderedHTMLCommon table { table-layout: fixed; margin: 0 auto 1em; font-size: 12px; }
.jp-RenderedHTMLCommon td, .jp-RenderedHTMLCommon th, .jp-RenderedHTMLCommon tr { text-align: right; vertical-align: middle; }
.jp-RenderedHTMLCommon tbody tr:nth-child(odd) { background: rgb(1, 2, 3); }
.jp-RenderedHTMLCommon ol { padding-left: 2em; } .jp-RenderedHTMLCommon dt { font-weight: bold; }
.jp-RenderedHTMLCommon a { color: rgb(4, 5, 6); }
"""


def test_a_notebook_shows_a_trace_as_it_was_meant(browser: Browser):
    page = browser.new_page()
    output = f'<div class="jp-RenderedHTMLCommon">{WRONG._repr_html_()}</div>'
    page.set_content(f'<style>{JUPYTER}</style><body data-jp-theme-light="false">{output}</body>')

    def style(selector: str, name: str) -> str:
        return page.locator(selector).first.evaluate(f"(element) => getComputedStyle(element)['{name}']")

    assert style("table.passages", "tableLayout") == "auto"
    assert style(".passages .source", "textAlign") == "left"
    assert style(".passages tbody tr", "backgroundColor") == "rgba(0, 0, 0, 0)"
    assert style("ol.strip", "paddingLeft") == "0px"
    assert style("dt", "fontWeight") == "500"
    assert style(".strip a", "color") != "rgb(4, 5, 6)"
    assert style(".weaklink-report", "colorScheme") == "dark"
    page.close()


def test_the_saved_file_opens_from_disk_and_its_links_open_their_step(viewer: Viewer, browser: Browser, tmp_path: Path):
    examined = examine(WRONG)
    saved = tmp_path / "report.html"
    saved.write_text(render_html(report_of(WRONG, examined.scores, examined.diagnosis)), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    viewer.watch(page)
    page.goto(f"{saved.as_uri()}#s{WRONG.spans[2].id}")
    expect(page.locator(f"#s{WRONG.spans[2].id}")).to_be_visible()
    page.locator(".verdict a").click()
    expect(page.locator(f"#s{WRONG.spans[4].id}")).to_be_visible()
    assert viewer.complaints == []
    assert [url for url in viewer.requests if not url.startswith(("file:", viewer.base))] == []
    viewer.requests.clear()
    context.close()
