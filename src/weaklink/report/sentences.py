"""The sentences of an answer, and the passage that carries or contradicts each."""

from __future__ import annotations

from dataclasses import dataclass

from weaklink.model import Score, Scores, TextRange, Trace
from weaklink.report.passages import document_at


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of what the model wrote."""

    text: str
    label: str
    """"supported", "unsupported", "contradicted", "abstention", "not_a_claim", or "" where nobody judged it."""
    value: float | None
    detail: tuple[str, ...]
    """The words, numbers or names behind the label."""
    passage: str
    """What supports or contradicts it; "" where nothing does."""
    source: str
    """Where that passage comes from; "" where there is none."""
    support: TextRange | None = None
    """Where it stands."""


def sentences_of(trace: Trace, scores: Scores) -> list[Sentence]:
    """The judged sentences in order, with the text between them; empty where none was judged."""
    generator = trace.dataflow.generator
    if generator is None:
        return []
    judged = [score for score in scores.of_sentences(generator.id, "groundedness") if score.sentence]
    return [_sentence(trace, score) for score in sorted(judged, key=_start)]


def _start(score: Score) -> int:
    return score.sentence.start if score.sentence else 0


def _sentence(trace: Trace, score: Score) -> Sentence:
    place, support = score.sentence, score.support
    text = ""
    if place is not None:
        # The range's own text is shortened; the whole sentence stands in what the model wrote.
        text = trace.dataflow.generator_text[place.start : place.end] if place.field == "output" else ""
        if not text.startswith(place.text):
            text = place.text
    source = ""
    if support is not None:
        document = document_at(trace, support.span_id, support.field)
        step = next((span.name for span in trace.spans if span.id == support.span_id), "")
        source = document.source if document is not None else step
    return Sentence(
        text=text, label=score.label, value=score.value, detail=score.detail, source=source,
        passage=support.text if support is not None else "", support=support,
    )  # fmt: skip
