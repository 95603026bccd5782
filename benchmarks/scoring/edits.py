"""Puts errors into sentences and says where: what the cross-encoder learns beside the errors that people marked."""

import random
import re
from collections.abc import Callable
from typing import NamedTuple

from weaklink.scoring.text.lexicon import STOPWORDS
from weaklink.scoring.text.opposites import EXCLUSIVE
from weaklink.scoring.text.stems import stem

NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]+)(?: [A-Z][a-z]+)*")
NUMBER = re.compile(r"\b\d[\d,]*(?:\.\d+)?\b")
WORD = re.compile(r"\b[a-z]{5,}\b")
ANY_WORD = re.compile(r"\b[a-z-]+\b")
NOT = re.compile(r"\b(?:not|never) |n't\b")
AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|will|would|should|may|does|did|do)\b(?! not\b|n't)"
)


class Edited(NamedTuple):
    """A sentence with an error in it."""

    text: str
    spans: list[tuple[int, int]]
    """The characters of `text` that are wrong."""


def put(text: str, start: int, end: int, new: str) -> Edited:
    return Edited(text[:start] + new + text[end:], [(start, start + len(new))])


def number(text: str, context: str, rng: random.Random) -> Edited | None:
    """Another number: one of the context, or one near by."""
    found = list(NUMBER.finditer(text))
    if not found:
        return None
    place = rng.choice(found)
    others = [n for n in NUMBER.findall(context) if n not in text and abs(len(n) - len(place.group())) <= 1]
    if others and rng.random() < 0.6:
        return put(text, *place.span(), rng.choice(others))
    digits = place.group().replace(",", "")
    if not digits.isdigit() or int(digits) < 1:
        return None
    return put(text, *place.span(), str(max(int(digits) + rng.choice((-3, -2, -1, 1, 2, 3, 5, 10)), 1)))


def name(text: str, context: str, rng: random.Random) -> Edited | None:
    """Another name of the same context."""
    found = list(NAME.finditer(text))
    if not found:
        return None
    place = rng.choice(found)
    others = sorted({n for n in NAME.findall(context) if n not in text and place.group() not in n})
    return put(text, *place.span(), rng.choice(others)) if others else None


def swap(text: str, context: str, rng: random.Random) -> Edited | None:
    """Two names, or two numbers, of the sentence change places."""
    kinds = [pattern for pattern in (NAME, NUMBER) if len({m.group() for m in pattern.finditer(text)}) > 1]
    if not kinds:
        return None
    places = list(rng.choice(kinds).finditer(text))
    first, second = sorted(rng.sample(places, 2), key=lambda place: place.start())
    if first.group() == second.group():
        return None
    between = text[first.end() : second.start()]
    head = text[: first.start()] + second.group() + between
    new = head + first.group() + text[second.end() :]
    return Edited(
        new, [(first.start(), first.start() + len(second.group())), (len(head), len(head) + len(first.group()))]
    )


def negate(text: str, context: str, rng: random.Random) -> Edited | None:
    """A "not" more or less."""
    denied = NOT.search(text)
    if denied:
        cut = text[: denied.start()] + (" " if denied.group() == "n't" else "") + text[denied.end() :]
        return Edited(cut, [(max(0, denied.start() - 8), min(len(cut), denied.start() + 8))])
    verb = AUXILIARY.search(text)
    return Edited(text[: verb.end()] + " not" + text[verb.end() :], [(verb.start(), verb.end() + 4)]) if verb else None


def opposite(text: str, context: str, rng: random.Random) -> Edited | None:
    """A word that excludes the one it replaces: "after" for "before", "weekly" for "daily"."""
    found = [place for place in ANY_WORD.finditer(text) if stem(place.group()) in EXCLUSIVE]
    if not found:
        return None
    place = rng.choice(found)
    others = sorted(
        word for members in EXCLUSIVE[stem(place.group())] for word in members if word != stem(place.group())
    )
    return put(text, *place.span(), rng.choice(others)) if others else None


def word(text: str, context: str, rng: random.Random) -> Edited | None:
    """A word of the context with the same ending."""
    found = [place for place in WORD.finditer(text) if place.group() not in STOPWORDS]
    if not found:
        return None
    place = rng.choice(found)
    others = sorted(
        {
            other
            for other in WORD.findall(context)
            if other[-2:] == place.group()[-2:] and other not in text and stem(other) != stem(place.group())
        }
        - STOPWORDS
    )
    return put(text, *place.span(), rng.choice(others)) if others else None


EDITS: tuple[Callable[[str, str, random.Random], Edited | None], ...] = (
    number, name, swap, swap, negate, opposite, word, number, name,
)  # fmt: skip


def with_error(text: str, context: str, rng: random.Random) -> Edited | None:
    """`text` with one error of a random kind; None where none of the kinds fits."""
    for edit in rng.sample(EDITS, len(EDITS)):
        found = edit(text, context, rng)
        if found is not None and found.text != text:
            return found
    return None


def with_clause(text: str, clause: str) -> Edited:
    """`text` with what another answer made up at its end."""
    head = text.rstrip(" .") + ", "
    clause = clause.strip(" .,")
    return Edited(head + clause + ".", [(len(head), len(head) + len(clause))])


def faithful(text: str, following: str, rng: random.Random) -> str:
    """Says the same with fewer words, in another order, or together with the sentence that follows."""
    kind = rng.random()
    parts = [part for part in re.split(r"(?<=,)\s+| and (?=the|he|she|it|they)|; ", text) if part]
    longest = max(parts, key=len, default=text).strip(" ,;")
    if kind < 0.35 and len(parts) > 1 and len(longest.split()) >= 6:
        return longest[0].upper() + longest[1:]
    if kind < 0.5:
        return re.sub(r"\s*\([^)]*\)", "", text)
    if kind < 0.65:
        halves = [half.strip() for half in text.rstrip(".").split(", ")]
        if len(halves) == 2 and len(halves[1].split()) >= 4:
            return f"{halves[1][0].upper()}{halves[1][1:]}, {halves[0][0].lower()}{halves[0][1:]}."
    if kind < 0.85 and following:
        return f"{text.rstrip('.')}, and {following[:120]}"
    return re.sub(r"\b(?:very|also|however|really|just|then|quite|already),? ", "", text)
