"""Words of scripts that put no space between them, as SQLite's search finds them."""

import re

# Thai, Lao, Myanmar, Khmer; Japanese, Chinese; Hangul, whose words carry their particles.
_CHARACTER = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])"
)


def apart(text: str) -> str:
    """`text` with a space around each character of such a script: what follows each other is then found as a phrase."""
    return text if text.isascii() else _CHARACTER.sub(r" \1 ", text)
