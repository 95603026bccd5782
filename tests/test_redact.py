"""Secrets are masked, and nothing else is."""

import hashlib
import json
import time
import uuid

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import weaklink.redact
from weaklink.redact import MASK, is_secret_name, may_hold_secret, redact, redact_value
from weaklink.testing.secrets import SECRETS

_IDS = [name for name, _ in SECRETS]


@pytest.mark.parametrize(("name", "secret"), SECRETS, ids=_IDS)
def test_every_known_format_is_masked_wherever_it_stands(name: str, secret: str):
    shapes = {
        "alone": secret, "in a sentence": f"Use {secret}, please.", "in quotes": f"it is '{secret}'.", "in brackets": f"<{secret}>",
        "in JSON": json.dumps({"a": secret}), "in JSON in JSON": json.dumps({"a": json.dumps({"b": secret})}),
        "in lines": f"a\n{secret}\nb",
        "as an option": f"--key={secret}", "in a query": f"https://host.example/v1?a=1&k={secret}&b=2", "in a header": f"X-Key: {secret}",
        "in Python": f"client(key={secret!r})", "after a lot of text": f"{'prose and more prose ' * 50}{secret}",
    }  # fmt: skip
    left = [shape for shape, text in shapes.items() if secret in redact(text)]
    missed = [shape for shape, text in shapes.items() if not may_hold_secret(text.encode())]
    assert (left, missed) == ([], [])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("password=hunter2", f"password={MASK}"),
        ("password: 'hunter2'", f"password: '{MASK}'"),
        ('{"db_password": "hunter2", "k": 4}', f'{{"db_password": "{MASK}", "k": 4}}'),
        ('{\\"client_secret\\": \\"hunter2\\"}', f'{{\\"client_secret\\": \\"{MASK}\\"}}'),
        (
            '{\\\\\\"client_secret\\\\\\": \\\\\\"hunter2\\\\\\"}',
            f'{{\\\\\\"client_secret\\\\\\": \\\\\\"{MASK}\\\\\\"}}',
        ),
        ("PGPASSWORD=hunter2 psql", f"PGPASSWORD={MASK} psql"),
        ("api key = hunter2", f"api key = {MASK}"),
        ("Authorization: Bearer abc123def456", f"Authorization: Bearer {MASK}"),
        ("authorization: Basic dXNlcjpwYXNz", f"authorization: Basic {MASK}"),
        ("use Bearer abcdef0123456789abcdef", f"use Bearer {MASK}"),
        ("Cookie: session=abcdef", f"Cookie: {MASK}"),
        ("postgresql://ada:hunter2@db.example/x", f"postgresql://ada:{MASK}@db.example/x"),
        ("redis://:hunter2@cache:6379/0", f"redis://:{MASK}@cache:6379/0"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nafter", f"{MASK}\nafter"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIBcut off", MASK),
        (
            "https://x.blob.core.windows.net/c?sv=2024&sig=abc%2Fdefghijklmnop%3D&se=1",
            f"https://x.blob.core.windows.net/c?sv=2024&sig={MASK}&se=1",
        ),
        ("AccountKey=abc+def/ghi==;EndpointSuffix=x", f"AccountKey={MASK};EndpointSuffix=x"),
    ],
)
def test_what_follows_a_telling_name_is_masked(text: str, masked: str):
    assert redact(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Who wrote the first program, and when was it published?",
        "The key to success: start early. The secret of good bread is time.",
        "A token is a unit of text; token handling takes max_tokens: 512, prompt_tokens: 120 and token_count=9.",
        '{"usage": {"input_tokens": 120, "output_tokens": 9}, "max_tokens": 512, "tokens": ["a", "b"], "next_token": 7}',
        "The password is required. Password: required. secret: true",
        "Basic knowledge of authentication is enough; bearer certificates are documents.",
        str(uuid.UUID(int=0x0190_1234_5678_7ABC_8DEF_0123_4567_89AB)),
        f"run {uuid.UUID(int=7)} of trace {hashlib.md5(b'x').hexdigest()}",
        f"sha256:{hashlib.sha256(b'x').hexdigest()}",
        f"sha1 {hashlib.sha1(b'x').hexdigest()} in commit",
        "/home/ada/projects/weaklink/src/weaklink/store/connection.py:12 in connect",
        "C:\\Users\\ada\\AppData\\Local\\Programs\\Python\\Python311\\python.exe",
        "https://docs.example.com/guides/authentication/api-keys?version=2026-01-01#section-authentication",
        "https://host.example:8443/path/to/a/document-with-a-long-name.html",
        "see http://localhost:6333/collections/handbook/points/scroll and mailto:ada@example.com",
        "a sk-learn-compatible-estimator, a risk-assessment-framework and a task-oriented-dialogue-system",
        "12345678901234567890 and 3.14159265358979323846 and -1e-300",
        "2026-01-01T00:00:00.000000+00:00/2026-12-31T23:59:59.999999Z",
        "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "model=gpt-4o-mini-2024-07-18 temperature=0.7 stop=END",
        "text-embedding-3-small, all-MiniLM-L6-v2, meta-llama/Llama-3.1-8B-Instruct",
        "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ" * 3,
        "Die Antwort lautet: Öffnungszeiten 8–20 Uhr; Schlüssel liegen bei Frau Müller.",
        "key: value, sort_key: date, primary_key: id, keyword: bread, monkey: banana",
        "def f(token: str, key: int = 3) -> None: ...",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("api_key", True), ("OPENAI_API_KEY", True), ("apiKey", True), ("x-api-key", True), ("password", True), ("db.password", True),
        ("client_secret", True), ("token", True), ("access_token", True), ("hf_token", True), ("Authorization", True), ("cookie", True),
        ("set-cookie", True), ("aws_secret_access_key", True), ("credentials", True), ("passphrase", True), ("session_token", True),
        ("passwords", True), ("secretKey", True), ("db_password2", True), ("token_v2", True),
        ("private_key", True), ("connection_string", True),
        ("max_tokens", False), ("token_count", False), ("input_tokens", False), ("completion_tokens_details", False), ("key", False),
        ("keys", False), ("author", False), ("tokenizer", False), ("question", False), ("stop_token_ids", False), ("primary_key", False),
        ("token_usage", False), ("secretary", False), ("session_id", False), ("passage", False), ("tokens", False),
    ],
)  # fmt: skip
def test_a_secret_is_known_by_its_name(name: str, is_secret: bool):
    assert is_secret_name(name) is is_secret


