# Walks JSON values of any shape.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Masks secrets in what is about to be stored: the one exit of the recorder passes through here.

A cheap look over the bytes decides whether anything can be a secret at all: every known key format has a run of at least
`_RUN` token characters, and what has no format follows a telling name and a ":" or "=". Prose has neither, so the slow
patterns run over few texts.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

MASK: Final = "[redacted]"
_RUN: Final = 16

_TOKEN = r"A-Za-z0-9_\-+/=.~%:?&@"
_TOKEN_BYTE = re.compile(f"[{_TOKEN}]".encode())
_TO_RUNS = bytes(ord("a") if _TOKEN_BYTE.match(bytes([byte])) else ord(" ") for byte in range(256))
_LONG_RUN = b"a" * _RUN
_RUNS = re.compile(f"(?<![{_TOKEN}])[{_TOKEN}]{{{_RUN},}}")
# A secret without a form of its own is known by the name before its ":" or "=", which holds one of these.
_NAME_PARTS = re.compile(
    rb"assw|pwd|assphrase|ecret|oken|key|account|uthoriz|redential|ookie|session|access|private|auth|connection|pass|//"
)
# Longer than any name with a telling end, the quotes and the white space between it and the ":" (all in UTF-8).
_NAME_REACH = 128
# Letters that are "s" and "k" where case does not count, but not in `bytes.lower`.
_FOLDED = ("ſ".encode(), "\N{KELVIN SIGN}".encode())

