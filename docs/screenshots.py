"""Takes the pictures of the viewer that the documentation shows: python docs/screenshots.py

Runs `weaklink demo --llm scripted` into a store of its own, starts the viewer on it, and writes docs/images/*.png.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).parent / "images"
WEAKLINK = [sys.executable, "-c", "from weaklink.cli.main import main; main()"]
BROKEN = "failure:good_document_dropped"
# Name, page, width, height, scheme. "{broken}" and "{fine}" are ids of traces of the demo.
PICTURES: tuple[tuple[str, str, int, int, Literal["light", "dark"]], ...] = (
    ("list-light", "/", 1280, 800, "light"),
    ("list-dark", "/", 1280, 800, "dark"),
    ("trace-light", "/traces/{broken}", 1280, 1180, "light"),
    ("trace-dark", "/traces/{broken}", 1280, 1180, "dark"),
    ("trace-narrow", "/traces/{broken}", 480, 1000, "light"),
    ("compare-light", "/diff?a={fine}&b={broken}", 1280, 900, "light"),
    ("dashboard-light", "/dashboard?span=1h", 1280, 900, "light"),
)


@contextmanager
def viewer(store: Path) -> Iterator[str]:
    """The viewer's address, with its token."""
    command = [*WEAKLINK, "view", "--no-open", "--store", str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = iter(process.stdout or ())
        yield next(line.strip() for line in lines if "?token=" in line)
    finally:
        process.terminate()
        process.wait(10)


def ids_of(store: Path, *query: str) -> list[str]:
    """Ids of the traces that a query finds, the newest first."""
    import json

    done = subprocess.run(
        [*WEAKLINK, "list", *query, "--json", "--store", str(store)], capture_output=True, text=True, check=True
    )
    return [trace["id"] for trace in json.loads(done.stdout)["traces"]]


def take(browser: Browser, url: str, names: dict[str, str]) -> None:
    """All pictures."""
    base = f"http://{urlsplit(url).netloc}"
    for name, path, width, height, scheme in PICTURES:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.goto(url)
        page.goto(base + path.format(**names))
        page.wait_for_timeout(1_000)
        page.screenshot(path=IMAGES / f"{name}.png")
        context.close()


def main() -> None:
    """Run the demo, start the viewer, take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "traces.db"
        subprocess.run(
            [*WEAKLINK, "demo", "--llm", "scripted", "--store", str(store)], stdout=subprocess.DEVNULL, check=True
        )
        broken = ids_of(store, BROKEN)[0]
        fine = ids_of(store, "verdict:ok", "seats")[0]
        with viewer(store) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take(browser, url, {"broken": broken, "fine": fine})
            browser.close()


if __name__ == "__main__":
    main()
