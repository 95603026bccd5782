"""Splits a text into sentences and says where each one stands."""

import re

_END = re.compile(r"[.!?。！？]+[\"'”’)\]]*(?=\s|$)|(?<=[.!?])(?=[A-Z][a-z])|[。！？]")
_LINE = re.compile(r"[^\n]+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|vs|etc|e\.g|i\.e|No|Nr|Inc|Ltd|Co|Corp|U\.S|U\.K|a\.m|p\.m|approx|Jan|Feb|Mar"
    r"|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Rev|Hon|[A-Z])\.$"
)
_LIST_MARKER = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*•])\s*$")
_MAX_SENTENCE = 600
"""Characters; what is longer (a table, a text without full stops) is cut at white space, so that work stays linear."""


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of `text` start and end, in order, without white space at either end.

    A new line ends a sentence; so do ".", "!" and "?", but not after an abbreviation, an initial or a list number, nor
    before a lower-case letter. Fragments without three word characters join the sentence before them where only white
    space lies between. Empty for a text without any visible character.
    """
    pieces: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        pieces.extend(_split_line(text, *line.span()))
    return _glue_fragments(text, pieces)


def _split_line(text: str, first: int, last: int) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    start = first
    for match in _END.finditer(text, first, last):
        end = match.end()
        if end >= last or end <= start:
            continue
        if _ABBREVIATION.search(text[max(start, match.start() - 11) : match.start() + 1]):
            continue
        if _LIST_MARKER.match(text[start : min(end, start + 12)]) and end - start < 12:
            continue
        following = text[end : end + 4].lstrip()
        if following and following[0].islower():
            continue
        pieces.append((start, end))
        start = end
    pieces.append((start, last))
    return [part for piece in pieces for part in _cut_long(text, *_trim(text, *piece))]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cut_long(text: str, start: int, end: int) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    while end - start > _MAX_SENTENCE:
        cut = text.rfind(" ", start + _MAX_SENTENCE // 2, start + _MAX_SENTENCE)
        cut = cut if cut > start else start + _MAX_SENTENCE
        parts.append(_trim(text, start, cut))
        start = cut
    parts.append(_trim(text, start, end))
    return [(first, last) for first, last in parts if last > first]


def _glue_fragments(text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    glued: list[tuple[int, int]] = []
    for start, end in pieces:
        if end - start > 12 or sum(char.isalnum() for char in text[start:end]) >= 3 or not glued:
            glued.append((start, end))
        elif text[glued[-1][1] : start].strip() == "" and "\n" not in text[glued[-1][1] : start]:
            glued[-1] = (glued[-1][0], end)
        else:
            glued.append((start, end))
    return glued
