"""What a part of a question, or of an answer, says about the search: what the user only tells, what is refused, what is denied."""

import re
from collections.abc import Iterable

from weaklink.diagnosis.finding import abstained
from weaklink.diagnosis.values import contents_of, values_in
from weaklink.model import Score, Scores, Span, TextRange, Trace
from weaklink.scoring.question import read_question
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tokens import tokenise
from weaklink.scoring.text.units import is_negated

_OF_ONESELF = re.compile(r"\b(?:i|i'm|i've|i'd|we|we're|we've|my|our)\b", re.IGNORECASE)
_FEWEST_REFUSED = 2
"""Words of the question, said nowhere else in the answer, that make of a caveat a refusal."""


def told_in(question: str) -> frozenset[str]:
    """The words that stand only where the user tells of himself ("I earned 4,000 euros."), and not in what he asks.

    None of a question of one sentence, and of one whose sentences all tell or all ask.
    """
    told, asked = set[str](), set[str]()
    for start, end in split_sentences(question):
        sentence = question[start:end].replace("’", "'")
        tells = not sentence.rstrip().endswith("?") and _OF_ONESELF.search(sentence)
        (told if tells else asked).update(_content(sentence))
    return frozenset(told - asked) if asked else frozenset()


def told_share(question: str, held: set[str]) -> float:
    """How much of what no passage has is only told, 0..1, by weight: nobody looks that up, as far as what is asked was found."""
    told, weights = told_in(question), read_question(question).weights
    missing = sum(weight for value, weight in weights.items() if value not in held)
    only_told = sum(weight for value, weight in weights.items() if value not in held and value in told)
    asked = sum(weight for value, weight in weights.items() if value not in told)
    found = sum(weight for value, weight in weights.items() if value not in told and value in held)
    return only_told / missing * found / asked if only_told and asked else 0.0


def refuses_in_part(trace: Trace, scores: Scores) -> bool:
    """The answer says of a part of the question that it is not known, and speaks of that part nowhere else."""
    generator = trace.dataflow.generator
    if generator is None or abstained(generator, scores):
        return False
    sentences = scores.of_sentences(generator.id, "groundedness")
    refused = _words(sentence for sentence in sentences if sentence.label == "abstention")
    answered = _words(sentence for sentence in sentences if sentence.label not in ("abstention", "not_a_claim"))
    asked = read_question(trace.dataflow.asked).weights.keys()
    return bool(answered) and len(refused & asked - answered) >= _FEWEST_REFUSED


def speaks_of_it(trace: Trace, generator: Span, scores: Scores) -> bool:
    """A passage says otherwise, and of the very thing: it denies what the answer says, or has all names and numbers asked about."""
    asked = [value for value in values_in(trace.dataflow.asked) if value.kind != "phrase"]
    is_named = any(value.kind in ("name", "id") for value in asked)
    for score in scores.of_sentences(generator.id, "groundedness"):
        if score.label != "contradicted" or score.support is None:
            continue
        if any(map(is_denial, score.detail)):
            return True
        if is_named and all(map(contents_of(_passage(trace, score.support)).has, asked)):
            return True
    return False


def _passage(trace: Trace, place: TextRange) -> str:
    """The passage that a place is in; the shown text of the place where it is in none."""
    kind, _, number = place.field.partition(".")
    return trace.get(place.span_id).documents[int(number)].content if kind == "documents" else place.text


def is_denial(detail: str) -> bool:
    """The passage and the sentence have one word, and one of the two denies it: "not paid (the passage says: paid)"."""
    said, _, held = detail.removesuffix(")").partition(" (the passage says: ")
    return is_negated(tokenise(said)) != is_negated(tokenise(held))


def _words(sentences: Iterable[Score]) -> set[str]:
    return {word for score in sentences if score.sentence is not None for word in _content(score.sentence.text)}


def _content(text: str) -> set[str]:
    return {token.value for token in tokenise(text) if token.content}
