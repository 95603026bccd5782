"""Scorers: from a trace to scores.

Each looks at the steps it knows about and says nothing of the others.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from weaklink.model import ContextPassage, Document, Score, Span, TextRange, Trace, main_text, text_of
from weaklink.scoring.answer import answer_relevance, is_abstention
from weaklink.scoring.embedding import is_available, is_installed
from weaklink.scoring.groundedness import SentenceVerdict, answer_interval, answer_value, assess
from weaklink.scoring.relevance import relevance
from weaklink.scoring.sufficiency import SufficiencyVerdict, sufficiency
from weaklink.scoring.text.tokens import tokenise
from weaklink.scoring.tool_results import with_its_call

_SHOWN = 300
_NO_QUESTION = "the trace holds no question"


@runtime_checkable
class Scorer(Protocol):
    """Judges the steps of a trace.

    A scorer may also have `version`, which equals `Score.scorer` ("relevance/3": while it and the trace stay the same, stored
    scores are kept); `estimate(trace)`, the `Cost` of `score(trace)`; and `concurrency`, how many traces it may be given at
    the same time (by default 1).
    """

    name: str
    """The measure, such as "relevance"; equals `Score.name`."""

    def score(self, trace: Trace) -> list[Score]:
        """Scores of the steps that this scorer knows about; what cannot be judged is `Score.unscored` with a reason."""
        ...


class Relevance:
    """Are the retrieved documents about the question?

    One score per document; a span's is that of its best document.
    """

    name = "relevance"

    @property
    def version(self) -> str:
        """See Scorer."""
        return _with_embedding("relevance/3", is_installed())

    def score(self, trace: Trace) -> list[Score]:
        """Score each document of each retriever and reranker, and the span by its best one."""
        scores: list[Score] = []
        for span in _retrievals(trace):
            scores += self._span(trace.dataflow.asked, span)
        return scores

    def _span(self, question: str, span: Span) -> list[Score]:
        version = _with_embedding("relevance/3", is_available())
        missing = _missing(question, span.documents)
        if missing:
            return [Score.unscored(span.id, self.name, missing, scorer=version)]
        values = relevance(question, [document.content for document in span.documents])
        best = max(range(len(values)), key=values.__getitem__)
        single = [
            Score(span_id=span.id, name=self.name, value=value, scorer=version, document=number)
            for number, value in enumerate(values)
        ]
        reason = f"the most relevant of {len(values)} documents is number {best + 1}"
        return [Score(span_id=span.id, name=self.name, value=values[best], reason=reason, scorer=version), *single]


class Sufficiency:
    """Do the documents hold what the question needs?

    Of each retrieval, and of what the answering model really saw.
    """

    name = "sufficiency"
    _release = "sufficiency/2"

    @property
    def version(self) -> str:
        """See Scorer."""
        return _with_embedding(self._release, is_installed())

    def _judge(self, question: str, passages: Sequence[str]) -> SufficiencyVerdict:
        return sufficiency(question, passages)

    def score(self, trace: Trace) -> list[Score]:
        """Score each retriever and reranker by its documents, and the generator by its context."""
        scores = [self._documents(trace.dataflow.asked, span) for span in _retrievals(trace)]
        generator = trace.dataflow.generator
        if generator is not None:
            scores.append(self._context(trace, generator))
        return scores

    def _documents(self, question: str, span: Span) -> Score:
        version = _with_embedding(self._release, is_available())
        missing = _missing(question, span.documents)
        if missing:
            return Score.unscored(span.id, self.name, missing, scorer=version)
        verdict = self._judge(question, [document.content for document in span.documents])
        place = None
        if verdict.passage is not None:
            text = span.documents[verdict.passage].content
            place = _range(span.id, f"documents.{verdict.passage}", text, verdict.start, verdict.end)
        return _sufficiency_score(span.id, verdict, place, version)

    def _context(self, trace: Trace, generator: Span) -> Score:
        version = _with_embedding(self._release, is_available())
        context = trace.dataflow.context
        missing = _missing(trace.question, context, "the model saw no context that the trace could find")
        if missing:
            return Score.unscored(generator.id, self.name, missing, scorer=version)
        verdict = self._judge(trace.dataflow.asked, [passage.text for passage in context])
        place = None
        if verdict.passage is not None:
            place = _range_in_passage(trace, context[verdict.passage], verdict.start, verdict.end)
        return _sufficiency_score(generator.id, verdict, place, version)


class Groundedness:
    """Do the passages that the answering model saw carry what it wrote?

    One score per sentence, and one for the whole.
    """

    name = "groundedness"
    version = "groundedness/12"

    def score(self, trace: Trace) -> list[Score]:
        """Score the generator's sentences by its context; a sentence that claims nothing has the value 1.0 and says so."""
        generator = trace.dataflow.generator
        if generator is None:
            return []
        text, context = trace.dataflow.generator_text, trace.dataflow.context
        if not text.strip():
            return [Score.unscored(generator.id, self.name, "the model wrote no text", scorer=self.version)]
        if not context and not is_abstention(text):
            reason = "the model saw no context that the trace could find"
            return [Score.unscored(generator.id, self.name, reason, scorer=self.version)]
        verdicts = self._verdicts(trace, text, context)
        sentences = [self._sentence(trace, generator, text, verdict, context) for verdict in verdicts]
        return [self._whole(generator, verdicts), *sentences]

    def _assess(self, answer: str, passages: Sequence[str], question: str) -> list[SentenceVerdict]:
        return assess(answer, passages, question)

    def _whole(self, generator: Span, verdicts: list[SentenceVerdict]) -> Score:
        value = answer_value(verdicts)
        if value is None and any(verdict.label == "abstention" for verdict in verdicts):
            reason = "the answer abstains, so nothing in it needs support"
            return Score(
                span_id=generator.id, name=self.name, value=1.0, reason=reason, scorer=self.version, label="abstention"
            )
        if value is None:
            return Score.unscored(
                generator.id, self.name, "the answer states nothing that can be checked", scorer=self.version
            )
        claims = [verdict for verdict in verdicts if verdict.is_claim]
        worst = min(claims, key=lambda verdict: verdict.value)
        carried = sum(verdict.label == "supported" for verdict in claims)
        said = f"{carried} of {len(claims)} {'sentence' if len(claims) == 1 else 'sentences'} supported"
        interval = answer_interval(verdicts)
        return Score(
            span_id=generator.id,
            name=self.name,
            value=value,
            reason=f"{said}; {worst.note}" if worst.note else said,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            scorer=self.version,
            label=worst.label if worst.value < 0.5 else "supported",
            detail=worst.detail if worst.value < 0.5 else (),
        )

    def _verdicts(self, trace: Trace, text: str, context: Sequence[ContextPassage]) -> list[SentenceVerdict]:
        """What a tool returned is read with what it was asked, for a sentence whose values all stand there or in the question."""
        texts = [passage.text for passage in context]
        alone = self._assess(text, texts, trace.question)
        answers = [with_its_call(trace, passage) for passage in context]
        if answers == texts:
            return alone
        read_with_it = self._assess(text, answers, trace.question)
        asked = _values(trace.question)
        return [
            wide
            if "contradicted" not in (wide.label, narrow.label)
            and not any(_is_value(word) and not _values(word) <= asked for word in wide.detail)
            else narrow
            for narrow, wide in zip(alone, read_with_it, strict=True)
        ]

    def _sentence(
        self, trace: Trace, generator: Span, text: str, verdict: SentenceVerdict, context: Sequence[ContextPassage]
    ) -> Score:
        support = None
        if verdict.passage is not None:
            support = _range_in_passage(trace, context[verdict.passage], verdict.passage_start, verdict.passage_end)
        return Score(
            span_id=generator.id,
            name=self.name,
            value=verdict.value,
            reason=verdict.note,
            low=verdict.low if verdict.is_claim else None,
            high=verdict.high if verdict.is_claim else None,
            scorer=self.version,
            sentence=_range(generator.id, "output", text, verdict.start, verdict.end),
            support=support,
            label=verdict.label,
            detail=verdict.detail,
            unsupported=tuple(_range(generator.id, "output", text, *place) for place in verdict.unsupported),
        )


