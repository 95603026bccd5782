"""Whether an answer speaks of what the question names: of "error E21", and not of "error E17"."""

import re
from collections.abc import Iterable
from itertools import pairwise

from weaklink.scoring.answer import expected_type, states_nothing
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tokens import Token, tokenise

_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_CODE = re.compile(r"(?=.*[A-Z])(?=.*[0-9])\w+")
_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)
_LETTER = re.compile(r"[A-Za-z]")
_DIGIT = re.compile(r"[0-9]")
_ABOUT_ITSELF = frozenset(token.value for token in tokenise("answer question following passage text help ready"))


def labels(text: str) -> dict[str, dict[str, str]]:
    """What numbers, codes and letters stand behind a word, and how they are written: {"error": {"e21": "error E21"}}.

    Years stand under "", codes also under their form: {"a00": {"e21": "E21"}}.
    """
    found: dict[str, dict[str, str]] = {}
    before: Token | None = None
    for token in tokenise(text):
        if _YEAR.fullmatch(token.value):
            found.setdefault("", {})[token.value] = token.surface
        elif before is not None and _is_label(token, text):
            found.setdefault(before.value, {})[token.value] = f"{before.surface} {token.surface}"
        if token.kind == "word" and _CODE.fullmatch(token.surface):
            form = _DIGIT.sub("0", _LETTER.sub("a", token.surface))
            found.setdefault(form, {})[token.value] = token.surface
        before = token if token.content and token.kind == "word" else None
    return found


def measures(text: str) -> dict[str, dict[str, str]]:
    """What numbers stand before a word, and how they are written: {"minut": {"45": "45 minutes"}}."""
    found: dict[str, dict[str, str]] = {}
    tokens = tokenise(text)
    for number, word in pairwise(tokens):
        if number.kind == "number" and word.kind == "word" and word.start - number.end <= 1:
            found.setdefault(word.value, {})[number.value] = f"{number.surface} {word.surface}"
    return found


def other_subject(question: str, answer: str, passages: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """What the question names, and what the answer and the `passages` that it rests on speak of instead.

    None where they hold what the question names, or where none of the `others`, which the answer does not rest on, does: then
    the question may name what nobody could know.
    """
    asked = labels(question)
    if not asked or expected_type(question) == "yes or no":  # "No, that is what E17 means" answers
        return None
    spoken = [answer, *passages]
    values = {token.value for text in spoken for token in tokenise(text)}
    for word, named in asked.items():
        instead = [written for text in spoken for written in labels(text).get(word, {}).values()]
        for value, written in named.items():
            if value not in values and instead and any(value in labels(text).get(word, {}) for text in others):
                return written, instead[0]
    return None


def says_nothing_new(question: str, answer: str, before: str = "") -> bool:
    """The answer asks back or greets, or every word of it stands in the question: "The answer to the question is: ...".

    `before` is what the user said earlier: to repeat that says nothing, too. A choice ("north or south?") and a yes-or-no
    question may be answered in the question's own words.
    """
    if all(states_nothing(answer[start:end]) for start, end in split_sentences(answer)):
        return True
    if expected_type(question) == "yes or no" or _CHOICE.search(question):
        return False
    known = {token.value for text in (question, before) for token in tokenise(text)} | _ABOUT_ITSELF
    return not any((token.content or token.is_value) and token.value not in known for token in tokenise(answer))


def _is_label(token: Token, text: str) -> bool:
    surface = text[token.start : token.end]
    if token.kind == "number":
        return not token.unit
    return any(char.isdigit() for char in surface) or (token.content and len(surface) == 1 and surface.isupper())
