"""Rules on what the search found: nothing, something else, or not enough."""

from collections.abc import Iterable, Iterator

from weaklink.diagnosis.drawn import drawn_by
from weaklink.diagnosis.finding import Finding, abstained, listed, quote
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.diagnosis.parts import refuses_in_part, speaks_of_it, told_in, told_share
from weaklink.model import Evidence, Scores, Span, TextRange, Trace, text_of
from weaklink.model.roles import roles
from weaklink.scoring.question import frequencies, read_question
from weaklink.scoring.text.language import reads_as_english
from weaklink.scoring.text.lexicon import STOPWORDS
from weaklink.scoring.text.tokens import tokenise

_NO_CONTEXT_STRENGTH = 0.95
_LOOKED_AT = 3_000
"""Characters from which the language is told."""
_STOPWORDS_OF_ENGLISH = 0.3
"""Share of the words of a question; English ones have .35 to .6, others up to .15."""
_REFUSED_IN_PART = 0.7
"""How surely a gap is behind an answer that says of a part of the question that it is not known."""
_ELSEWHERE = 0.4
"""How much a doubt about a context counts that is not in English, which is what sufficiency was fitted on."""


def no_results(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The retriever returned nothing."""
    for span in retrievers_of(trace):
        if span.status == "ok" and not span.documents:
            others = any(other.documents for other in retrievers_of(trace) if other.id != span.id)
            strength = _NO_CONTEXT_STRENGTH * (0.3 if others else 1.0) * doubt(trace, scores, limits)
            query = text_of(span.input)
            place = TextRange(span_id=span.id, field="input", end=len(query))
            evidence = [Evidence(says=f"asked: “{quote(query)}”", at=place)] if query.strip() else []
            advice = (
                "check that the index is filled and is the one that is meant, and that no filter or threshold drops all"
            )
            yield Finding(span.id, strength, f"{span.name} returned no documents", evidence, advice, hard=True)


def off_topic(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """No retrieved passage is about the question."""
    for span, lacking in _lacking(trace, scores, limits):
        relevance = scores.value(span.id, "relevance")
        if relevance is not None and relevance < limits.off_topic:
            many = len(span.documents)
            says = f"the best of {many} passages has relevance {relevance:.2f}: none is about the question"
            if many == 1:
                says = f"the only passage has relevance {relevance:.2f}: it is not about the question"
            if not _is_english(trace, span):
                says += " (but not all of it is in English, which the scores read best)"
            advice = "check that documents and queries go through the same embedding model, and that the right index is asked"
            if _points_back(trace, span):
                advice = "the question points back to what was said before, and was searched as it is: let a model make it stand alone"
            yield Finding(
                span.id,
                lacking,
                says,
                _best_passages(span, scores),
                advice,
                signals={"far": 1.0 - relevance},
                general=True,
            )


def missing_content(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The retrieved passages do not hold what the question asks for; a probe can tell whether the corpus does."""
    for span, lacking in _lacking(trace, scores, limits):
        relevance = scores.value(span.id, "relevance")
        if relevance is None or relevance >= limits.off_topic:
            sufficiency = scores.get(span.id, "sufficiency")
            held = _words_of(retrievers_of(trace))
            known = held | told_in(trace.question)
            missing = [word for word in (sufficiency.detail if sufficiency else ()) if not _values(word) <= known]
            says = "the passages are near the question and do not answer it" + (
                f": none has {listed(missing)}" if missing else ""
            )
            advice = "probe the retriever with a deeper k (weaklink.diagnosis.probe); if that finds nothing, the corpus lacks it"
            signals = {"scattered": _scattered(span, scores)}
            if refuses_in_part(trace, scores):  # of that part, which the rest of the answer hides
                signals |= {"abstained": 1.0, "undrawn": 1.0}
            yield Finding(span.id, lacking, says, _best_passages(span, scores), advice, signals=signals, general=True)


def _scattered(span: Span, scores: Scores) -> float:
    """How little the passages that the search put first have to do with the question, 0..1; 0 where it found only a few."""
    rated = scores.of_documents(span.id, "relevance")
    first = range(len(span.documents) // 2)
    values = [value for index in first if index in rated and (value := rated[index].value) is not None]
    return 1.0 - max(values) if len(values) > 1 else 0.0


def _points_back(trace: Trace, span: Span) -> bool:
    """What was searched is a question that only says something after the turns before it."""
    return trace.dataflow.asked != trace.question and text_of(span.input).strip() == trace.question


def retrievers_of(trace: Trace) -> list[Span]:
    """The innermost retrievers, with the role to retrieve; not those that only found where to look on."""
    known = roles(trace)
    found = [span for span in trace.of_kind("retriever") if known.get(span.id) == "retrieve"]
    return [span for span in found if not _only_leads_on(span)] or found


def _only_leads_on(span: Span) -> bool:
    """All that it found are links to other retrievers, which were asked in its place."""
    return bool(span.documents) and all("index_id" in document.metadata for document in span.documents)


def _lacking(trace: Trace, scores: Scores, limits: Limits) -> Iterator[tuple[Span, float]]:
    """The retriever with the best context, and how surely even that lacks the answer, together with all others."""
    retrievers = retrievers_of(trace)
    found = [
        (value, span) for span in retrievers
        if span.documents and (value := scores.value(span.id, "sufficiency")) is not None
    ]  # fmt: skip
    if not found:
        return
    value, span = max(found, key=lambda pair: pair[0])
    generator = trace.dataflow.generator
    if len(found) > 1 and generator is not None:  # each may have found its part of what was asked
        value = max(value, scores.value(generator.id, "sufficiency") or 0.0)
    weight = 1.0 if _is_english(trace, span) else _ELSEWHERE
    if generator is not None and abstained(generator, scores):
        # An answer was asked for and none was given: what does not speak for a wrong abstention speaks for a gap.
        yield span, weight * (1.0 - ramp(value, limits.abstention))
    else:
        lacking = max(ramp(value, limits.insufficient), ramp(_absent(trace, retrievers), limits.absent))
        lacking *= 1.0 - told_share(trace.question, _words_of(retrievers))
        refused = _REFUSED_IN_PART if refuses_in_part(trace, scores) else 0.0
        yield span, weight * max(lacking * doubt(trace, scores, limits), refused)


def _is_english(trace: Trace, span: Span) -> bool:
    """Both are: what was retrieved, and what was asked and answered. Words of two languages cannot be compared."""
    asked = trace.dataflow.asked
    found = "\n".join([asked, *(document.content for document in span.documents)])
    said = f"{asked}\n{trace.dataflow.generator_text}"
    if not reads_as_english(tokenise(found[:_LOOKED_AT])):
        return False
    return _is_plain_english(asked) or reads_as_english(tokenise(said[:_LOOKED_AT]))


def _is_plain_english(question: str) -> bool:
    """Even a short question shows it, whatever the answer is made of."""
    words = [token.surface.lower() for token in tokenise(question[:_LOOKED_AT]) if token.kind == "word"]
    return sum(word in STOPWORDS for word in words) >= _STOPWORDS_OF_ENGLISH * max(1, len(words))


def _absent(trace: Trace, retrievers: Iterable[Span]) -> float:
    """Share of the question, by weight, of which no passage has a word."""
    return 1.0 - read_question(trace.dataflow.asked).coverage(_words_of(retrievers))


def _words_of(retrievers: Iterable[Span]) -> set[str]:
    """All words of what they found."""
    return {value for span in retrievers for document in span.documents for value in frequencies(document.content)}


def _values(text: str) -> set[str]:
    return {token.value for token in tokenise(text)}


def doubt(trace: Trace, scores: Scores, limits: Limits) -> float:
    """How much a doubt about the context counts: an answer that is grounded, or drawn from it, shows that the context held it."""
    generator = trace.dataflow.generator
    grounded = None if generator is None else scores.value(generator.id, "groundedness")
    if generator is None or grounded is None:
        return 1.0
    if abstained(generator, scores):
        return 1.0
    if speaks_of_it(trace, generator, scores) and _is_near(trace, scores, limits):
        return 1.0 - limits.trust_in_grounded
    drawn = drawn_by(trace, scores)
    return 1.0 - limits.trust_in_grounded * max(
        ramp(grounded, limits.grounded), ramp(drawn.share if drawn else 0.0, limits.drawn)
    )


def _is_near(trace: Trace, scores: Scores, limits: Limits) -> bool:
    """Some passage that was found is about the question."""
    rated = (scores.value(span.id, "relevance") for span in retrievers_of(trace))
    return any(value is not None and value >= limits.off_topic for value in rated)


def _best_passages(span: Span, scores: Scores) -> list[Evidence]:
    rated = scores.of_documents(span.id, "relevance")
    order = sorted(range(len(span.documents)), key=lambda i: -(rated[i].value or 0.0) if i in rated else 0.0)
    found: list[Evidence] = []
    for index in order[:2]:
        document = span.documents[index]
        value = rated[index].value if index in rated else None
        label = f"relevance {value:.2f}" if value is not None else "not scored"
        place = TextRange(
            span_id=span.id, field=f"documents.{index}", end=len(document.content), text=quote(document.content)
        )
        found.append(Evidence(says=f"rank {document.rank}, {label}: “{quote(document.content)}”", at=place))
    return found
