"""The outermost layer: who may come in, with what, and what every answer says to the browser."""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES: Final = 1_000_000
CSRF_HEADER: Final = "x-weaklink-csrf"
_SAFE: Final = ("GET", "HEAD")
_METHODS: Final = (*_SAFE, "POST", "DELETE")
_TOO_LARGE: Final = (413, f"the body is too large: at most {MOST_BODY_BYTES:,} bytes are read")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_HOST: Final = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
_HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
     b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)  # fmt: skip


class Door:
    """Lets a request through to `app` when it names this server, comes from its own pages, and has the token.

    A browser in which the user is logged in elsewhere sends requests that the user never meant: another site's page may post a
    form here (CSRF), or point its own name at 127.0.0.1 and read the answers (DNS rebinding). So Host and Origin must name this
    server, reading needs the token as a cookie that no other site's request carries, and what changes something also needs it
    in a header, which only a page of this server can set.
    """

    def __init__(self, app: App, *, token: str, host: str, port: int) -> None:
        """`host` and `port` are where the server listens; `token` is what the user's URL carries."""
        self._app = app
        self._token = token
        self.csrf = hmac.new(token.encode(), b"csrf", sha256).hexdigest()
        # Cookies do not tell ports apart: two viewers on one machine must not log each other out.
        self._cookie = f"weaklink-{port}"
        named = f"[{host}]" if ":" in host else host.lower()
        self._hosts = {f"{name}:{port}" for name in (*_LOOPBACK, named)}
        if port == 80:
            self._hosts |= {*_LOOPBACK, named}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks WebSocket
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _answer(send, *refusal)
            return
        if self._has_url_token(scope):
            await self._log_in(scope, send)
            return
        await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive)
        is_refused = False

        async def guarded(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start":
                if body.is_too_large:  # the framework below takes it for a body that it cannot parse
                    is_refused = True
                    await _answer(send, *_TOO_LARGE)
                    return
                message["headers"] = [*message.get("headers", ()), *_HEADERS, *_caching(scope)]
            if not is_refused:
                await send(message)

        await self._app(scope, body.receive, guarded)

    def _refusal(self, scope: Scope, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        host = headers.get("host", [])
        if len(host) != 1 or not _HOST.fullmatch(host[0]) or host[0].lower() not in self._hosts:
            return 421, "this address is not served here: open the one that `weaklink view` printed"
        for origin in headers.get("origin", []):
            if origin.lower() != f"{scope.get('scheme', 'http')}://{host[0].lower()}":
                return 403, "requests from other sites are refused"
        if headers.get("sec-fetch-site", ["none"])[0] == "cross-site" and not self._is_visit(scope, headers):
            return 403, "requests from other sites are refused"
        if scope["method"] not in _METHODS:
            return 405, f"{scope['method']} is not used here"
        if not self._may_enter(scope, headers):
            return (
                401,
                "a token is needed: open the address that `weaklink view` printed, or send Authorization: Bearer TOKEN",
            )
        if scope["method"] not in _SAFE and not (self._has_bearer(headers) or self._has_csrf(headers)):
            return 403, f"what changes something needs the header {CSRF_HEADER}, or Authorization: Bearer TOKEN"
        return _body_refusal(headers)

    def _is_visit(self, scope: Scope, headers: dict[str, list[str]]) -> bool:
        """A link that somebody clicked elsewhere: harmless, as without the cookie it shows nothing."""
        return scope["method"] in _SAFE and headers.get("sec-fetch-mode", [""])[0] == "navigate"

    def _may_enter(self, scope: Scope, headers: dict[str, list[str]]) -> bool:
        return self._has_bearer(headers) or self._has_cookie(headers) or self._has_url_token(scope)

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    def _has_bearer(self, headers: dict[str, list[str]]) -> bool:
        scheme, _, given = headers.get("authorization", [""])[0].partition(" ")
        return scheme.lower() == "bearer" and self._is_token(given.strip())

    def _has_cookie(self, headers: dict[str, list[str]]) -> bool:
        for line in headers.get("cookie", []):
            try:
                found = SimpleCookie(line).get(self._cookie)
            except CookieError:
                continue
            if found is not None and self._is_token(found.value):
                return True
        return False

    def _has_csrf(self, headers: dict[str, list[str]]) -> bool:
        given = headers.get(CSRF_HEADER, [""])[0]
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.csrf.encode())

    def _has_url_token(self, scope: Scope) -> bool:
        return scope["method"] in _SAFE and any(
            name == "token" and self._is_token(given) for name, given in _query(scope)
        )

    async def _log_in(self, scope: Scope, send: Send) -> None:
        """Take the token out of the URL, where it would stand in the history, into a cookie that no script can read."""
        rest = urlencode([(name, value) for name, value in _query(scope) if name != "token"])
        path = "/" + scope["path"].lstrip("/")  # "//elsewhere" would lead away
        target = path.encode("utf-8", "replace").decode("ascii", "ignore") + (f"?{rest}" if rest else "")
        cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"
        extra = [(b"location", target.encode()), (b"set-cookie", cookie.encode())]
        await _answer(send, 303, "", extra)


class _Body:
    """Reads a request's body and stops at the limit, whatever its length was said to be."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read = 0
        self.is_too_large = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > MOST_BODY_BYTES:
            self.is_too_large = True
            return {"type": "http.disconnect"}
        return message


def _body_refusal(headers: dict[str, list[str]]) -> tuple[int, str] | None:
    if headers.get("content-encoding", ["identity"])[0].lower() != "identity":
        return 415, "compressed bodies are not read: send it as it is"
    length = headers.get("content-length", ["0"])[0]
    if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
        return _TOO_LARGE
    return None


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _caching(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Traces are nothing for a cache; style and script are, for as long as they are the same."""
    return [(b"cache-control", b"no-cache" if scope["path"].startswith("/static/") else b"no-store")]


async def _answer(send: Send, status: int, text: str, extra: list[tuple[bytes, bytes]] | None = None) -> None:
    body = f"weaklink: {text}\n".encode() if text else b""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    headers += [*_HEADERS, (b"cache-control", b"no-store"), *(extra or ())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
