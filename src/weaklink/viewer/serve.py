"""Starting the viewer's server."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from weaklink.errors import MissingPackage, WeaklinkError
from weaklink.prices import Prices

DEFAULT_PORT = 8765
_SHORTEST_TOKEN = 16


class CannotServe(WeaklinkError):
    """You asked the viewer to listen where it cannot, or should not."""


def serve(
    store: Path,
    *,
    host: str,
    port: int | None,
    token: str | None,
    prices: Prices | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve the store until Ctrl-C; `ready` is given the URL, with its token, once the port is open.

    Raises MissingPackage without the extra, CannotServe for an address in use or one that others reach without a token.
    """
    try:
        import uvicorn

        from weaklink.viewer.app import create_app
    except ImportError as error:
        if (error.name or "").startswith("weaklink"):
            raise
        raise MissingPackage(
            f'the viewer needs {error.name}, which is not installed: pip install "weaklink[view]"'
        ) from error
    if token is None and not _is_loopback(host):
        raise CannotServe(
            f"the viewer does not listen on {host} without a token of yours, because others can reach it there; "
            "set WEAKLINK_VIEW_TOKEN to a long random text, or leave --host away"
        )
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise CannotServe(
            f"the token is too short: use at least {_SHORTEST_TOKEN} characters, such as {secrets.token_urlsafe(24)}"
        )
    if token is not None and not (token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
        raise CannotServe("the token may hold letters, digits, - and _ alone")
    key = token or secrets.token_urlsafe(24)
    listening = _listen(host, port)
    where = listening.getsockname()[1]
    app = create_app(store, token=key, host=host, port=where, prices=prices)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, date_header=False,
                            timeout_graceful_shutdown=1, ws="none", proxy_headers=False)  # fmt: skip
    shown = f"[{host}]" if ":" in host else host
    ready(f"http://{shown}:{where}/?token={key}")
    uvicorn.Server(config).run(sockets=[listening])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int | None) -> socket.socket:
    """The port asked for; without one the usual one, or any that is free."""
    last: OSError | None = None
    for number in (DEFAULT_PORT, 0) if port is None else (port,):
        try:
            family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((host, number), family=family)
        except OSError as error:
            last = error
    why = (last.strerror or str(last)).lower() if last else "no address"
    raise CannotServe(
        f"the viewer cannot listen on {host}:{port or DEFAULT_PORT}: {why}; choose another one with --port"
    ) from last
