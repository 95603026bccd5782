"""The answer by itself: does it answer at all, and does it answer the question?"""

import re

from weaklink.scoring.abstention import is_abstention
from weaklink.scoring.text.lexicon import DAYS, STOPWORDS
from weaklink.scoring.text.tokens import content_values, tokenise

_POLITE = re.compile(
    r"^\W*(?:(?:hello|hi|hey|sure|certainly|of course|thank you|thanks|absolutely)[\s,.!-]*"
    r"(?:$|i(?:'d|'ll| can| will| would)\b|let me|here(?:'s| is| are)\b|happy|for\b|there\b)"
    r"|you're welcome|(?:great|good) question|enjoy\W*$|(?:good|great|bad) news\W*$"
    r"|i(?:'m| am)(?: so| very| really)? sorry (?:to hear|for (?:the|your|any)\b)"
    r"|i hope (?:this|that) helps|let me know|feel free|if you have any (?:other|further|more)|please (?:let|feel)"
    r"|is there anything else|happy to help|i(?:'d| would) be happy to|as an ai|here (?:is|are|'s)(?: \w+){0,6}:?\W*$"
    r"|based on the (?:provided |given )?(?:context|documents?|passages?|information)[^.]{0,30}:?\W*$"
    r"|according to the (?:provided |given )?(?:context|documents?|passages?|information)[^.]{0,15}:?\W*$"
    r"|(?:the )?answer:?\W*$)",
    re.IGNORECASE,
)
_BARE = 4
"""Tokens up to which an answer is a bare value, which need not repeat any word of the question."""


def states_nothing(sentence: str) -> bool:
    """A greeting, a question back, a heading, a lead-in, or no words at all: nothing that passages could carry."""
    stripped = sentence.strip().rstrip("*_ ")
    if not any(char.isalnum() for char in stripped):
        return True
    if stripped.endswith(("?", "？")):
        return True
    words = len(stripped.split())
    return (
        bool(_POLITE.match(stripped) and words <= 14)
        or (stripped.endswith(":") and words <= 12)
        or stripped.startswith("#")
    )


_RULE_BEHIND = re.compile(r"[ \t]*\n[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*(?:\n|$)")


def heads_table(sentence: str, answer: str, end: int) -> bool:
    """The names of the columns of a Markdown table: a row with a rule below it. `end` is where it ends in the answer."""
    return "|" in sentence and bool(_RULE_BEHIND.match(answer, end))


_ASKS_FOR: dict[str, re.Pattern[str]] = {
    "number": re.compile(
        r"\bhow (?:many|much|long|old|far|tall|big|often|high|fast|deep|large)\b"
        r"|\bwhat (?:age|percent\w*|number|amount|price|cost)\b",
        re.IGNORECASE,
    ),
    "time": re.compile(r"\bwhen\b|\bwhat (?:year|date|day|time|month)\b|\bwhich (?:year|day|month)\b", re.IGNORECASE),
    "name": re.compile(r"\bwho(?:se|m)?\b", re.IGNORECASE),
    "place": re.compile(
        r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|location|room|building)\b", re.IGNORECASE
    ),
    "reason": re.compile(r"\bwhy\b|\b(?:reason|purpose|cause)\b", re.IGNORECASE),
    "yes or no": re.compile(
        r"^\W*(?:is|are|was|were|do|does|did|can|could|will|would|has|have|should|may|must)\b", re.IGNORECASE
    ),
}
_REASON = re.compile(
    r"\b(?:because|due to|since|so that|in order to|to|caused?|result|reason|therefore|purpose|as)\b", re.IGNORECASE
)
_PLACE = re.compile(r"\b(?:in|at|near|from|on|located|to|by|behind|under|next|opposite)\b|[A-Z]")
_NAME = re.compile(r"[A-Z][\w'’-]*")


def expected_type(question: str) -> str:
    """What kind of answer the question asks for: "number", "time", "name", "place", "reason", "yes or no", or ""."""
    return next((kind for kind, pattern in _ASKS_FOR.items() if pattern.search(question)), "")


def has_type(kind: str, text: str, question: str = "") -> bool:
    """`text` holds something of the kind that `expected_type` names and that the question does not hold already."""
    tokens = tokenise(text)
    asked = {token.value for token in tokenise(question)}
    new = [token for token in tokens if token.value not in asked]
    if kind == "number":
        return any(token.kind in ("number", "time") for token in new)
    if kind == "time":
        days = {day for day in DAYS for token in new if token.surface.lower().startswith(day)}
        return bool(days) or any(
            token.is_value or token.value in ("day", "week", "month", "year", "hour") for token in new
        )
    if kind == "name":
        capitals = _NAME.findall(text)
        return any(word.lower() not in STOPWORDS and word.lower() not in question.lower() for word in capitals)
    pattern = {"place": _PLACE, "reason": _REASON}.get(kind)
    return bool(pattern.search(text)) if pattern else True


def answer_relevance(question: str, answer: str) -> tuple[float | None, str]:
    """How far the answer speaks to the question, 0..1, and in a few words why; None where either has no words.

    The mean of two looks: shared meaning (static embedding cosine, or shared words where no embedder can be
    loaded), and
    whether the answer holds the kind of thing that was asked for. An abstention gives 0.
    """
    from weaklink.scoring.embedding import similarity

    if not tokenise(question):
        return None, "the question has no words"
    if not tokenise(answer):
        return None, "the answer has no words"
    if is_abstention(answer):
        return 0.0, "the answer abstains"
    kind = expected_type(question)
    typed = has_type(kind, answer, question) if kind else True
    asked, said = set(content_values(tokenise(question))), set(content_values(tokenise(answer)))
    shared = len(asked & said) / len(asked) if asked else 0.5
    alike = similarity(question, answer)
    meaning = shared if alike is None else max(min(1.0, max(0.0, alike) / 0.6), shared)
    if kind and typed and len(tokenise(answer)) <= _BARE:
        return min(1.0, 0.8 + 0.2 * meaning), f"holds the {kind} asked for"
    if kind and not typed:
        return 0.6 * meaning, f"asks for a {kind}, and the answer holds none"
    return 0.15 + 0.85 * meaning, f"shares {shared:.0%} of the question's words"
