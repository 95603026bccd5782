"""The clauses of a sentence, and the words that each takes over from the first one."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from weaklink.scoring.text.lexicon import PREPOSITIONS
from weaklink.scoring.text.tokens import Token

_LINKS = frozenset({"and", "but", "while", "whereas", "or", "nor", "und", "aber", "et", "mais", "y", "pero"})
_MARKS = re.compile(r"[,;()|]")


class Clause(NamedTuple):
    """A part of a unit, between commas and words such as "and"."""

    tokens: tuple[Token, ...]
    values: frozenset[str]
    """Of its content tokens; where it starts with its value or a preposition ("6 weeks for ...", "for students 10 euros"), also the words
    before the first value."""


def clauses_in(text: str, tokens: Sequence[Token]) -> list[Clause]:
    """The clauses of a sentence, in order."""
    parts: list[list[Token]] = [[]]
    for before, token in zip([None, *tokens], tokens, strict=False):
        linked = token.surface in _LINKS
        if parts[-1] and (linked or (before and _MARKS.search(text[before.end : token.start]))):
            parts.append([])
        if not linked:
            parts[-1].append(token)
    parts = [part for part in parts if part]
    head = _before_value(parts[0]) if parts else []
    found: list[Clause] = []
    for place, part in enumerate(parts):
        own = [token.value for token in part if token.content]
        continues = not _before_value(part) or part[0].surface.lower() in PREPOSITIONS
        inherited = [token.value for token in head] if place and continues else []
        found.append(Clause(tuple(part), frozenset([*own, *inherited])))
    return found


def _before_value(part: Sequence[Token]) -> list[Token]:
    """The content words before the first value; all of them where there is no value."""
    content = [token for token in part if token.content]
    return content[: next((place for place, token in enumerate(content) if token.is_value), len(content))]
