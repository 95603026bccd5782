"""A question and the part of the passages that speaks most of it, side by side for the cross-encoder."""

from weaklink.scoring.index import ContextIndex
from weaklink.scoring.question import read_question
from weaklink.scoring.text.tokens import tokenise
from weaklink_models.pair import ELSEWHERE, NOWHERE, SHARED, SHOWN, Mark, Pair

_MOST_WORDS = 150


def window_of(question: str, index: ContextIndex) -> Pair:
    """The question, and at most 150 words of the units that hold most of it with their neighbours, in passage order."""
    asked = read_question(question)
    order = sorted(range(len(index.units)), key=lambda number: (-asked.coverage(_around(index, number)), number))
    kept: dict[int, str] = {}
    left = _MOST_WORDS
    for number in order:
        words = index.units[number].text.split()[:left]
        if left <= 0:
            break
        kept[number] = " ".join(words)
        left -= len(words)
    evidence = " ".join(kept[number] for number in sorted(kept))
    tokens, shown = tokenise(question), tokenise(evidence)
    held = {token.value for token in shown}
    marks = [
        Mark(
            token.start,
            token.end,
            SHOWN if token.value in held else ELSEWHERE if token.value in index.values else NOWHERE,
        )
        for token in tokens
    ]
    shared = [Mark(token.start, token.end, SHARED) for token in shown if token.value in asked.weights]
    return Pair(question, evidence, marks, shared, 0)


def _around(index: ContextIndex, number: int) -> frozenset[str]:
    """The values of a unit and of its neighbours in the same passage."""
    values = index.units[number].values
    for near in (number - 1, number + 1):
        if 0 <= near < len(index.units) and index.passage_of[near] == index.passage_of[number]:
            values |= index.units[near].values
    return values
