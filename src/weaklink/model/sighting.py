"""How much of a text stands in a prompt."""

import re
from bisect import bisect_left

# A shared run of fewer characters than this can be chance ("The company"), so it does not count as a passage seen.
_SHORTEST_SIGHTING = 24


def visible_part(text: str, prompt: str) -> tuple[float, str]:
    """How much of `text` stands in `prompt`: the share of its characters (0..1), and the part itself.

    A whole copy counts first, then a copy with other white space, then the longest start, then single sentences.
    """
    text = text.strip()
    if not text or not prompt:
        return 0.0, ""
    if text in prompt:
        return 1.0, text
    flat_text, flat_prompt = _flat(text), _flat(prompt)
    if flat_text in flat_prompt:
        return 1.0, text
    # Whether a start of the text stands in the prompt is monotone in its length, so the longest one is a bisection away.
    longest = bisect_left(range(1, len(flat_text) + 1), True, key=lambda n: flat_text[:n] not in flat_prompt)
    start = flat_text[:longest] if longest >= min(_SHORTEST_SIGHTING, len(flat_text)) else ""
    sentences = [
        s for s in re.split(r"(?<=[.!?])\s+|\n+", text) if len(s) >= _SHORTEST_SIGHTING and _flat(s) in flat_prompt
    ]
    pieces = "\n".join(sentences)
    best = max(start, pieces, key=len)
    return min(1.0, len(best) / len(flat_text)), best


def _flat(text: str) -> str:
    return " ".join(text.split())