# Each alternative is a published key format; the longest literal starts come first. What must be followed by something has an
# upper bound: without one, a megabyte of "eyJ-eyJ-" takes hours.
_KEYS = re.compile(
    r"""
      (?<![A-Za-z0-9])(?:
        sk-(?:ant-|proj-|or-v1-|lf-|svcacct-|admin-)[A-Za-z0-9_-]{16,}       # OpenAI, Anthropic, OpenRouter, Langfuse
      | sk-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{16,}                           # and their like; sk-learn-... has no digit
      | pk-lf-[A-Za-z0-9-]{16,}                                             # Langfuse public
      | lsv2_(?:pt|sk)_[A-Za-z0-9_]{16,} | ls__[A-Za-z0-9]{16,}             # LangSmith
      | (?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}                       # AWS key ids
      | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{20,} | GOCSPX-[A-Za-z0-9_-]{20,}   # Google
      | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}           # GitHub
      | gl(?:pat|ptt|dt|rt|soat|cbt|ft)-[A-Za-z0-9_-]{16,}                  # GitLab
      | xox[abeoprs]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,} | xoxe\.[A-Za-z0-9.-]{10,}  # Slack
      | [srp]k_(?:live|test)_[A-Za-z0-9]{10,} | whsec_[A-Za-z0-9+/=]{16,}   # Stripe
      | SK[0-9a-f]{32} | AC[0-9a-f]{32}                                     # Twilio
      | SG\.[A-Za-z0-9_-]{16,64}+\.[A-Za-z0-9_-]{16,}                          # SendGrid
      | key-[0-9a-zA-Z]{32} | [0-9a-f]{32}-us[0-9]{1,2}                     # Mailgun, Mailchimp
      | npm_[A-Za-z0-9]{20,} | pypi-[A-Za-z0-9_-]{16,} | rubygems_[0-9a-f]{20,}   # package registries
      | hf_[A-Za-z0-9]{16,} | nvapi-[A-Za-z0-9_-]{16,} | gsk_[A-Za-z0-9]{16,} | r8_[A-Za-z0-9]{16,}   # model hosts
      | pplx-[A-Za-z0-9]{16,} | xai-[A-Za-z0-9]{16,} | pcsk_[A-Za-z0-9_]{16,} | voyage-[A-Za-z0-9]{20,}
      | tvly-[A-Za-z0-9-]{16,} | fw_[A-Za-z0-9]{20,} | co_[A-Za-z0-9]{30,} | jina_[A-Za-z0-9_-]{16,} | csk-[a-z0-9]{20,}
      | shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,} | dapi[0-9a-f]{20,} | do[opr]_v1_[0-9a-f]{20,}   # Shopify, Databricks, DigitalOcean
      | dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{16,} | lin_api_[A-Za-z0-9]{16,} | ntn_[A-Za-z0-9]{16,}
      | secret_[A-Za-z0-9]{20,} | PMAK-[A-Za-z0-9-]{20,} | hv[sbr]\.[A-Za-z0-9_-]{16,} | HRKU-[A-Za-z0-9-]{20,}
      | sq0[a-z]{3}-[A-Za-z0-9_-]{16,} | EAA[A-Za-z0-9]{24,} | ATATT3[A-Za-z0-9_=-]{16,} | sbp_[A-Za-z0-9]{20,}
      | sntry[su]_[A-Za-z0-9_=+/-]{16,} | pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{16,} | glsa_[A-Za-z0-9_]{20,}
      | NRAK-[A-Z0-9]{16,} | AGE-SECRET-KEY-1[A-Z0-9]{20,} | figd_[A-Za-z0-9_-]{16,} | dckr_pat_[A-Za-z0-9_-]{16,}
      | vercel_[A-Za-z0-9]{20,} | vcp_[A-Za-z0-9]{20,} | dt0c01\.[A-Z0-9]{20,64}+\.[A-Z0-9]{40,} | ops_eyJ[A-Za-z0-9_-]{20,}
      | eyJ[A-Za-z0-9_-]{8,2048}+\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?        # JWT
      | [0-9]{8,10}:[A-Za-z0-9_-]{35} | [MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}   # Telegram, Discord
      )
    | (?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{16,}
    | (?<=discord\.com/api/webhooks/)[A-Za-z0-9/_-]{16,}
    | (?<=[?&]sig=)[A-Za-z0-9%/+=]{16,}
    """,
    re.VERBOSE,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)", re.S
)
_USERINFO = re.compile(r"(?<=://)([^\s:/@'\"]{0,256}):([^\s/@'\"]{1,256})@")
_HEADER = re.compile(rf"(?ia)\b(bearer|basic|negotiate|token)\s+([A-Za-z0-9._~+/=-]{{{_RUN},}})")
_IS_SECRET_NAME = re.compile(
    r"(?i)\A[\w.-]*?(?:passw(?:or)?d|passwd|pwd|passphrase|secret|api[_ -]?key|access[_ -]?key|account[_ -]?key|"
    r"private[_ -]?key|auth[_ -]?token|access[_ -]?token|refresh[_ -]?token|id[_ -]?token|session[_ -]?(?:token|key)|"
    r"(?<![a-z])token|credentials?|authorization|cookie|signing[_ -]?key|encryption[_ -]?key|shared[_ -]?key|"
    r"connection[_ -]?string)(?:s?\d{0,3}(?:[_.-]\w{0,12})?|value|key|string|hash|text|data|header)\Z"
)
# name, what stands between, value: "api_key": "xyz", api key = xyz, PASSWORD=xyz, Authorization: Bearer xyz
_ASSIGNED = re.compile(
    r"(?i)(?<![\w.-])([\w.-]{2,64}+(?: (?:key|token|string|id))?)"
    r"(\\{0,7}[\"']?\s{0,3}(?:=>|:=|[:=])\s{0,3}\\{0,7}[\"']?(?:(?:bearer|basic|token)\s+)?)"
    r"([^\s\"'\\,;&})\]]{3,})"
)
# Each name that is masked holds one of these.
_NAME_WORDS = (
    "passw", "pwd", "passphrase", "secret", "key", "token", "credential", "authorization", "cookie", "connection",
)  # fmt: skip
# How much a pattern looks through at once, which takes 2 to 3 ms, and how much of the text after it a match may need to begin.
_STEP = 32_768
_REACH = 4_096
# Numbers under such names are counts and limits ("max_tokens": 512, "token_count": 9), not secrets.
_NOT_SECRET_NAME = re.compile(r"(?i)tokens\b|_tokens|token_(?:count|usage|limit|type|ids?)|time_to|finish")
_HARMLESS_VALUE = re.compile(
    r"(?i)\A(?:true|false|null|none|yes|no|is|are|the|required"
    r"|optional|string|str|\[redacted\]?|<[^>]*>|\$\{.*|\d{1,6})[.!?]?\Z"
)

# Names of steps, classes and fields come with every record, and a long one takes the slow look each time. No secret stays here,
# and nothing with a digit, which may be an id that never comes again.
_harmless: set[str] = set()
_SHORT: Final = 64
_MOST_HARMLESS: Final = 4_096
_DIGIT = re.compile("[0-9]")


