"""Rules on rerankers and filters: what they dropped, and in which order they left the rest."""

from collections.abc import Iterator

from weaklink.diagnosis.finding import Finding, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.model import Document, Evidence, Scores, Span, Trace
from weaklink.model.payload import documents_in
from weaklink.scoring.relevance import relevance
from weaklink.scoring.sufficiency import sufficiency


def good_document_dropped(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A passage that answers better than those kept was dropped."""
    yield from _emptied(trace, scores, limits)
    for span in _rerankers(trace):
        kept = {document.key for document in span.documents}
        dropped = [document for document in span.candidates if not _is_kept(document, span)]
        if not dropped:
            continue
        both = (*span.candidates, *span.documents)  # a compressor keeps extracts, which were no candidates
        rated = dict(zip((document.key for document in both), _rated(trace, both), strict=True))
        best = max(dropped, key=lambda document: rated[document.key])
        best_kept = max((rated[key] for key in kept), default=0.0)
        gap = rated[best.key] - best_kept
        if gap <= 0 and kept:
            continue
        before, after = _enough(trace, span.candidates), _enough(trace, span.documents)
        index = next(i for i, document in enumerate(span.candidates) if document.key == best.key)
        says = (
            f"{span.name} dropped the passage at rank {index + 1} (relevance {rated[best.key]:.2f}) "
            f"and kept {len(kept)} whose best has {best_kept:.2f}"
        )
        harm = max(ramp(before - after, limits.sufficiency_lost), ramp(gap, limits.relevance_lost))
        strength = harm * max(ramp(after, limits.insufficient), trouble(trace, scores, limits))
        evidence = [
            Evidence(says=f"dropped: “{quote(best.content)}”", at=place_of(span, f"candidates.{index}", best.content))
        ]
        needed = sum(rated[d.key] > rated[best.key] for d in span.documents) + len(kept) + 1
        advice = (
            f"check the order of the reranker's scores (higher or lower is better), or keep {needed} instead of {len(kept)}: "
            f"the passage was at rank {index + 1} before"
        )
        yield Finding(
            span.id, strength, says, evidence, advice, signals={"gap": max(0.0, gap), "lost": max(0.0, before - after)}
        )


def dropped_all(trace: Trace) -> Iterator[tuple[Span, tuple[Document, ...]]]:
    """Each function that was given passages and handed none of them on, with the passages: graders that refuse all."""
    for span in trace.of_kind("chain"):
        given = documents_in(span.input)
        if not given or span.plumbing or span.id == trace.root.id or not _hands_on_none(span):
            continue
        found = {document.content: document for source in trace.of_kind("retriever") for document in source.documents}
        yield span, tuple(found[text] for text in dict.fromkeys(given) if text in found)


def _hands_on_none(span: Span) -> bool:
    """What it returned is an empty list, or has one under the name under which passages came in."""
    if isinstance(span.input, dict) and isinstance(span.output, dict):
        output = span.output
        return any(output.get(name) == [] for name, value in span.input.items() if documents_in(value))
    return span.output == []


def _emptied(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The last function that dropped all passages; at fault as far as these were enough."""
    for span, candidates in list(dropped_all(trace))[-1:]:
        if not candidates or not trace.question:
            continue
        rated = _rated(trace, candidates)
        best = max(range(len(rated)), key=rated.__getitem__)
        says = f"{span.name} dropped all {len(candidates)} passages, the best with relevance {rated[best]:.2f}"
        text = candidates[best].content
        evidence = [Evidence(says=f"dropped: “{quote(text)}”", at=place_of(span, "input", text))]
        enough = 1.0 - ramp(_enough(trace, candidates), limits.insufficient)
        advice = (
            "look at what the grader was shown and what it answered, and keep the best passage where it refuses all"
        )
        strength = enough * trouble(trace, scores, limits)
        yield Finding(span.id, strength, says, evidence, advice, signals={"gap": rated[best], "lost": enough})


def bad_order(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The reranker put the best passage behind others, and it did not reach the model."""
    shown = trace.dataflow
    for span in _rerankers(trace):
        if len(span.documents) < 3 or not shown.prompt_text:
            continue
        rated = _rated(trace, span.documents)
        best = max(range(len(rated)), key=rated.__getitem__)
        before = next((i for i, d in enumerate(span.candidates) if d.key == span.documents[best].key), None)
        if (
            before is None
            or best <= before
            or best < 2
            or shown.share_in_prompt(span.documents[best]) >= limits.whole_passage
        ):
            continue
        reached = [rated[i] for i, d in enumerate(span.documents) if shown.share_in_prompt(d) >= limits.whole_passage]
        gap = rated[best] - max(reached, default=0.0)
        if gap <= 0:
            continue
        says = (
            f"{span.name} moved the most relevant passage from rank {before + 1} to rank {best + 1} of {len(span.documents)}, "
            f"and the prompt was full before it"
        )
        text = span.documents[best].content
        evidence = [
            Evidence(
                says=f"rank {best + 1} of {len(span.documents)}: “{quote(text)}”",
                at=place_of(span, f"documents.{best}", text),
            )
        ]
        strength = ramp(gap, limits.relevance_lost) * trouble(trace, scores, limits)
        advice = "check whether the reranker sorts in the right direction; the best passage belongs first"
        yield Finding(span.id, strength, says, evidence, advice, signals={"gap": gap})


def _is_kept(candidate: Document, span: Span) -> bool:
    """The document, or an extract of it, is among those that the step kept."""
    return any(
        document.key == candidate.key or (document.content.strip() and document.content.strip() in candidate.content)
        for document in span.documents
    )


def _rerankers(trace: Trace) -> list[Span]:
    return [span for span in trace.of_kind("reranker") if span.status == "ok" and span.candidates and trace.question]


def _rated(trace: Trace, documents: tuple[Document, ...]) -> list[float]:
    return relevance(trace.dataflow.asked, [document.content for document in documents])


def _enough(trace: Trace, documents: tuple[Document, ...]) -> float:
    """Sufficiency of documents; 0 for none."""
    return sufficiency(trace.dataflow.asked, [document.content for document in documents]).value if documents else 0.0
