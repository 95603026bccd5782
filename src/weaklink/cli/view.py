"""`weaklink view`: the traces in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from weaklink.cli.options import JsonOption, PricesOption, StoreOption


def view(
    trace: Annotated[
        str | None, typer.Argument(metavar="ID|last", help="Open this trace; by default the list.")
    ] = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", "-p", min=1, max=65535, metavar="N", help="By default 8765, or a free one.")
    ] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    prices: PricesOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the traces in the browser, until Ctrl-C: list, steps, passages, comparison, dashboard.

    The address carries a token that this machine alone knows. WEAKLINK_VIEW_TOKEN sets a token of your own, which another
    --host than this machine needs.

    \b
    weaklink view
    weaklink view last
    weaklink view --store /srv/rag/.weaklink/traces.db --port 9000
    weaklink view --prices prices.toml    with costs, see docs/viewer.md
    """
    import os

    from weaklink.cli.screen import show_json, show_text
    from weaklink.prices import load_prices
    from weaklink.settings import load_settings
    from weaklink.store.location import resolve
    from weaklink.viewer.serve import serve

    settings = load_settings(store=store, prices=prices)
    path = resolve(settings.store)
    target = "" if trace is None else f"traces/{_full_id(str(path), trace)}"

    def ready(url: str) -> None:
        place = url.replace("/?", f"/{target}?")
        if as_json:
            show_json({"url": place, "store": str(path)})
        else:
            show_text(f"Weaklink shows {path} at\n\n  {place}\n\nCtrl-C ends it.")
        import sys

        sys.stdout.flush()
        if browse and not as_json:
            import webbrowser

            webbrowser.open(place)

    serve(
        path,
        host=host,
        port=port,
        token=os.environ.get("WEAKLINK_VIEW_TOKEN"),
        prices=load_prices(settings.prices),
        ready=ready,
    )


def _full_id(store: str, wanted: str) -> str:
    from weaklink.cli.finding import find_trace, reading

    return find_trace(reading(store), wanted).id