def may_hold_secret(data: bytes, *, is_json: bool = False) -> bool:
    """Whether `data` (UTF-8) deserves the slow look. Never False for a secret that `redact` would mask.

    Of JSON only the strings are looked at here: `is_secret_name` has its say on the keys before they become JSON.
    """
    if _LONG_RUN in data.translate(_TO_RUNS) or b"-----BEGIN" in data:
        return True
    if is_json and (b"\\" not in data or b'\\"' not in data):  # the first look takes a twentieth of the second
        data = data.replace(b'":', b"")  # JSON's own colons
    if b":" not in data and b"=" not in data:
        return False
    names = b" ".join(part[-_NAME_REACH:] for part in data.replace(b"=", b":").split(b":")[:-1]).lower()
    return b"://" in data or _NAME_PARTS.search(names) is not None or any(letter in names for letter in _FOLDED)


def redact(text: str) -> str:
    """`text` with every secret that has a known form replaced by "[redacted]"."""
    if text in _harmless:
        return text
    clean = _redact(text)
    if clean == text and len(text) <= _SHORT and not _DIGIT.search(text):
        if len(_harmless) >= _MOST_HARMLESS:
            _harmless.clear()
        _harmless.add(text)
    return clean


def _redact(text: str) -> str:
    if "-----BEGIN" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    text = _sub(_RUNS, _mask_run, text)
    if "://" in text and "@" in text:
        text = _sub(_USERINFO, lambda m: f"{m[1]}:{MASK}@", text)
    if ":" in text or "=" in text:
        folded = text.lower() if text.isascii() else text.casefold()
        if any(word in folded for word in _NAME_WORDS):
            text = _sub(_ASSIGNED, _mask_assigned, text)
    return _sub(_HEADER, _mask_header, text)


def _sub(pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str], text: str) -> str:
    """`pattern.sub`, but in steps: one call over a megabyte keeps all other threads of the host waiting for 20 to 80 ms."""
    if len(text) <= _STEP:
        return pattern.sub(replace, text)
    parts: list[str] = []
    copied = start = 0
    while start < len(text):
        end = start + _STEP
        limit = end + _REACH
        for match in pattern.finditer(text, start, limit):
            if match.start() >= end:
                break
            goes_on = match.end() >= limit
            found = (pattern.search(text, match.start()) or match) if goes_on else match
            parts += (text[copied : found.start()], replace(found))
            copied = found.end()
            if goes_on:
                break
        start = max(end, copied)
    return "".join([*parts, text[copied:]])


def _mask_run(run: re.Match[str]) -> str:
    text = run[0]
    return _KEYS.sub(MASK, text) if len(text) <= _STEP else _sub(_KEYS, lambda _: MASK, text)


def redact_value(value: Any) -> Any:
    """A JSON value with the secrets in its strings, and the values under names like "api_key", masked."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        if value.get("$type") == "bytes" and isinstance(preview := value.get("hex"), str):
            return {**value, "hex": _redact_preview(preview)}
        return {redact(key): _redact_item(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact_value(item) for item in value]
    return value


def mask_named(value: Any) -> Any:
    """A JSON value with the values under names like "api_key" masked; the texts in it are left to `redact`."""
    if isinstance(value, dict):
        return {key: MASK if _is_named_secret(key, item) else mask_named(item) for key, item in value.items()}
    return [mask_named(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=4_096)
def is_secret_name(name: str) -> bool:
    """Whether a value under this name is a secret whatever it looks like."""
    return _IS_SECRET_NAME.match(name) is not None and _NOT_SECRET_NAME.search(name) is None


def _redact_preview(hex_digits: str) -> str:
    text = bytes.fromhex(hex_digits).decode("latin-1")
    return redact(text).encode("latin-1").hex()


def _redact_item(key: str, item: Any) -> Any:
    return MASK if _is_named_secret(key, item) else redact_value(item)


def _is_named_secret(key: str, item: Any) -> bool:
    return is_secret_name(key) and item not in (None, "", [], {}) and not isinstance(item, bool | int | float)


def _mask_assigned(match: re.Match[str]) -> str:
    name, between, value = match.groups()
    if not is_secret_name(name) or _HARMLESS_VALUE.match(value) or value.lower() in ("bearer", "basic"):
        return match[0]
    return f"{name}{between}{MASK}"


def _mask_header(match: re.Match[str]) -> str:
    scheme, value = match.groups()
    is_word = value.isalpha() and (value.islower() or value.istitle())  # "token handling", "basic knowledge"
    return match[0] if is_word and len(value) < 24 else f"{scheme} {MASK}"
