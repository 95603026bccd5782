"""Rules on the query that a model made of the question."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from weaklink.diagnosis.finding import Finding, excerpt, listed, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.diagnosis.retrieval import doubt, retrievers_of
from weaklink.diagnosis.values import contents_of, values_in
from weaklink.model import Evidence, Scores, Span, Trace, main_text, text_of
from weaklink.model.forms import json_in
from weaklink.model.roles import roles
from weaklink.scoring.claim import names_in
from weaklink.scoring.embedding import similarity
from weaklink.scoring.quantities import is_year
from weaklink.scoring.question import frequencies, read_question
from weaklink.scoring.text.tokens import tokenise

_UNRESOLVED = re.compile(
    r"\b(?:it|its|this|that|these|those|they|them|their|he|him|his|she|her|there)\b", re.IGNORECASE
)
# A question that says nothing without what it points back to; "is it possible to ..." does.
_FOLLOWS_UP = re.compile(
    r"\b(?:its?|they|them|their|he|him|his|she|her)\b|^\W*(?:and|or|but|also|what about|how about)\b"
    # "can I get in there?", and not "is there a lift?"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )\bthere\b(?!'s|\s+(?:is|are|was|were|will|has|have|had|be|been|an?|any|exists?)\b)",
    re.IGNORECASE,
)
_IMPERSONAL = re.compile(
    r"\bit\s+(?:is\s+)?(?:possible|allowed|permitted|ok|okay|true|necessary|required|take)\b", re.IGNORECASE
)
_WORDS_OF_A_FOLLOW_UP = 3
_OTHER_TOPIC = 0.9
_OTHER_NAME = 0.5
"""The least that another name counts: it may be a second name of the same thing."""


def rewrite_drift(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The rewritten query asks something else than the question."""
    for span, query, queries in _rewrites(trace):
        if topic := _topic_left(trace, query):
            if topic.instead:
                yield _other_topic(trace, scores, limits, span, query, topic)
            continue
        lost, kept = _lost(trace, queries)
        if other := _other_value(trace, queries):
            yield _asked_of_another(trace, span, query, *other)
            continue
        alike = similarity(trace.dataflow.asked, query)
        closeness = max(kept, alike if alike is not None else kept)
        if not lost or closeness > limits.same_query:
            continue
        says = f"{span.name} made “{quote(query, 80)}” of “{quote(trace.question, 80)}”"
        strength = (1.0 - ramp(closeness, limits.drifted)) * _consequence(trace, scores, limits)
        advice = f"search with the question as it was asked too, or tell the model to keep {listed(lost)}"
        evidence = [Evidence(says=f"the query: “{quote(query)}”", at=_query_place(span, query))]
        yield Finding(span.id, strength, says, evidence, advice, signals={"lost": 1.0 - kept})


def _other_value(trace: Trace, queries: str) -> tuple[str, str] | None:
    """The one year or id of the question and the one that the query has in its place, where nothing found has the first."""
    ours, theirs = (
        {value.keys: value.text for value in values_in(text) if value.kind == "id" or _is_year(value.text)}
        for text in (trace.dataflow.asked, queries)
    )
    if (
        len(ours) != 1
        or len(theirs) != 1
        or ours.keys() == theirs.keys()
        or not _alike_in_form(*ours.values(), *theirs.values())
    ):
        return None
    (asked,) = values_in(next(iter(ours.values())))[:1] or (None,)
    found = [document.content for span in trace.of_kind("retriever") for document in span.documents]
    said = [text for _, text in trace.dataflow.turns]
    if asked is None or any(contents_of(text).has(asked) for text in (*found, *said)):
        return None
    return next(iter(ours.values())), next(iter(theirs.values()))


def _is_year(text: str) -> bool:
    return any(is_year(token) for token in tokenise(text))


def _alike_in_form(one: str, other: str) -> bool:
    """ "2023" and "2024", "A-17" and "A-71"; a year is no id."""
    return re.sub(r"\d", "0", one.lower()) == re.sub(r"\d", "0", other.lower())


