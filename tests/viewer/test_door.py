"""Who may come in: token, Host, Origin, header token, bodies, and what the browser is told."""

import gzip
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from weaklink.viewer.app import create_app
from weaklink.viewer.door import MOST_BODY_BYTES
from weaklink.viewer.serve import CannotServe, serve

from .conftest import HOST, TOKEN, WRONG

ROUTES = ("/", "/dashboard", f"/traces/{WRONG.id}", f"/traces/{WRONG.id}/outline", f"/traces/{WRONG.id}/report.html",
          f"/traces/{WRONG.id}/steps/{WRONG.id}", "/version", "/static/viewer.js", "/static/page.css", "/api/traces",
          "/api/openapi.json", f"/api/traces/{WRONG.id}", "/nothing", f"/diff?a={WRONG.id}&b={WRONG.id}")  # fmt: skip


@pytest.fixture
def stranger(filled: Path) -> Iterator[TestClient]:
    """Somebody without the token."""
    app = create_app(filled, token=TOKEN, examine=False)
    with TestClient(app, base_url=f"http://{HOST}", follow_redirects=False) as made:  # type: ignore[arg-type]
        yield made


def login(stranger: TestClient) -> Response:
    answer = stranger.get(f"/?token={TOKEN}")
    assert answer.status_code == 303
    return answer


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_needs_the_token(stranger: TestClient, route: str):
    assert stranger.get(route).status_code == 401
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\u00e9"):
        assert stranger.get(route, headers={"authorization": f"Bearer {wrong}".encode()}).status_code == 401
        assert stranger.get(route, headers={"cookie": f"weaklink-8765={wrong}".encode()}).status_code == 401
    assert stranger.post(route).status_code == 401


def test_the_token_of_the_url_becomes_a_cookie_that_no_script_reads_and_no_other_site_sends(stranger: TestClient):
    answer = stranger.get(f"/traces/{WRONG.id}?q=verdict%3Abroken&token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/traces/{WRONG.id}?q=verdict%3Abroken")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"weaklink-8765={TOKEN}; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert stranger.get("/").status_code == 200
    led = stranger.get(f"http://{HOST}//evil.example/x?token={TOKEN}").headers["location"]
    assert led == "/evil.example/x"


HOSTS = ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8766", "127.0.0.1:08765", "127.0.0.2:8765",
         "localhost", "localhost.evil.example:8765", "evil.localhost:8765", "127.0.0.1.nip.io:8765", "0.0.0.0:8765", "[::]:8765",
         "[::1]", "::1:8765", "127.1:8765", "2130706433:8765", "0x7f000001:8765", "127.0.0.1:8765@evil.example",
         "evil.example@127.0.0.1:8765", "127.0.0.1:8765.evil.example", "127.0.0.1:8765/", "127.0.0.1:8765#x", "127.0.0.1:8765,evil.example",
         "127.0.0.1:8765 evil", "", "null", "localhost:8765.", "localhost.:8765"]  # fmt: skip
ORIGINS = ["http://evil.example", "https://127.0.0.1:8765", "http://127.0.0.1", "http://127.0.0.1:8766", "http://localhost:8765", "null",
           "",           "http://127.0.0.1:8765.evil.example", "http://evil.example#http://127.0.0.1:8765", "file://", "chrome-extension://abc",
           "http://127.0.0.1:8765/", "http://user@127.0.0.1:8765", "*"]  # fmt: skip


def test_every_route_there_is_needs_the_token(client: TestClient, stranger: TestClient):
    door: Any = stranger.app
    paths = {route.path for route in door._app.routes if hasattr(route, "path")}
    paths |= set(client.get("/api/openapi.json").json()["paths"])
    asked = 0
    for path in sorted(paths):
        for method in ("GET", "HEAD", "POST", "DELETE"):
            answer = stranger.request(method, re.sub(r"{[^}]*}", WRONG.id, path))
            asked += 1
            assert answer.status_code == 401, (method, path)
    print(f"S1: {asked} requests for every route and method without the token: {asked} times 401")
    assert asked > 60


