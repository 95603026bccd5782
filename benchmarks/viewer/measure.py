"""Measures the viewer on large stores: python -m benchmarks.viewer.measure. Writes results.md beside this file.

The server runs in a process of its own, as `weaklink view` starts it; requests come over the loopback, one after the other.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import psutil

from benchmarks.overhead.machine import cpu_model
from benchmarks.viewer.generate import RARE, many_traces, one_trace

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG_TRACE = "f" * 32
QUERIES = (
    "", "verdict:broken", "verdict:broken step:retriever relevance:<0.3 latency:>2s", "relevance:<0.05",
    "failure:context_truncated -tag:test", RARE, "refund policy verdict:broken", "model:large-2 verdict:degraded",
    "confidence:>0.98 tokens:>100", "verdict:broken relevance:>2",
)  # fmt: skip
_WIDE = 1280
_OPENED = 9


@dataclass(frozen=True, slots=True)
class Server:
    """A running viewer."""

    host: str
    port: int
    token: str
    pid: int

    def cpu(self) -> float:
        """CPU seconds that the server has used, which other processes of a busy machine do not lengthen."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def get(self, path: str) -> tuple[float, int]:
        """Seconds until the whole answer is there, and its size in bytes."""
        began = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {body[:200]!r}")
        return time.perf_counter() - began, len(body)


@contextmanager
def viewer(store: Path) -> Iterator[Server]:
    """`weaklink view` on this store."""
    command = [
        sys.executable,
        "-c",
        "from weaklink.cli.main import main; main()",
        "view",
        "--no-open",
        "--json",
        "--store",
        str(store),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise SystemExit("the viewer did not start")
            text += line
        url = urlsplit(json.loads(text)["url"])
        yield Server(url.hostname or "", url.port or 0, url.query.partition("=")[2], process.pid)
    finally:
        process.terminate()
        process.wait(10)


def percentile(values: list[float], share: float) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered) + 0.5) - 1))]


def list_pages(server: Server, repeats: int) -> list[tuple[str, list[float], float]]:
    """Seconds of a list page for each query and of the smallest answer there is, and CPU seconds of one."""
    found: list[tuple[str, list[float], float]] = []
    pages = [("(the smallest answer: /version)", "/version"), ("(dashboard of all traces)", "/dashboard?span=all")]
    pages[1:1] = [(query or "(no query)", f"/?q={quote(query)}") for query in QUERIES]
    for name, path in pages:
        server.get(path)
        times = repeats if path != pages[-1][1] else max(3, repeats // 6)
        before = server.cpu()
        seconds = [server.get(path)[0] for _ in range(times)]
        found.append((name, seconds, (server.cpu() - before) / times))
    return found


def large_trace(server: Server) -> dict[str, float]:
    """Opening a trace of very many steps in a browser, and scrolling through it."""
    from playwright.sync_api import sync_playwright

    base = f"http://{server.host}:{server.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": _WIDE, "height": 900})
        page.goto(f"{base}/?token={server.token}")
        empty = [_opened(page, f"{base}/diff?a=none&b=none", ".problem") for _ in range(_OPENED)]
        opened: list[float] = []
        for _ in range(_OPENED):
            opened.append(_opened(page, f"{base}/traces/{LONG_TRACE}", ".step-row"))
            page.locator("#tree-count", has_text="steps shown").wait_for()
        page.wait_for_timeout(1_000)
        idle = page.evaluate(_SCROLL, 0)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def busy() -> float:
            return next(
                m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
            )

        before = busy()
        frames = page.evaluate(_SCROLL, 1)
        frames |= {"idle": idle["frames"], "work": (busy() - before) / frames["all"]}
        browser.close()
    return {"empty": percentile(empty, 0.5), "opened": percentile(opened, 0.5), "slowest": max(opened), **frames}


def _opened(page: Page, url: str, selector: str) -> float:
    """Seconds from a click until something is in the page."""
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(selector, timeout=60_000)
    return time.perf_counter() - began


