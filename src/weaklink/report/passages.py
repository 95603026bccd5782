"""The passages of each retrieval: where each came from, how it fared, whether the model saw and used it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from weaklink.model import Document, Scores, Span, Trace, text_of


@dataclass(frozen=True, slots=True)
class PassageRow:
    """One passage of a retrieval."""

    document: Document
    span_id: str
    """The step that returned it last."""
    rank: int | None
    """Its place in the end, from 1; None where a reranker or filter dropped it."""
    before: int | None
    """Its place before reranking; None where nothing reranked."""
    store_score: float | None
    store_score_kind: str
    higher_is_better: bool | None
    rerank_score: float | None
    relevance: float | None
    """To the question, 0..1; None where it was not scored."""
    share: float | None
    """How much of it the model was shown, 0..1; None where no model wrote an answer, or it was dropped."""
    used: str
    """"supports" or "contradicts" a sentence of the answer, or ""."""
    marks: tuple[tuple[int, int, str], ...] = ()
    """The parts of its text that do so: start, end, and the sentence's label."""


@dataclass(frozen=True, slots=True)
class RetrievalTable:
    """The passages of one retriever, or of those whose passages one reranker then ordered."""

    steps: tuple[Span, ...]
    query: str
    rows: tuple[PassageRow, ...]
    is_last: bool
    """Its passages are those that should have reached the prompt."""

    def title(self, arrow: str) -> str:
        """The retrievers, and the reranker that ordered what they found: "bm25 + dense > reranker", "search (3 times) > reranker"."""
        times = Counter(span.name for span in self.steps[:-1])
        names = [name if n == 1 else f"{name} ({n} times)" for name, n in times.items()]
        return f" {arrow} ".join(filter(None, (" + ".join(names), self.steps[-1].name)))

    @property
    def found(self) -> int:
        """How many passages there were before any was dropped."""
        return len(self.rows)

    @property
    def score_kind(self) -> str:
        """What the store's scores are: "distance", "similarity", ...; "score" where that is not known or mixed."""
        kinds = {row.store_score_kind for row in self.rows if row.store_score is not None}
        return (kinds.pop() if len(kinds) == 1 else "") or "score"

    @property
    def higher_is_better(self) -> bool | None:
        """Which way the store's scores go; None where that is not known or mixed."""
        ways = {row.higher_is_better for row in self.rows if row.store_score is not None}
        return ways.pop() if len(ways) == 1 else None

    @property
    def kept(self) -> int:
        """How many are left."""
        return sum(row.rank is not None for row in self.rows)


def retrieval_tables(trace: Trace, scores: Scores) -> list[RetrievalTable]:
    """One table for each retrieval of the trace, in order."""
    spans = trace.of_kind("retriever", "reranker")
    taken: dict[str, list[Span]] = {}
    """The retrievers whose documents each reranker worked on, by the reranker's id."""
    merged: set[str] = set()
    for reranker in (span for span in spans if span.kind == "reranker"):
        keys = {document.key for document in reranker.candidates}
        for earlier in spans:
            own = {document.key for document in earlier.documents}
            is_before = earlier.start_ns < reranker.start_ns and earlier.id not in merged
            if own and is_before and earlier.kind == "retriever" and own <= keys:
                taken.setdefault(reranker.id, []).append(earlier)
                merged.add(earlier.id)
    last = {span.id for span in trace.dataflow.last_stage}
    uses = _uses(trace, scores)
    marks = _marks(trace, scores)
    tables = [
        _table(trace, scores, span, taken.get(span.id, []), uses, is_last=span.id in last)
        for span in spans
        if span.id not in merged
    ]
    return [
        replace(table, rows=tuple(replace(row, marks=marks.get(row.document.key, ())) for row in table.rows))
        for table in tables
    ]


