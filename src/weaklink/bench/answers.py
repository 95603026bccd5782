"""Whether the answer changes at all with the store: your chain over each store, the same questions, compared in pairs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from weaklink.bench.data import Query, WrongQuery
from weaklink.bench.named import UnusableCode, named
from weaklink.bench.statistics import paired_bootstrap
from weaklink.bench.store import Collection, Unsupported

EXTRACTIVE = "extractive"
_K = 4
_SUPPORTED = 0.5
_SHOWN = 20

Chain = Callable[[Any, str], tuple[str, Sequence[Any]]]
"""Your chain: given a store and a question, its answer and the passages (texts, or documents) that it went by."""


class Gain(BaseModel, frozen=True):
    """A mean difference over the same questions, with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    questions: int
    """On how many questions both had a score."""

    @property
    def is_measurable(self) -> bool:
        """The interval excludes 0."""
        return self.low > 0 or self.high < 0


class Answer(BaseModel, frozen=True):
    """What a chain answered to one question, as the offline scorers see it."""

    text: str = ""
    groundedness: float | None = None
    """0..1; None where it could not be scored."""
    sufficiency: float | None = None
    error: str = ""
    """What the chain raised; then there is no answer."""


class AnswerEffect(BaseModel, frozen=True):
    """What your chain answers with one store in comparison with another."""

    store: str
    baseline: str
    questions: int
    """That were answered with both."""
    changed: float
    """Share of questions whose answer is another text."""
    changed_by_itself: float
    """The same for the baseline asked twice: what a chain that is not deterministic changes anyway."""
    changed_beyond: Gain | None
    """The one minus the other, question by question."""
    groundedness: Gain | None
    """Minus the baseline's; None where no answer could be scored."""
    sufficiency: Gain | None
    changed_questions: tuple[str, ...] = ()
    """At most 20 of them."""
    only_wrong: tuple[WrongQuery, ...] = ()
    """Questions whose answer is supported by its passages with every other store, and not with this one; at most 20."""
    errors: int = 0
    """Questions that the chain raised on, with this store."""
    error: str = ""

    @property
    def is_none(self) -> bool:
        """All questions were answered, with the very same text."""
        return self.questions > 0 and not self.changed and not self.changed_by_itself and not self.errors

    def __str__(self) -> str:
        """A sentence."""
        return self.named(str)

    def named(self, short: Callable[[str], str]) -> str:
        """The sentence, with the stores' names as `short` gives them."""
        if not self.questions:
            return (
                f"{short(self.store)}: the chain answered no question ({self.error or 'the baseline has no answers'})"
            )
        parts = [self._changes(short(self.store), short(self.baseline))]
        parts += [
            _words(name, gain)
            for name, gain in (("groundedness", self.groundedness), ("sufficiency", self.sufficiency))
        ]
        if self.errors:
            parts.append(f"the chain raised on {self.errors} questions ({self.error})")
        return "; ".join(parts)

    def _changes(self, store: str, baseline: str) -> str:
        if self.changed <= self.changed_by_itself:
            return f"{store}: no answer changes that would not change anyway"
        text = f"{store}: {self.changed:.0%} of the answers are not those with {baseline}"
        if not self.changed_by_itself:
            return text
        text += f" ({self.changed_by_itself:.0%} change when {baseline} is asked twice"
        is_chance = self.changed_beyond is not None and not self.changed_beyond.is_measurable
        return text + (", so it may be chance)" if is_chance else ")")


def _words(name: str, gain: Gain | None) -> str:
    if gain is None:
        return f"{name} could not be scored"
    interval = f"{gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}, {gain.questions} questions)"
    return f"{name} {interval}{'' if gain.is_measurable else ': no difference that these questions can show'}"


def chain_named(name: str) -> Chain:
    """A function of a `Collection` and a question, for "extractive" or the user's "module:function"; raises UnusableCode.

    The user's function is given what it is built on: the vector store of LangChain, the index of LlamaIndex.
    """
    if name == EXTRACTIVE:
        return extractive
    given: Chain = named(name, "the chain")
    if not callable(given):
        raise UnusableCode(f"the chain {name} is a {type(given).__name__}: name a function of a store and a question")

    def ask(collection: Collection, question: str) -> tuple[str, Sequence[Any]]:
        if collection.inside is None:
            raise Unsupported("no framework is between, so there is no store that a chain could be built on")
        return given(collection.inside, question)

    return ask


def extractive(collection: Collection, question: str) -> tuple[str, Sequence[str]]:
    """A chain without a model: the sentence of the first 4 passages that shares most words with the question."""
    from weaklink.scoring.text.sentences import split_sentences
    from weaklink.scoring.text.tokens import content_values, tokenise

    passages = [hit.text for hit in collection.hits(collection.search(question, _K))]
    sentences = [text[begin:end] for text in passages for begin, end in split_sentences(text)]
    asked = set(content_values(tokenise(question)))
    shared = [len(asked & set(content_values(tokenise(sentence)))) for sentence in sentences]
    return (sentences[shared.index(max(shared))] if shared else ""), passages