def _asked_of_another(trace: Trace, span: Span, query: str, asked: str, instead: str) -> Finding:
    says = f"{span.name} made “{quote(query, 80)}” of “{quote(trace.question, 80)}”: {instead} for {asked}"
    evidence = [
        Evidence(says=f"the query: “{quote(query)}”", at=_query_place(span, query)),
        Evidence(says=f"no passage that was found has {asked}", at=excerpt(trace.root, "input", asked)),
    ]
    advice = f"check the query that the model writes against the question: numbers and names ({asked} here) are copied, not chosen"
    return Finding(span.id, _OTHER_TOPIC, says, evidence, advice, signals={"lost": 1.0})


def entity_dropped(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The rewritten query lacks what the question is about: a name, a number, or its subject."""
    for span, query, queries in _rewrites(trace):
        lost, kept = _lost(trace, queries)
        topic = _topic_left(trace, query)
        if topic and topic.instead:
            continue  # another query: `rewrite_drift` says so
        subject = topic.left if topic else _unresolved(trace, query)
        missing = topic.left if topic else lost or subject
        alike = similarity(trace.dataflow.asked, query)
        if not missing or (not topic and max(kept, alike or 0.0) <= limits.same_query):
            continue  # nothing is missing, or everything is: another query altogether
        if not topic and not subject and _were_found(trace, missing):
            continue
        if not topic and not subject and len(_parts(queries)) > 1 and not _holds_value(trace.question, missing):
            continue  # "compare" and "cheaper" are for who puts the parts together
        share = max(1.0 - kept, 0.6 if subject else 0.0)
        says = f"{span.name} made “{quote(query, 80)}” of “{quote(trace.question, 80)}”, without {listed(missing)}"
        strength = ramp(share, limits.entity_lost) * _consequence(trace, scores, limits)
        if queries != query:  # each asks for a part only, and a grounded answer shows that all of them did
            strength *= doubt(trace, scores, limits)
        advice = f"tell the model that rewrites to keep names, numbers and the subject ({listed(missing)} here), or search with both"
        at = excerpt(trace.root, "input", missing[0])
        evidence = [
            Evidence(says=f"the query: “{quote(query)}”", at=_query_place(span, query)),
            Evidence(says=f"in the question, not in the query: {listed(missing)}", at=at),
        ]
        yield Finding(span.id, strength, says, evidence, advice, signals={"lost": share})


@dataclass(frozen=True, slots=True)
class _Topic:
    """What a follow-up question is about by what was said before, and the query is not."""

    left: list[str]
    """Words of the topic, the rarest first."""
    instead: list[str]
    """What the query has in their place, said in no turn of the conversation."""
    is_name: bool = False
    """One name stands for another: passages on that one may look as if they were enough."""


def _topic_left(trace: Trace, query: str) -> _Topic | None:
    """A follow-up ("how long is it?") rests on its topic: None where the query has a word of that, or the question is none."""
    question = trace.question
    own = _content(question)
    if not _FOLLOWS_UP.search(question) or _IMPERSONAL.search(question) or len(own) > _WORDS_OF_A_FOLLOW_UP:
        return None
    topic, around = _topic(trace)
    added = _content(query) - own
    if topic and (renamed := _renamed(query, " ".join(topic), around | own)):
        return renamed
    if not topic or added & around:
        return None
    before = read_question(" ".join(topic))
    left = before.written(before.weights.keys() - own)
    new = read_question(query)
    instead = new.written(added & new.weights.keys())
    return _Topic(left[:3], instead[:3]) if left else None


def _renamed(query: str, topic: str, said: set[str]) -> _Topic | None:
    """The query names somebody or something that nobody spoke of, in the place of the only name that was spoken of."""
    tokens = tuple(tokenise(query))
    before, now = (names_in(tuple(tokenise(topic))), names_in(tokens))
    left = [token.surface for token in before if token.value not in {token.value for token in tokens}]
    instead = [token.surface for token in now if token.value not in said]
    shared = {token.value for token in before if token.surface not in left}
    # "the Museum of Clocks" and "the Textile Museum" share what they are.
    is_other = (
        len(before) == len(now) == 1
        or shared == {token.value for token in now if token.surface not in instead} != set[str]()
    )
    if len(left) == 1 == len(instead) and is_other:
        return _Topic(left, instead, is_name=True)
    return None


def _topic(trace: Trace) -> tuple[list[str], set[str]]:
    """The user's turns that the question follows up, back to one that stands alone, and all words of them and of the replies."""
    said: list[str] = []
    words: set[str] = set()
    for role, text in reversed(trace.dataflow.turns):
        words |= _content(text)
        if role == "user":
            said.append(text)
            if not _FOLLOWS_UP.search(text):
                break
    return said, words


def _content(text: str) -> set[str]:
    return {token.value for token in tokenise(text) if token.content}


def _other_topic(trace: Trace, scores: Scores, limits: Limits, span: Span, query: str, topic: _Topic) -> Finding:
    """The query asks about something that nobody had spoken of."""
    says = f"{span.name} made “{quote(query, 80)}” of “{quote(trace.question, 80)}”, which follows up on {listed(topic.left)}"
    evidence = [
        Evidence(says=f"the query: “{quote(query)}”", at=_query_place(span, query)),
        Evidence(says=f"spoken of before, not in the query: {listed(topic.left)}"),
        Evidence(says=f"in the query, and said by nobody: {listed(topic.instead)}"),
    ]
    advice = f"give the model that rewrites the last turns of the conversation, and let it keep their subject ({listed(topic.left)} here)"
    strength = _OTHER_TOPIC * max(_consequence(trace, scores, limits), _OTHER_NAME if topic.is_name else 0.0)
    return Finding(span.id, strength, says, evidence, advice, signals={"lost": 1.0})


def _rewrites(trace: Trace) -> Iterator[tuple[Span, str, str]]:
    """The last step that wrote a query, its query, and all queries that were written: one may correct another, or ask for a part.

    None where the question itself was searched too: what the query lacks, the question has.
    """
    known = roles(trace)
    found = [span for span in trace.spans if known.get(span.id) == "rewrite"]
    searched = {text_of(span.input).strip() for span in retrievers_of(trace)}
    if not found or not trace.question or trace.dataflow.asked in searched:
        return
    queries = [main_text(span.output).strip() for span in found]
    if queries[-1]:
        yield found[-1], queries[-1], "\n".join(queries)


def _parts(queries: str) -> list[str]:
    """The queries one by one: a line each, or an item each of a list in JSON."""
    structure = json_in(queries)
    items = structure.get("items", structure) if isinstance(structure, dict) else structure
    if isinstance(items, list):
        return [text_of(item) for item in items]
    return [line for line in queries.splitlines() if line.strip()]


def _holds_value(question: str, words: Sequence[str]) -> bool:
    """One of the words is a name, a number, a date or an id of the question, or part of one."""
    keys = {key for value in values_in(question) for key in value.keys}
    return any(token.value in keys or token.surface.lower() in keys for word in words for token in tokenise(word))


def _were_found(trace: Trace, words: Sequence[str]) -> bool:
    """All of the words stand in what the search brought all the same."""
    held = {
        value
        for span in trace.of_kind("retriever")
        for document in span.documents
        for value in frequencies(document.content)
    }
    return all(token.value in held for word in words for token in tokenise(word))


def _lost(trace: Trace, query: str) -> tuple[list[str], float]:
    """The question's words that the query lacks, the rarest first, and the share of the question, by weight, that it has."""
    asked = read_question(trace.question)
    held = frequencies(query).keys()
    return asked.written(asked.weights.keys() - held), asked.coverage(set(held))


def _unresolved(trace: Trace, query: str) -> list[str]:
    """What the user spoke of before, where the query says "it" and does not name it."""
    if trace.dataflow.asked == trace.question or not _UNRESOLVED.search(query):
        return []
    before = read_question(trace.dataflow.asked)
    known = frequencies(query).keys() | frequencies(trace.question).keys()
    named = frequencies(query).keys() & before.weights.keys()
    return [] if named else before.written(before.weights.keys() - known)[:3]


def _consequence(trace: Trace, scores: Scores, limits: Limits) -> float:
    """Whether what was then found was not enough: a query may lose words and find the passage all the same."""
    found = [
        value for span in trace.of_kind("retriever") if (value := scores.value(span.id, "sufficiency")) is not None
    ]
    lacking = ramp(max(found), limits.insufficient) if found else 1.0
    return max(lacking, 0.8 * trouble(trace, scores, limits))


def _query_place(span: Span, query: str):
    return excerpt(span, "output", query) if span.output is not None else place_of(span, "input")