class AnswerRelevance:
    """Does the answer speak to the question?"""

    name = "answer_relevance"

    @property
    def version(self) -> str:
        """See Scorer."""
        return _with_embedding("answer_relevance/2", is_installed())

    def score(self, trace: Trace) -> list[Score]:
        """Score the generator by the question and what it wrote."""
        generator = trace.dataflow.generator
        if generator is None:
            return []
        version = _with_embedding("answer_relevance/2", is_available())
        text = trace.dataflow.generator_text or trace.answer
        if not trace.question.strip():
            return [Score.unscored(generator.id, self.name, _NO_QUESTION, scorer=version)]
        if not text.strip():
            return [Score.unscored(generator.id, self.name, "the model wrote no text", scorer=version)]
        value, reason = answer_relevance(trace.dataflow.asked, text)
        return [Score(span_id=generator.id, name=self.name, value=value, reason=reason, scorer=version)]


SCORERS: dict[str, type[Relevance] | type[Sufficiency] | type[Groundedness] | type[AnswerRelevance]] = {
    scorer.name: scorer for scorer in (Relevance, Sufficiency, Groundedness, AnswerRelevance)
}
"""The scorers that run by default, by name."""


def default_scorers() -> list[Scorer]:
    """One of each default scorer."""
    return [make() for make in SCORERS.values()]