def test_the_server_listens_on_this_machine_alone_and_prints_its_token_once(filled: Path):
    start = "from weaklink.cli.main import main; main()"
    command = [sys.executable, "-c", start, "view", "--no-open", "--store", str(filled)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        said = ""
        while "token=" not in said and (line := process.stdout.readline()):
            said += line
        listening = [at.laddr.ip for at in psutil.Process(process.pid).net_connections() if at.status == "LISTEN"]
    finally:
        process.terminate()
        said += process.communicate(timeout=60)[0]
    token = said.partition("token=")[2].split()[0]
    print(
        f"S1: listens on {', '.join(listening)}; its token of {len(token)} characters is printed {said.count(token)} time"
    )
    assert listening == ["127.0.0.1"]
    assert (said.count(token), len(token) >= 32) == (1, True)


def test_40_forms_of_host_and_origin_are_refused(client: TestClient):
    refused = sum(client.get("/api/traces", headers={"host": host}).status_code == 421 for host in HOSTS)
    refused += sum(client.get("/api/traces", headers={"origin": origin}).status_code == 403 for origin in ORIGINS)
    print(f"S2: {refused} of {len(HOSTS) + len(ORIGINS)} forms of Host and Origin refused")
    assert refused == len(HOSTS) + len(ORIGINS) >= 40


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_before_anything_else(client: TestClient, host: str):
    for method in ("GET", "POST"):
        answer = client.request(method, "/api/traces", headers={"host": host})
        assert answer.status_code == 421
        assert "127.0.0.1" not in answer.text
    assert client.get(f"/?token={TOKEN}", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"])
def test_this_machine_has_several_names(client: TestClient, host: str):
    assert client.get("/api/traces", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_origin_is_refused_even_with_the_token(client: TestClient, origin: str):
    for method, path in (("POST", f"/api/traces/{WRONG.id}/feedback"), ("GET", "/api/traces")):
        answer = client.request(
            method,
            path,
            headers={"origin": origin},
            json={"name": "thumbs", "value": "up"} if method == "POST" else None,
        )
        assert answer.status_code == 403
    assert client.get(f"/api/traces/{WRONG.id}/feedback").json() == []


def test_a_request_that_another_site_makes_is_refused_and_a_link_that_somebody_clicks_there_is_not(client: TestClient):
    for mode in ("no-cors", "cors"):
        assert client.get("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": mode}).status_code == 403
    assert client.post("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status_code == 403
    assert client.get("/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status_code == 200


def test_what_changes_something_needs_the_token_in_a_header_too(stranger: TestClient):
    login(stranger)
    path, body = f"/api/traces/{WRONG.id}/feedback", {"name": "thumbs", "value": "up"}
    assert stranger.post(path, json=body).status_code == 403
    assert stranger.post(path, json=body, headers={"x-weaklink-csrf": "wrong"}).status_code == 403
    page = stranger.get("/").text
    csrf = page.partition('name="csrf" content="')[2].partition('"')[0]
    assert TOKEN not in page
    assert csrf != TOKEN
    assert stranger.post(path, json=body, headers={"x-weaklink-csrf": csrf}).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
def test_other_methods_are_refused(client: TestClient, method: str):
    assert client.request(method, "/").status_code == 405


def test_a_large_body_is_refused_before_it_is_read(client: TestClient):
    path = f"/api/traces/{WRONG.id}/feedback"
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            read.append(1)
            yield b" " * 65_536

    assert client.post(path, headers={"content-length": str(10**12)}, content=b"{}").status_code == 413
    assert client.post(path, content=b" " * (MOST_BODY_BYTES + 1)).status_code == 413
    answer = client.post(path, content=endless(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    bomb = gzip.compress(b" " * 50_000_000)
    assert client.post(path, content=bomb, headers={"content-encoding": "gzip"}).status_code == 415
    for length in ("-1", "1e3", "x", ""):
        assert client.post(path, headers={"content-length": length}, content=b"{}").status_code == 413


def test_a_body_that_expands_to_a_gigabyte_costs_nothing(client: TestClient):
    bomb = gzip.compress(bytes(1 << 20)) * 1_024  # members one after the other, as the format allows
    assert len(bomb) > 1_000_000
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    answers = [
        client.post(f"/api/traces/{WRONG.id}/feedback", content=body, headers={"content-encoding": "gzip"}).status_code
        for body in (bomb, bomb[: MOST_BODY_BYTES - 1])
    ]
    peak = (tracemalloc.get_traced_memory()[1] - before) / 1_048_576
    tracemalloc.stop()
    print(f"S4: {len(bomb) / 1e6:.1f} MB that expand to 1 GiB: {answers}, {peak:.1f} MB of memory at most")
    assert set(answers) <= {413, 415}
    assert peak < 32


@pytest.mark.parametrize("route", [*ROUTES, f"/?token={TOKEN}"])
def test_every_answer_tells_the_browser_to_load_and_run_nothing_else(client: TestClient, route: str):
    for answer in (client.get(route), client.get(route, headers={"host": "evil.example"})):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == (
            "no-cache" if "/static/" in route and answer.status_code == 200 else "no-store"
        )


@pytest.mark.parametrize(
    "path", ["../door.py", "..%2fdoor.py", "%2e%2e/door.py", "/etc/passwd", "viewer.js/../../door.py", "viewer.py", ""]
)
def test_nothing_but_the_three_files_is_served(client: TestClient, path: str):
    assert client.get(f"/static/{path}").status_code in (404, 307)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])
def test_another_address_without_a_token_is_refused(filled: Path, host: str):
    with pytest.raises(CannotServe, match="without a token of yours"):
        serve(filled, host=host, port=0, token=None, ready=print)


@pytest.mark.parametrize("token", ["short", "spaces are not good here", 'quote"quote"quote"x', "newline-newline-\nx"])
def test_a_weak_token_is_refused(filled: Path, token: str):
    with pytest.raises(CannotServe, match="token"):
        serve(filled, host="127.0.0.1", port=0, token=token, ready=print)


def test_without_the_extra_the_command_says_what_to_install(filled: Path):
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['weaklink', 'view', '--no-open']; "
        "from weaklink.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'weaklink: the viewer needs uvicorn, which is not installed: pip install "weaklink[view]"\n'
