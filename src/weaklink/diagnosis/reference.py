"""With a reference answer nothing has to be guessed: the step where a claim of it was lost is the weak link."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from weaklink.diagnosis.attribution import wrong_turn
from weaklink.diagnosis.blame import Named
from weaklink.diagnosis.finding import Finding, Rule, abstained, quote
from weaklink.diagnosis.limits import Limits
from weaklink.model import Diagnosis, Evidence, Scores, Trace
from weaklink.model.funnel import Funnel, FunnelCell, FunnelRow, Stage

# The classes that can explain a loss at a stage; the first one stands where no rule has found anything.
_BEFORE_RETRIEVAL = ("rewrite_drift", "entity_dropped", "wrong_route")
_IN_RETRIEVAL = (
    "missing_content",
    "missed",
    "no_results",
    "off_topic",
    "chunk_cut",
    "duplicates",
    "stale",
    *_BEFORE_RETRIEVAL,
)
_IN_RANKING = ("good_document_dropped", "bad_order")
_CLASSES: dict[Stage, tuple[str, ...]] = {
    "corpus": _IN_RETRIEVAL,
    "index": _IN_RETRIEVAL,
    "candidates": _IN_RETRIEVAL,
    "filter": _IN_RANKING,
    "rerank": _IN_RANKING,
    "prompt": ("context_truncated", "context_not_passed", "empty_variable"),
    "answer": ("unsupported", "contradicted", "incomplete", "answered_without_evidence", "false_abstention", "cut_off",
               "off_question", "misread_output", "invented_value"),
    "parsed": ("lost_in_parsing", "format_error"),
}  # fmt: skip
_PLACES: dict[Stage, str] = {
    "corpus": "in the corpus", "index": "in the index", "candidates": "among what was retrieved",
    "filter": "among what the filter kept", "rerank": "among what the reranker kept", "prompt": "in the prompt",
    "answer": "in the answer", "parsed": "in the parsed value",
}  # fmt: skip
_ADVICE: dict[Stage, str] = {
    "corpus": "add the missing content to the corpus",
    "index": "index the document that holds it, and look where its chunks are cut",
    "candidates": "retrieve more passages, or search with the question as it was asked; a probe names the k that works",
    "filter": "loosen the filter", "rerank": "keep more, or check the order of the scores",
    "prompt": "raise the budget of the packing step, or put the best passage first",
    "answer": "use a stronger model, or ask it to quote the passage that it answers from",
    "parsed": "let the parser keep what the model wrote",
}  # fmt: skip


def by_reference(
    trace: Trace, scores: Scores, limits: Limits, found: Sequence[Named], funnel: Funnel, rules: Iterable[Rule]
) -> list[Named]:
    """What the rules have found, put right by where the claims of the reference were lost.

    What a step reported itself stays. Doubts go: where every claim arrived, nothing is wrong; where one did not, the step that
    lost it is at fault, in the way that its rule says where one has found something there. Where agents wrote without any
    retrieval, nothing shows which of their steps lost it: then all are suspects.
    """
    certain = [named for named in found if named.finding.hard or named.finding.harmless]
    lost = _first_loss(funnel)
    if not funnel.rows or lost is None:
        return certain if funnel.rows else list(found)
    row, cell = lost
    if cell.stage == "answer" and not trace.dataflow.sources and (turns := list(wrong_turn(trace, scores, limits))):
        return [*certain, *(Named(wrong_turn, turn) for turn in turns)]
    classes = _CLASSES[cell.stage]
    named = {rule.__name__: rule for rule in rules}
    fitting = [one for one in found if one.rule.__name__ in classes and not one.finding.harmless]
    best = max(fitting, key=lambda one: one.finding.strength, default=None)
    if best is None:
        name = next(name for name in _likely(trace, scores, cell, classes) if name in named)
        best = Named(named[name], Finding(_step(trace, cell), 0.0, "", advice=_ADVICE[cell.stage]))
    finding = replace(
        best.finding, strength=limits.hard, hard=True, says=_says(row, cell),
        evidence=[_needed(row), *best.finding.evidence], advice=best.finding.advice or _ADVICE[cell.stage],
    )  # fmt: skip
    return [*certain, replace(best, finding=finding)]


def confirmed(trace: Trace, diagnosis: Diagnosis, funnel: Funnel) -> Diagnosis:
    """The diagnosis of an answer that holds every claim of the reference: whatever could not be checked, it is right."""
    is_right = bool(funnel.rows) and _first_loss(funnel) is None and trace.status == "ok"
    if not is_right or diagnosis.verdict in ("ok", "recovered"):
        return diagnosis
    summary = "The answer holds every claim of the reference."
    return diagnosis.model_copy(
        update={"verdict": "ok", "culprit": None, "failure": None, "confidence": Limits().surest, "summary": summary,
                "evidence": (), "advice": "", "capture": ()}
    )  # fmt: skip


def _first_loss(funnel: Funnel) -> tuple[FunnelRow, FunnelCell] | None:
    """The claim that was lost first; None where all arrived."""
    losses = [(row, cell) for row in funnel.rows if (cell := row.lost_at) is not None]
    order = funnel.stages
    return min(losses, key=lambda loss: order.index(loss[1].stage), default=None)


def _likely(trace: Trace, scores: Scores, cell: FunnelCell, classes: Sequence[str]) -> Sequence[str]:
    """The classes, the one first that fits what is seen."""
    generator = trace.dataflow.generator
    first: list[str] = []
    if cell.stage == "answer" and generator is not None:
        if abstained(generator, scores):
            first.append("false_abstention")
        first.append("contradicted" if "it says" in cell.note else "incomplete")
    if cell.stage == "prompt" and all(passage.share == 0 for passage in trace.dataflow.packed):
        first.append("context_not_passed")
    return [*first, *classes]


def _step(trace: Trace, cell: FunnelCell) -> str:
    if cell.span_id is not None:
        return cell.span_id
    retrievers = trace.of_kind("retriever")
    return (retrievers[-1] if retrievers else trace.root).id


def _says(row: FunnelRow, cell: FunnelCell) -> str:
    seen = f"was last seen {_PLACES[row.last_seen]}" if row.last_seen else "was seen nowhere"
    missing = f": {cell.note}" if cell.note else ""
    return f"“{quote(row.piece, 100)}” {seen} and is not {_PLACES[cell.stage]}{missing}"


def _needed(row: FunnelRow) -> Evidence:
    way = ", ".join(f"{cell.stage}: {cell.state}" for cell in row.cells if cell.state)
    return Evidence(says=f"the reference needs “{quote(row.piece, 100)}” ({way})")