def _retrievals(trace: Trace) -> list[Span]:
    return [
        span for span in trace.of_kind("retriever", "reranker") if span.status in ("ok", "recovered") or span.documents
    ]


def _missing(
    question: str,
    passages: Sequence[Document] | Sequence[ContextPassage],
    none_found: str = "the step returned no documents",
) -> str:
    """Why nothing can be judged, or ""."""
    if not question.strip():
        return _NO_QUESTION
    return "" if passages else none_found


def _with_embedding(version: str, has_embedding: bool) -> str:
    return f"{version}+wordllama" if has_embedding else f"{version}, lexical only: wordllama could not be loaded"


def _sufficiency_score(span_id: str, verdict: SufficiencyVerdict, place: TextRange | None, version: str) -> Score:
    if verdict.missing:
        reason = "no passage has: " + ", ".join(verdict.missing)
    elif not verdict.answer_type_present:
        reason = f"asks for a {verdict.answer_type_expected}, and the best passage holds none"
    else:
        reason = "the passages have every word of the question"
    return Score(
        span_id=span_id,
        name=Sufficiency.name,
        value=verdict.value,
        reason=reason,
        scorer=version,
        support=place,
        detail=verdict.missing,
    )


def _range(span_id: str, field: str, text: str, start: int, end: int) -> TextRange:
    return TextRange(span_id=span_id, field=field, start=start, end=end, text=text[start:end][:_SHOWN])


def _is_value(word: str) -> bool:
    return word[:1].isupper() or any(char.isdigit() for char in word)


def _values(text: str) -> set[str]:
    return {token.value for token in tokenise(text)}


def _range_in_passage(trace: Trace, passage: ContextPassage, start: int, end: int) -> TextRange | None:
    """Where the characters of a context passage stand in the span that it came from; None where they cannot be found."""
    span = trace.get(passage.span_id)
    start, end = (start, min(end, len(passage.text))) if start < len(passage.text) else (0, len(passage.text))
    if passage.document is not None:
        field, whole = f"documents.{passage.document}", span.documents[passage.document].content
        at = whole.find(passage.text)
        return _range(span.id, field, whole, at + start, at + end) if at >= 0 else None
    for field, whole in (
        ("output", text_of(span.output)),
        ("output", main_text(span.output)),
        ("input", text_of(span.input)),
    ):
        at = whole.find(passage.text)
        if at >= 0:
            return _range(span.id, field, whole, at + start, at + end)
    return None