def test_values_under_secret_names_are_masked_however_they_look():
    value = {
        "api_key": "x",
        "password": ["a", "b"],
        "token": 7,
        "secret": None,
        "cookie": "",
        "deep": [{"auth_token": {"a": "b"}}],
    }
    assert redact_value(value) == {
        "api_key": MASK, "password": MASK, "token": 7, "secret": None, "cookie": "", "deep": [{"auth_token": MASK}],
    }  # fmt: skip


def test_a_secret_in_the_preview_of_bytes_is_masked():
    shown = redact_value({"$type": "bytes", "size": 30, "hex": b"password=hunter2".hex()})
    assert bytes.fromhex(shown["hex"]) == f"password={MASK}".encode()
    harmless = {"$type": "bytes", "size": 4, "hex": "89504e47"}
    assert redact_value(harmless) == harmless


_secret_like = st.sampled_from([
    "password", "api_key", "Token", "secret", "ſecret", "toKen", "authorization", "access key", "session-id", "cookie", "credential",
    "passphrase", "PWD", "id_token", "connection string", "x" * 60, "é" * 40,
    "_" * 30, ":", "=", "=>", ":=", "://", "@", " ", "\n", "\u2003",
    '"', "'", "\\", "\\\\", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "-----BEGIN", "bearer ", "Basic ", "sk-", "ghp_",
    "eyJ", ".", "AKIA", "hunter2", "a1B2c3D4e5F6g7H8", "0123456789abcdef", "[redacted]", "\x00", "\ud7ff", ",", "{", "}", "?sig=", "/",
])  # fmt: skip
_mixtures = st.lists(_secret_like | st.text(max_size=6), max_size=9).map("".join)


@settings(max_examples=700, deadline=None)
@given(_mixtures)
@example("-----BEGIN PRIVATE KEY-----")
@example("ſecret: x1y2z3")
@example("bearer passwordapi_keyſecret")
@example("x_toKen=abcdef")
@example("password" + "é" * 12 + "\u2003" * 3 + "=" + "\u2003" * 3 + "abc")
def test_the_quick_look_never_misses_what_the_slow_one_would_mask(text: str):
    encodable = text.encode("utf-8", "backslashreplace")
    clean = encodable.decode()
    if redact(clean) != clean:
        assert may_hold_secret(encodable)
    as_json = json.dumps({"a": [clean], "b": {"c": clean}}, ensure_ascii=False).encode()
    value = json.loads(as_json)
    if redact_value(value) != value:
        assert may_hold_secret(as_json, is_json=True)


@settings(max_examples=300, deadline=None)
@given(_mixtures)
def test_masking_what_is_masked_changes_nothing(text: str):
    once = redact(text)
    assert redact(once) == once


def test_a_megabyte_of_anything_is_looked_at_in_reasonable_time():
    texts = ["a" * 1_000_000, "a " * 500_000, "sk-" * 333_333, "password=" * 111_111, "://:" * 250_000, "=:" * 500_000,
             '{"key": "' * 111_111, "-----BEGIN PRIVATE KEY-----" * 37_000, "A.b-" * 250_000, "eyJ" * 333_333,
             "x_y-" * 250_000 + "=z"]  # fmt: skip
    slowest = 0.0
    for text in texts:
        began = time.thread_time()
        redact(text)
        slowest = max(slowest, time.thread_time() - began)
    print(f"redact: at most {slowest * 1000:.0f} ms of CPU for 1 MB of worst cases")
    assert slowest < 3


def test_a_megabyte_does_not_keep_other_threads_waiting():
    """What one step of all patterns takes: between steps other threads get their turn."""
    step = weaklink.redact._STEP
    texts = (
        "see https://host.example/a/b?x=1&y=2 and key: value, " * 20_000,
        "QUJD" * 250_000,
        "the word, and the next. " * 42_000,
    )
    longest = 0.0
    for text in texts:
        took: list[float] = []
        for _ in range(5):
            began = time.thread_time()
            redact(text[:step])
            took.append(time.thread_time() - began)
        longest = max(longest, min(took) * 1_000)
    print(f"masking keeps other threads waiting for {longest:.1f} ms at most")
    assert longest < 20


_PIECES = st.sampled_from(
    ["password", ": ", "=", "hunter2", "Bearer ", " ", "\n", "https://", "user", ":", "@host/", '"', "\\", "api key", "x" * 30]
    + ["token", "é"] + [secret for _, secret in SECRETS[::6]]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, min_size=1, max_size=40).map("".join), st.integers(1, 60))
def test_in_steps_the_same_is_masked_as_at_once(text: str, step: int):
    whole = weaklink.redact._redact(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("weaklink.redact._STEP", step)
        assert weaklink.redact._redact(text) == whole
        patch.setattr("weaklink.redact._REACH", 120)
        assert weaklink.redact._redact(text) == whole