def answer_effects(
    chain: Chain, stores: Mapping[str, Any], questions: Sequence[str], *, seed: int = 0
) -> list[AnswerEffect]:
    """Ask `chain` every question with every store, in random order, and compare with the first store.

    Answers are compared as text (white space and case aside) and scored offline: groundedness in the passages that the chain
    went by, and whether these suffice for the question. The first store is asked twice, so that what a chain changes of its own
    accord is known. What the chain raises comes through.
    """
    first = next(iter(stores))
    again = f"{first} (again)"
    asked = {**stores, again: stores[first]}
    order = [(name, number) for number in range(len(questions)) for name in asked]
    random.Random(seed).shuffle(order)
    found = {(name, number): answer_of(chain, asked[name], questions[number]) for name, number in order}
    rows = {name: [found[name, number] for number in range(len(questions))] for name in asked}
    queries = [Query(id=str(number), text=text) for number, text in enumerate(questions, 1)]
    return effects_of({name: rows[name] for name in stores}, rows[again], queries)


def answer_of(chain: Chain, store: Any, question: str) -> Answer:
    """One answer with its scores."""
    text, passages = chain(store, question)
    scores = _scores(question, text, [_text(passage) for passage in passages])
    return Answer(text=text, groundedness=scores.get("groundedness"), sufficiency=scores.get("sufficiency"))


def answers_of(chain: Chain, store: Any, questions: Sequence[str]) -> tuple[Answer, ...]:
    """All answers; what the chain raises stands in the place of one, and comes through where there is no other."""
    found: list[Answer] = []
    for place, question in enumerate(questions):
        try:
            found.append(answer_of(chain, store, question))
        except Exception as error:
            if isinstance(error, Unsupported) or (place == len(questions) - 1 and all(each.error for each in found)):
                raise
            found.append(Answer(error=f"{type(error).__name__}: {error}"[:200]))
    return tuple(found)


def effects_of(
    rows: Mapping[str, Sequence[Answer]], again: Sequence[Answer], queries: Sequence[Query]
) -> list[AnswerEffect]:
    """Each store compared with the first, whose answers when asked once more are `again`."""
    first, *others = rows
    return [
        _effect(name, first, rows, again, queries).model_copy(update={"only_wrong": _only_wrong(name, rows, queries)})
        for name in others
    ]


def _text(passage: Any) -> str:
    if isinstance(passage, str):
        return passage
    if callable(read := getattr(passage, "get_content", None)):
        return str(read())
    found = next(
        (text for name in ("page_content", "text") if isinstance(text := getattr(passage, name, None), str)), None
    )
    return found if found is not None else str(passage)


def _scores(question: str, answer: str, passages: Sequence[str]) -> dict[str, float]:
    """Groundedness and sufficiency by Weaklink's own offline scorers; what cannot be scored is left out."""
    from weaklink.scoring import Groundedness, Sufficiency, score_trace
    from weaklink.tracefrom import trace_from

    found = list(score_trace(trace_from(question, passages, answer), [Groundedness(), Sufficiency()]))
    return {score.name: score.value for score in found if score.is_whole and score.value is not None}


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _effect(
    name: str, baseline: str, rows: Mapping[str, Sequence[Answer]], again: Sequence[Answer], queries: Sequence[Query]
) -> AnswerEffect:
    both = [
        (one, base, once_more, query)
        for one, base, once_more, query in zip(rows[name], rows[baseline], again, queries, strict=True)
        if not (one.error or base.error or once_more.error)
    ]
    changed = [float(_plain(one.text) != _plain(base.text)) for one, base, _, _ in both]
    by_itself = [float(_plain(once_more.text) != _plain(base.text)) for _, base, once_more, _ in both]
    failed = [one.error for one in rows[name] if one.error]
    count = max(1, len(both))
    return AnswerEffect(
        store=name, baseline=baseline, questions=len(both), changed=sum(changed) / count, changed_by_itself=sum(by_itself) / count,
        changed_beyond=_gain(list(zip(changed, by_itself, strict=True))),
        groundedness=_gain([(one.groundedness, base.groundedness) for one, base, _, _ in both]),
        sufficiency=_gain([(one.sufficiency, base.sufficiency) for one, base, _, _ in both]),
        changed_questions=tuple(
            query.text for is_changed, (*_, query) in zip(changed, both, strict=True) if is_changed
        )[:_SHOWN],
        errors=len(failed), error=failed[0] if failed else "",
    )  # fmt: skip


def _only_wrong(name: str, rows: Mapping[str, Sequence[Answer]], queries: Sequence[Query]) -> tuple[WrongQuery, ...]:
    def is_supported(answer: Answer) -> bool:
        return answer.groundedness is not None and answer.groundedness >= _SUPPORTED

    wrong = (
        query
        for number, query in enumerate(queries)
        if (own := rows[name][number].groundedness) is not None and own < _SUPPORTED
        and all(is_supported(answers[number]) for other, answers in rows.items() if other != name)
    )  # fmt: skip
    return tuple(WrongQuery.of(query) for query in wrong)[:_SHOWN]


def _gain(pairs: Sequence[tuple[float | None, float | None]]) -> Gain | None:
    known = [(one, other) for one, other in pairs if one is not None and other is not None]
    found = paired_bootstrap([one for one, _ in known], [other for _, other in known]) if known else None
    return None if found is None else Gain(value=found.value, low=found.low, high=found.high, questions=len(known))
