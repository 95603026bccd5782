"""The web application: which address shows what."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from weaklink import __version__
from weaklink.errors import AmbiguousTrace, StoreError, UnknownTrace, WeaklinkError
from weaklink.model import TextRange
from weaklink.prices import Prices
from weaklink.report.html import render_html
from weaklink.report.html.elements import Html, element, join
from weaklink.store import open_store
from weaklink.viewer.api import api_routes
from weaklink.viewer.door import Door
from weaklink.viewer.library import Library
from weaklink.viewer.pages.comparison import comparison_page
from weaklink.viewer.pages.dashboard import dashboard_page
from weaklink.viewer.pages.layout import page, problem
from weaklink.viewer.pages.trace import panel_html, row_of, trace_page
from weaklink.viewer.pages.traces import traces_page
from weaklink.watching import Watch

_STATIC = {
    "viewer.css": ("weaklink.viewer", "static/viewer.css", "text/css"),
    "viewer.js": ("weaklink.viewer", "static/viewer.js", "text/javascript"),
    "icon.svg": ("weaklink.viewer", "static/icon.svg", "image/svg+xml"),
    "page.css": ("weaklink.report.html", "page.css", "text/css"),
}
QueryText = Annotated[
    str, Query(max_length=4_000, description='See weaklink.query: verdict:broken step:retriever "refund policy"')
]
_CPU_SHARE = 0.5
_FIELD = r"(input|output|(documents|candidates)\.\d{1,6}):\d{1,9}:\d{1,9}"


def create_app(
    store: Path,
    *,
    token: str,
    host: str = "127.0.0.1",
    port: int = 8765,
    examine: bool = True,
    prices: Prices | None = None,
) -> Door:
    """The viewer of the store at `store`, for a server that listens on `host` and `port`.

    With `examine`, what is recorded meanwhile is diagnosed in the background. Without `prices` no cost is shown.
    """
    watching = Watch(open_store(store), cpu_share=_CPU_SHARE)
    library = Library(store, lambda: watching.is_behind, prices)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncGenerator[None]:
        if examine and store.exists():
            watching.start()
        yield
        watching.stop(1.0)

    app = FastAPI(
        title="Weaklink", version=__version__, lifespan=running, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        description="Traces of RAG chains with the score of each step and the diagnosis. Every request needs the token, as a "
        "cookie or as `Authorization: Bearer`.",
    )  # fmt: skip
    door = Door(app, token=token, host=host, port=port)
    _static(app)
    _pages(app, library, door)
    _following(app, library, watching if examine else None)
    app.include_router(api_routes(library))
    _problems(app, door)
    return door


def _static(app: FastAPI) -> None:
    kept: dict[str, tuple[bytes, str]] = {}

    @app.get("/static/{name}", include_in_schema=False)
    def static(request: Request, name: str) -> Response:
        if name not in _STATIC:
            raise HTTPException(404)
        package, path, kind = _STATIC[name]
        if name not in kept:
            data = (files(package) / path).read_bytes()
            kept[name] = (data, f'"{blake2b(data, digest_size=8).hexdigest()}"')
        data, tag = kept[name]
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(data, media_type=f"{kind}; charset=utf-8", headers={"ETag": tag})


def _pages(app: FastAPI, library: Library, door: Door) -> None:
    html: Any = {"include_in_schema": False, "response_class": HTMLResponse, "response_model": None}

    @app.get("/", **html)
    def traces(q: QueryText = "", before: str | None = None) -> str:
        version = library.version()
        main = traces_page(library.listing(q.strip(), before))
        return page("Traces", *main, csrf=door.csrf, version=version, active="Traces", query=q, wide=True)

    @app.get("/traces/{trace_id}", **html)
    def trace(trace_id: str, q: QueryText = "") -> Any:
        version = library.version()
        shown = library.shown(trace_id, q.strip())
        if shown.summary.id != trace_id:
            return RedirectResponse(f"/traces/{shown.summary.id}")
        title = shown.report.trace.question or shown.summary.name
        return page(title[:80], *trace_page(shown), csrf=door.csrf, version=version, query=q, wide=True)

    @app.get("/traces/{trace_id}/outline", include_in_schema=False)
    def outline(trace_id: str) -> Response:
        return Response(orjson.dumps(library.outline(trace_id)), media_type="application/json")

    @app.get("/traces/{trace_id}/steps/{span_id:path}", **html)
    def step(trace_id: str, span_id: str, at: Annotated[str, Query(pattern=_FIELD)] | None = None) -> Html:
        summary = library.summary(trace_id)
        report = library.report(summary, [span_id])
        row = row_of(report, span_id)
        if row is None:
            raise UnknownTrace(f"the trace {summary.id[-12:]} has no step {span_id!r}")
        return join(*panel_html(report, row, library.store.feedback(summary.id), _range(span_id, at)))

    @app.get("/traces/{trace_id}/report.html", **html)
    def report_file(trace_id: str) -> str:
        return render_html(library.whole_report(trace_id))

    @app.get("/diff", **html)
    def diff(a: str, b: str, everything: bool = False) -> str:
        main = comparison_page(library.comparison(a, b, everything=everything), everything=everything)
        return page("Compare", *main, csrf=door.csrf, wide=True)

    @app.get("/dashboard", **html)
    def dashboard(q: QueryText = "", span: str = "7d") -> str:
        return page(
            "Dashboard",
            *dashboard_page(library.dashboard(q.strip(), span)),
            csrf=door.csrf,
            active="Dashboard",
            query=q,
            wide=True,
        )


def _following(app: FastAPI, library: Library, watching: Watch | None) -> None:
    @app.get("/version", include_in_schema=False)
    def version() -> dict[str, str]:
        found = library.version()
        if found and watching is not None:
            watching.start()  # the store was not there when the viewer began
        return {"version": found}


def _range(span_id: str, at: str | None) -> TextRange | None:
    if at is None:
        return None
    field, start, end = at.rsplit(":", 2)
    return TextRange(span_id=span_id, field=field, start=int(start), end=int(end))


def _problems(app: FastAPI, door: Door) -> None:
    """Errors as people and programs read them: what, why, what to do."""
    statuses = ((UnknownTrace, 404), (AmbiguousTrace, 409), (StoreError, 503), (WeaklinkError, 400))

    def answer(request: Request, status: int, text: str) -> Response:
        if request.url.path.startswith(("/api/", "/version")) or request.url.path.endswith("/outline"):
            return Response(orjson.dumps({"error": text}), status_code=status, media_type="application/json")
        titles = {404: "Not found", 409: "Several traces fit", 503: "The store cannot be read"}
        title = titles.get(status, "That did not work")
        main = problem(title, text, element("p", element("a", "Show all traces", href="/")))
        return HTMLResponse(page("Problem", main, csrf=door.csrf), status_code=status)

    def wrong(request: Request, error: Exception) -> Response:
        status = next(status for kind, status in statuses if isinstance(error, kind))
        return answer(request, status, str(error))

    def missing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        text = (
            str(error.detail)
            if isinstance(error, HTTPException) and status != 404
            else f"There is nothing at {request.url.path}."
        )
        return answer(request, status, text)

    handlers: list[tuple[type[Exception], Callable[[Request, Exception], Response]]] = [
        (WeaklinkError, wrong),
        (HTTPException, missing),
    ]
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)
