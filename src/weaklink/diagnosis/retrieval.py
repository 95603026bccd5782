"""Rules on what was found, kept and passed on: where did the evidence die?"""

from collections.abc import Iterator

from weaklink.diagnosis.finding import Finding, abstained, listed, quote
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.model import Document, Evidence, Scores, Span, TextRange, Trace, text_of
from weaklink.model.dataflow import visible_part
from weaklink.model.roles import roles

_NO_CONTEXT_STRENGTH = 0.95


def no_results(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The retriever returned nothing."""
    for span in _retrievers(trace):
        if span.status == "ok" and not span.documents:
            others = any(other.documents for other in _retrievers(trace) if other.id != span.id)
            strength = _NO_CONTEXT_STRENGTH * (0.3 if others else 1.0) * _doubt(trace, scores, limits)
            query = text_of(span.input)
            evidence = Evidence(
                says=f"asked: “{quote(query)}”", at=TextRange(span_id=span.id, field="input", end=len(query))
            )
            advice = (
                "check that the index is filled and is the one that is meant, and that no filter or threshold drops all"
            )
            yield Finding(span.id, strength, f"{span.name} returned no documents", [evidence], advice, hard=True)


def off_topic(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """No retrieved passage is about the question."""
    for span, lacking in _lacking(trace, scores, limits):
        relevance = scores.value(span.id, "relevance")
        if relevance is not None and relevance < limits.off_topic:
            says = (
                f"the best of {len(span.documents)} passages has relevance {relevance:.2f}: none is about the question"
            )
            advice = "check that documents and queries go through the same embedding model, and that the right index is asked"
            yield Finding(span.id, lacking, says, _best_passages(span, scores), advice)


def missing_content(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The retrieved passages do not hold what the question asks for; a probe can tell whether the corpus does."""
    for span, lacking in _lacking(trace, scores, limits):
        relevance = scores.value(span.id, "relevance")
        if relevance is None or relevance >= limits.off_topic:
            sufficiency = scores.get(span.id, "sufficiency")
            missing = list(sufficiency.detail) if sufficiency else []
            says = "the passages are near the question and do not answer it" + (
                f": none has {listed(missing)}" if missing else ""
            )
            advice = "probe the retriever with a deeper k (weaklink.diagnosis.probe); if that finds nothing, the corpus lacks it"
            yield Finding(span.id, lacking, says, _best_passages(span, scores), advice)


def good_document_dropped(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A passage that answers better than those kept was dropped."""
    relevance = _relevance_by_text(trace, scores)
    for span in trace.of_kind("reranker"):
        kept = {document.key for document in span.documents}
        dropped = [document for document in span.candidates if document.key not in kept]
        best = max(dropped, key=lambda document: relevance.get(document.key, 0.0), default=None)
        after, before = scores.value(span.id, "sufficiency"), _sufficiency_before(trace, span, scores)
        if best is None or before is None:
            continue
        best_kept = max((relevance.get(key, 0.0) for key in kept), default=0.0)
        lost = before - (after or 0.0)
        gap = relevance.get(best.key, 0.0) - best_kept
        if gap <= 0 and kept:
            continue
        strength = ramp(lost, limits.sufficiency_lost) * ramp(after or 0.0, limits.insufficient)
        says = (
            f"{span.name} dropped the passage at rank {best.rank} (relevance {relevance.get(best.key, 0.0):.2f}) "
            f"and kept {len(kept)} whose best has {best_kept:.2f}"
        )
        index = next(i for i, document in enumerate(span.candidates) if document.key == best.key)
        place = TextRange(span_id=span.id, field=f"candidates.{index}", end=len(best.content), text=quote(best.content))
        evidence = [Evidence(says=f"dropped: “{quote(best.content)}”", at=place)]
        yield Finding(
            span.id, strength, says, evidence, "check the order of the scores (higher or lower is better), or keep more"
        )


def context_not_passed(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """Passages were found, and none of their text reached the model."""
    generator, packed = trace.dataflow.generator, trace.dataflow.packed
    if generator is None or not packed or any(passage.share > 0 for passage in packed):
        return
    if _seen_by_another_model(trace) or not trace.dataflow.prompt_text:
        return
    span = _where_lost(trace)
    says = f"{len(packed)} passages were found, and the prompt holds no text of any"
    advice = "check the variable and field names between the retriever and the prompt"
    yield Finding(span.id, _NO_CONTEXT_STRENGTH * _doubt(trace, scores, limits), says, _not_passed(trace), advice)


def context_truncated(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """Text that the answer needs was cut off before it reached the model."""
    generator, packed = trace.dataflow.generator, trace.dataflow.packed
    cut = [passage for passage in packed if passage.share < limits.whole_passage]
    if generator is None or not cut or (len(cut) == len(packed) and all(passage.share == 0 for passage in cut)):
        return
    before = max((scores.value(span.id, "sufficiency") or 0.0 for span in trace.dataflow.last_stage), default=0.0)
    after = scores.value(generator.id, "sufficiency")
    if after is None or _seen_by_another_model(trace):
        return
    strength = ramp(before - after, limits.sufficiency_lost) * ramp(after, limits.insufficient)
    shown = sum(passage.share for passage in packed) / len(packed)
    says = f"{len(cut)} of {len(packed)} passages reached the model cut or not at all ({shown:.0%} of their text did)"
    advice = "raise the budget of the packing step, put the best passage first, or retrieve fewer and shorter passages"
    yield Finding(_where_lost(trace).id, strength, says, _not_passed(trace), advice)


def _retrievers(trace: Trace) -> list[Span]:
    """The innermost retrievers, with the role to retrieve."""
    known = roles(trace)
    return [span for span in trace.of_kind("retriever") if known.get(span.id) == "retrieve"]


def _lacking(trace: Trace, scores: Scores, limits: Limits) -> Iterator[tuple[Span, float]]:
    """The retriever with the best context, and how surely even that lacks the answer."""
    found = [
        (value, span) for span in _retrievers(trace)
        if span.documents and (value := scores.value(span.id, "sufficiency")) is not None
    ]  # fmt: skip
    if not found:
        return
    value, span = max(found, key=lambda pair: pair[0])
    generator = trace.dataflow.generator
    if generator is not None and abstained(generator, scores):
        # An answer was asked for and none was given: what does not speak for a wrong abstention speaks for a gap.
        yield span, 1.0 - ramp(value, limits.abstention)
    else:
        yield span, ramp(value, limits.insufficient) * _doubt(trace, scores, limits)


def _doubt(trace: Trace, scores: Scores, limits: Limits) -> float:
    """How much a doubt about the context counts: a grounded answer shows that the context held it."""
    generator = trace.dataflow.generator
    grounded = None if generator is None else scores.value(generator.id, "groundedness")
    if generator is None or grounded is None:
        return 1.0
    if abstained(generator, scores):
        return 1.0
    return 1.0 - limits.trust_in_grounded * ramp(grounded, limits.grounded)


def _relevance_by_text(trace: Trace, scores: Scores) -> dict[str, float]:
    found: dict[str, float] = {}
    for span in trace.of_kind("retriever", "reranker"):
        for index, score in scores.of_documents(span.id, "relevance").items():
            if score.value is not None and index < len(span.documents):
                found[span.documents[index].key] = score.value
    return found


def _sufficiency_before(trace: Trace, reranker: Span, scores: Scores) -> float | None:
    given = {document.key for document in reranker.candidates}
    values = [
        scores.value(span.id, "sufficiency")
        for span in trace.of_kind("retriever", "reranker")
        if span.start_ns < reranker.start_ns and given & {document.key for document in span.documents}
    ]
    return max((value for value in values if value is not None), default=None)


def _where_lost(trace: Trace) -> Span:
    """The first packing step whose output no longer has what it was given, else the last one, else the model call."""
    known = roles(trace)
    documents = _documents_to_pack(trace)
    start = max((span.start_ns for span in trace.dataflow.last_stage), default=0)
    packing = [span for span in trace.spans if known.get(span.id) == "pack" and span.start_ns >= start]
    for span in packing:
        text = text_of(span.output)
        if any(visible_part(document.content, text)[0] < 1.0 for document in documents):
            return span
    return packing[-1] if packing else trace.dataflow.generator or trace.root


def _documents_to_pack(trace: Trace) -> list[Document]:
    return [document for span in trace.dataflow.last_stage for document in span.documents]


def _seen_by_another_model(trace: Trace) -> bool:
    """A map step reads the passages one by one: what it wrote of them is in the last prompt, their own text is not."""
    generator = trace.dataflow.generator
    others = [text_of(span.input) for span in trace.leaf_llms if generator is None or span.id != generator.id]
    return any(visible_part(document.content, text)[0] > 0 for document in _documents_to_pack(trace) for text in others)


def _not_passed(trace: Trace) -> list[Evidence]:
    found: list[Evidence] = []
    for passage in trace.dataflow.packed:
        if passage.share < 1 and passage.document is not None:
            content = trace.get(passage.span_id).documents[passage.document].content
            lost = content[len(passage.text) :] if content.startswith(passage.text) else content
            lost = lost.lstrip(" .,;:\n")
            start = len(content) - len(lost)
            place = TextRange(
                span_id=passage.span_id,
                field=f"documents.{passage.document}",
                start=start,
                end=len(content),
                text=quote(lost),
            )
            found.append(Evidence(says=f"not in the prompt: “{quote(lost)}”", at=place))
    return found[:3]


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
