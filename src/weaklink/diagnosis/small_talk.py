"""Turns of a conversation that ask nothing: a greeting, thanks, a word of assent."""

import re

_WORDS = re.compile(
    r"(?:\W*\b(?:ok(?:ay)?|great|perfect|cool|super|nice|alright|all right|understood|got it|i see|well done"
    r"|thank(?:s| you)(?: (?:so|very) much| a lot| again)?|cheers"
    r"|hello|hi|hey|good (?:morning|evening|afternoon|night|day)|good ?bye|bye|see you(?: soon| later)?|there|everybody|all)\b)+\W*",
    re.IGNORECASE,
)
_LONGEST = 60


def is_small_talk(text: str) -> bool:
    """Whether all of a turn is small talk; no search or answer of it can be right or wrong. A question mark asks for something."""
    return 0 < len(text) <= _LONGEST and "?" not in text and _WORDS.fullmatch(text.strip()) is not None