# Scrolls through the whole tree in four seconds, or stands still, and counts the frames.
_SCROLL = """(share) => new Promise((done) => {
  const tree = document.querySelector('#tree'), from = performance.now(), gaps = [];
  let last = from;
  const step = (now) => {
    gaps.push(now - last); last = now;
    if (share) tree.scrollTop = (tree.scrollHeight - tree.clientHeight) * Math.min(1, (now - from) / 4000);
    if (now - from < 4000) requestAnimationFrame(step);
    else { gaps.sort((a, b) => a - b); done({ all: gaps.length, frames: gaps.length / ((now - from) / 1000), gap95: gaps[Math.floor(gaps.length * .95)], rows: document.querySelectorAll('.step-row').length }); }
  };
  requestAnimationFrame(step);
})"""  # noqa: E501


def beside_an_export(server: Server, repeats: int) -> tuple[list[float], list[float], float]:
    """Seconds of a list page alone, then while a large trace is saved as one file; and how long that took."""
    alone = [server.get("/")[0] for _ in range(repeats)]
    took: list[float] = []
    saving = threading.Thread(target=lambda: took.append(server.get(f"/traces/{LONG_TRACE}/report.html")[0]))
    saving.start()
    time.sleep(0.2)
    beside: list[float] = []
    while saving.is_alive():
        beside.append(server.get("/")[0])
    saving.join()
    return alone, beside, took[0]


def _row(name: str, seconds: list[float]) -> str:
    cells = [f"{percentile(seconds, share) * 1000:.0f}" for share in (0.5, 0.95)] + [
        f"{max(seconds) * 1000:.0f}",
        str(len(seconds)),
    ]
    return f"| `{name}` | {' | '.join(cells)} |"


def main() -> None:
    """Generate, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--long", type=int, default=50_000)
    parser.add_argument("--exported", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="Where the stores are kept; what is there is used again.")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    many, long, exported = (folder / f"{name}.db" for name in ("many", "long", "exported"))
    if not many.exists():
        many_traces(many, given.spans)
    if not long.exists():
        one_trace(long, given.long)
    if not exported.exists():
        one_trace(exported, given.exported)
    packages = ", ".join(f"{name} {version(name)}" for name in ("weaklink", "fastapi", "uvicorn", "apsw"))
    lines = [
        "# The viewer on large stores", "",
        f"`python -m benchmarks.viewer.measure`, {datetime.now(UTC):%Y-%m-%d}, {psutil.cpu_count()} cores ({cpu_model()}), "
        f"load {psutil.getloadavg()[0]:.1f} at the start, Python {sys.version.split()[0]}, {packages}.", "",
    ]  # fmt: skip
    with viewer(many) as server:
        lines += [f"## A page of the list over {given.spans:,} steps ({given.spans // 8:,} traces), milliseconds", "",
                  "| query | p50 | p95 | slowest | n | CPU of the server |", "|---|---|---|---|---|---|"]  # fmt: skip
        lines += [
            f"{_row(name, seconds)} {cpu * 1000:.0f} |" for name, seconds, cpu in list_pages(server, given.repeats)
        ]
    with viewer(long) as server:
        found = large_trace(server)
        lines += [
            "", f"## A trace of {given.long:,} steps in Chromium", "",
            f"First rows after {found['opened'] * 1000:.0f} ms (median of {_OPENED}, slowest {found['slowest'] * 1000:.0f} ms); a page "
            f"that says that there is nothing takes {found['empty'] * 1000:.0f} ms. Scrolling from its first step to its last in 4 s: "
            f"{found['frames']:.0f} frames/s, 95 % of them within {found['gap95']:.0f} ms, {found['work'] * 1000:.0f} ms of CPU of the "
            f"page's thread each, {found['rows']:.0f} rows in the page; standing still {found['idle']:.0f} frames/s.",
        ]  # fmt: skip
    with viewer(exported) as server:
        alone, beside, took = beside_an_export(server, given.repeats)
        title = (
            f"## The list while a trace of {given.exported:,} steps is saved as one file ({took:.1f} s), milliseconds"
        )
        lines += ["", title, "", "| | p50 | p95 | slowest | n |", "|---|---|---|---|---|"]
        lines += [_row("alone", alone), _row("beside the export", beside)]
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
