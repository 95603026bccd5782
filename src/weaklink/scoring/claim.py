"""One sentence of an answer, as something that passages can carry or not."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from weaklink.scoring.text.lexicon import DAYS, GERMAN, LIGHT, STOPWORDS
from weaklink.scoring.text.tokens import Token, tokenise
from weaklink.scoring.text.units import is_negation

_LIST_MARKER = re.compile(r"^\s*(?:[-*•#]+|\d{1,3}[.)])\s+")
_YES = re.compile(r"^\s*(?:yes|yeah|yep|correct|true|right|indeed|sure|ja|oui|sí)\b[\s,.!:;-]*", re.IGNORECASE)
_NOT_SO = r"(?:unfortunately,? )?not (?:yet|really|quite|entirely|exactly|at all|anymore|any more|necessarily)|unfortunately,? (?:not|no)"
_NO = re.compile(rf"^\s*(?:{_NOT_SO}|no|nope|false|incorrect|nein|non)\b[\s,.!:;-]*", re.IGNORECASE)
_LEAD = re.compile(
    rf"^\s*(?:yes|yeah|{_NOT_SO}|no|nope|correct|right|indeed|sure|ja|nein|oui|non|sí)\s*[,.!:;]\s*", re.IGNORECASE
)
_NOT_NAMES = frozenset({"am", "pm", "i", *DAYS})
_CITATION = re.compile(
    r"\[\d{1,3}(?:, ?\d{1,3})*\]"
    r"|\(?(?:\b(?:ref|see|source)\W{1,2})?\b(?:passages?|documents?|sources?|step|method|option|part|tip) #?\d{1,3}\b"
    r"(?: and \d{1,3})?\)?:?",
    re.IGNORECASE,
)
"""What points to a passage or counts a step; its numbers are no claims."""
_CLAUSE_END = re.compile(
    r"[,;:()]|\b(?:and|but|while|although|because|which|who|that|as well as|such as|including)\b", re.IGNORECASE
)
_PRONOUNS = frozenset({"he", "him", "his", "she", "her", "hers", "they", "them", "their", "it", "its"})
_SHORT = 4
"""Content words up to which a claim is read together with the question: "25 days" says nothing alone."""


@dataclass(frozen=True)
class Claim:
    """A sentence with its tokens, and the question it answers."""

    text: str
    """The sentence, with list marker, citations and a leading "Yes," or "No," blanked; the question where the sentence is a
    bare "Yes" or "No"."""
    tokens: tuple[Token, ...]
    """Their places are characters of `text`."""
    asked: tuple[str, ...] = ()
    """Content values of the question."""
    question: str = ""
    follows: bool = False
    """Other sentences of the answer stand before it."""
    denies: bool = False
    """The sentence is a bare "No": its tokens are those of the question, and it denies them."""
    polar: "Claim | None" = None
    """What a "Yes" or "No" at the start of a longer sentence says by itself: the question, said or denied."""

    @property
    def is_question(self) -> bool:
        """The claim is a question, said or denied by a "Yes" or "No"."""
        return bool(self.question) and self.text == self.question

    @cached_property
    def content(self) -> list[Token]:
        """The tokens that carry a topic or a value, in order."""
        return [token for token in self.tokens if token.content]

    @cached_property
    def values(self) -> list[str]:
        """The values of `content`, in order, with repetitions."""
        return [token.value for token in self.content]

    @cached_property
    def clauses(self) -> list[list[Token]]:
        """The content tokens of each clause that has at least two; clauses end at commas and words such as "and"."""
        ends = [*clause_breaks(self.text), len(self.text)]
        clauses: list[list[Token]] = [[] for _ in ends]
        place = 0
        for token in self.content:
            while token.start > ends[place]:
                place += 1
            clauses[place].append(token)
        return [clause for clause in clauses if len(clause) > 1]

    @cached_property
    def lacks_antecedent(self) -> bool:
        """The first word that could name something is a pronoun, and nothing was named before the sentence."""
        if self.asked or self.follows:
            return False
        first = next((t for t in self.tokens if t.content or t.surface.lower() in _PRONOUNS), None)
        return first is not None and not first.content

    @cached_property
    def is_short(self) -> bool:
        """Too short to stand alone: the question tells what it is about."""
        return len(set(self.values)) <= _SHORT

    @cached_property
    def topic(self) -> frozenset[str]:
        """What the claim is about: its own values, and those of the question where it is short."""
        return frozenset(self.values) | frozenset(self.asked if self.is_short else ())

    @property
    def wanted(self) -> Iterable[str]:
        """What evidence has to hold: the topic of a short claim, the values of any other."""
        return self.topic if self.is_short else self.values

    @cached_property
    def names(self) -> list[Token]:
        """Capitalised words that are not so only because a sentence starts with them."""
        starts_with_one = self.is_bare and all(token.is_value or token.surface[:1].isupper() for token in self.content)
        return names_in(self.tokens, bare=starts_with_one)

    @cached_property
    def is_bare(self) -> bool:
        """A value or a name without a verb, such as "25 days" or "Dr. Lena Hoff"."""
        words = self.tokens
        said = {token.value for token in words if token.kind == "number"}
        return (
            bool(self.asked)
            and len(words) <= 5
            and not said & set(self.asked)  # "Two adults pay 14 euros" says again what was asked
            and not any(token.surface.lower() in _PRONOUNS for token in words)
            and all(token.content or token.surface[:1].isupper() for token in words)
        )

    @cached_property
    def negated(self) -> bool:
        """The claim says no somewhere."""
        return self.denies or any(is_negation(token) for token in self.tokens)

    def of_kind(self, kind: str) -> list[str]:
        """The values of the tokens of this kind, in order."""
        return [token.value for token in self.tokens if token.kind == kind]


def read_claim(sentence: str, question: str = "", *, follows: bool = False) -> Claim:
    """Read one sentence of an answer; a bare "Yes" or "No" becomes the question, said or denied."""
    asked = tuple(dict.fromkeys(token.value for token in asked_in(question) if token.content))
    text = _CITATION.sub(_blank, _LIST_MARKER.sub(_blank, sentence))
    for pattern, denies in ((_YES, False), (_NO, True)):
        said = pattern.match(text)
        if said and asked and len(text) - said.end() < 3:
            return _answered(question, asked, denies=denies)
    # "No, it is closed" denies the question, not what follows.
    said = _LEAD.sub(_blank, text)
    stated = said if said.strip() else text
    tokens = tuple(tokenise(stated))
    polar = next(
        (
            _answered(question, asked, denies=denies)
            for pattern, denies in ((_YES, False), (_NO, True))
            if asked and _LEAD.match(text) and pattern.match(text)
        ),
        None,
    )
    return Claim(text=stated, tokens=tokens, asked=asked, question=question, follows=follows, polar=polar)


@lru_cache(maxsize=16)
def asked_in(question: str) -> tuple[Token, ...]:
    """The tokens of a question, which each sentence of an answer is read with."""
    return tuple(tokenise(question))


def _answered(question: str, asked: tuple[str, ...], *, denies: bool) -> Claim:
    """The question as a statement, or as its denial."""
    return Claim(text=question, tokens=asked_in(question), asked=asked, question=question, denies=denies)


def clause_breaks(text: str) -> list[int]:
    """Where a clause of a sentence ends and the next one begins: at commas and words such as "and"."""
    return [found.start() for found in _CLAUSE_END.finditer(text)]


def _blank(found: re.Match[str]) -> str:
    """White space of the same length, so that the places of what follows stay as they are."""
    return " " * len(found.group())


def names_in(tokens: tuple[Token, ...], *, bare: bool = False) -> list[Token]:
    """The tokens that look like parts of names; the first one only before another one, or with `bare`.

    In German only two of them side by side do.
    """
    looks = [_looks_like_name(token) for token in tokens]
    if not any(looks):
        return []
    in_german = any(token.surface.lower() in GERMAN for token in tokens)
    found: list[Token] = []
    for index, token in enumerate(tokens):
        if not looks[index] or (
            in_german and not any((*looks[max(0, index - 1) : index], *looks[index + 1 : index + 2]))
        ):
            continue
        first = index == 0 and not bare
        if first and not (len(tokens) > 1 and looks[1] and tokens[1].start - token.end <= 3):
            continue
        found.append(token)
    return found


def _looks_like_name(token: Token) -> bool:
    lower = token.surface.lower()
    if token.kind != "word" or not token.surface[:1].isupper():
        return False
    return lower not in STOPWORDS and lower not in LIGHT and lower.removesuffix("s") not in _NOT_NAMES