def _table(
    trace: Trace, scores: Scores, span: Span, sources: list[Span], uses: dict[str, str], *, is_last: bool
) -> RetrievalTable:
    """The kept passages in their final order, then the dropped ones in their old order."""
    found = _found(scores, sources)
    before = {document.key: rank for rank, document in reversed(list(enumerate(span.candidates, start=1)))}
    relevance = scores.of_documents(span.id, "relevance")
    rows: list[PassageRow] = []
    for index, document in enumerate(span.documents):
        score = relevance.get(index)
        value = score.value if score else found.get(document.key, (document, None))[1]
        original = found.get(document.key, (document, None))[0]
        share = None if trace.dataflow.generator is None else trace.dataflow.share_in_prompt(document)
        rows.append(
            _row(
                document, span, original, index + 1, before.get(document.key), value, share, uses.get(document.key, "")
            )
        )
    kept = {document.key for document in span.documents}
    for document in span.candidates:
        if document.key not in kept:
            kept.add(document.key)
            original, value = found.get(document.key, (document, None))
            rows.append(_row(document, span, original, None, before.get(document.key), value, None, ""))
    query = text_of((sources[0] if sources else span).input).strip()
    return RetrievalTable(steps=(*sources, span), query=query, rows=tuple(rows), is_last=is_last)


def _found(scores: Scores, sources: list[Span]) -> dict[str, tuple[Document, float | None]]:
    """What the retrievers found: each passage with the store's score and its relevance, by key."""
    found: dict[str, tuple[Document, float | None]] = {}
    for source in sources:
        relevance = scores.of_documents(source.id, "relevance")
        for index, document in enumerate(source.documents):
            score = relevance.get(index)
            found.setdefault(document.key, (document, score.value if score else None))
    return found


def _row(
    document: Document, span: Span, original: Document, rank: int | None, before: int | None, relevance: float | None,
    share: float | None, used: str,
) -> PassageRow:  # fmt: skip
    is_reranked = span.kind == "reranker"
    own = document if rank is not None and is_reranked and original is not document else None
    has_own = own is not None and own.score is not None and own.score != original.score
    return PassageRow(
        document=document, span_id=span.id, rank=rank, before=before if is_reranked else None,
        store_score=original.score, store_score_kind=original.score_kind, higher_is_better=original.higher_is_better,
        rerank_score=own.score if own is not None and has_own else None, relevance=relevance, share=share, used=used,
    )  # fmt: skip


def _uses(trace: Trace, scores: Scores) -> dict[str, str]:
    """What each passage did to the answer, by the passage's key: support it, or contradict it."""
    uses: dict[str, str] = {}
    generator = trace.dataflow.generator
    if generator is None:
        return uses
    for score in scores.of_sentences(generator.id, "groundedness"):
        document = document_at(trace, score.support.span_id, score.support.field) if score.support else None
        if document is not None and score.label == "supported":
            uses[document.key] = "supports"
        elif document is not None and score.label == "contradicted":
            uses.setdefault(document.key, "contradicts")
    return uses


def _marks(trace: Trace, scores: Scores) -> dict[str, tuple[tuple[int, int, str], ...]]:
    """The parts of each passage that support or contradict a sentence, by the passage's key, in order."""
    marks: dict[str, set[tuple[int, int, str]]] = {}
    generator = trace.dataflow.generator
    for score in scores.of_sentences(generator.id, "groundedness") if generator else ():
        place = score.support
        document = document_at(trace, place.span_id, place.field) if place else None
        if place and document is not None and score.label in ("supported", "contradicted"):
            marks.setdefault(document.key, set()).add((place.start, place.end, score.label))
    return {key: tuple(sorted(found)) for key, found in marks.items()}


def document_at(trace: Trace, span_id: str, field: str) -> Document | None:
    """The document that "documents.3" or "candidates.3" of a span names; None for any other field, or where there is none."""
    name, _, number = field.partition(".")
    span = next((span for span in trace.spans if span.id == span_id), None)
    if span is None or name not in ("documents", "candidates") or not number.isdecimal():
        return None
    listed = span.documents if name == "documents" else span.candidates
    return listed[int(number)] if int(number) < len(listed) else None
