"""The evidence funnel: which piece of evidence got how far, from the corpus to the parsed value."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from weaklink.diagnosis.values import contents_of, values_in
from weaklink.model import Span, Trace, main_text, text_of
from weaklink.model.funnel import CellState, Funnel, FunnelCell, FunnelRow, Stage
from weaklink.model.roles import roles
from weaklink.scoring.answer import expected_type, has_type
from weaklink.scoring.claim import names_in
from weaklink.scoring.groundedness import assess
from weaklink.scoring.question import read_question
from weaklink.scoring.sufficiency import sufficiency
from weaklink.scoring.text.tokens import Token, tokenise
from weaklink.scoring.text.units import units_of
from weaklink.scoring.text.written import runs_of, with_marks

_MOST_TERMS = 8
_MOST_CLAIMS = 12
_PARTLY = 0.35
_KINDS = {
    "number": "a number", "time": "a date or time", "name": "a name", "place": "a place", "reason": "a reason",
}  # fmt: skip
_AFTER_THE_MODEL: tuple[Stage, ...] = ("answer", "parsed")


@dataclass(frozen=True, slots=True)
class StageTexts:
    """What one stage had; None where nobody looked there."""

    stage: Stage
    texts: tuple[str, ...] | None
    span_id: str | None = None


def funnel(
    trace: Trace,
    reference: str | None = None,
    *,
    index: Iterable[str] | None = None,
    corpus: Iterable[str] | None = None,
) -> Funnel:
    """Where each piece of evidence that the answer needs was seen last.

    With a `reference` answer the pieces are its claims, and the funnel is exact; without, they are the words and names of the
    question and the kind of answer that it asks for, which is an estimate, and only where something was retrieved for them.
    `index` are texts that a look into the live store found (see `probe`), `corpus` the documents before they were cut and
    indexed; without them these stages are unknown.
    """
    stages = list(_stages(trace, index, corpus))
    is_guess = reference is None and not trace.dataflow.sources  # nothing was retrieved for the words of the question
    if not stages or is_guess:
        return Funnel(rows=(), exact=reference is not None)
    rows = _claims(trace, reference, stages) if reference is not None else _terms(trace, stages)
    return Funnel(rows=tuple(map(_with_index, rows)), exact=reference is not None)


def _with_index(row: FunnelRow) -> FunnelRow:
    """What was retrieved was in the index, whether or not anybody looked there."""
    state = {cell.stage: cell.state for cell in row.cells}
    if state.get("index") != "unknown" or state.get("candidates") != "held":
        return row
    cells = tuple(cell.model_copy(update={"state": "held"}) if cell.stage == "index" else cell for cell in row.cells)
    return row.model_copy(update={"cells": cells})


def _stages(trace: Trace, index: Iterable[str] | None, corpus: Iterable[str] | None) -> Iterator[StageTexts]:
    known = roles(trace)
    sources = trace.dataflow.sources
    retrievers = [span for span in sources if span.kind == "retriever" and known.get(span.id) == "retrieve"]
    if corpus is not None:
        yield StageTexts("corpus", tuple(corpus))
    if retrievers:
        yield StageTexts("index", None if index is None else (*index, *_found(retrievers)))
        yield StageTexts("candidates", _found(retrievers), retrievers[-1].id)
    stages: tuple[Literal["filter", "rerank"], ...] = ("filter", "rerank")
    for stage in stages:
        spans = [span for span in sources if known.get(span.id) == stage]
        if spans:
            yield StageTexts(stage, _found(spans), spans[-1].id)
    yield from _written(trace)


def _written(trace: Trace) -> Iterator[StageTexts]:
    generator, answer = trace.dataflow.generator, trace.dataflow.generator_text
    if generator is None:
        return
    shown = tuple(passage.text for passage in trace.dataflow.context)
    if shown or trace.dataflow.sources:
        yield StageTexts("prompt", shown, generator.id)
    yield StageTexts("answer", (answer,) if answer else (), generator.id)
    parsers = [
        span for span in trace.of_kind("parser") if span.start_ns >= generator.start_ns and span.output is not None
    ]
    if parsers and main_text(parsers[-1].output).strip() != answer:
        yield StageTexts("parsed", (text_of(parsers[-1].output),), parsers[-1].id)


def _found(spans: Sequence[Span]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(document.content for span in spans for document in span.documents))


@dataclass(frozen=True, slots=True)
class ClaimSeen:
    """One claim of a reference, as some texts have it."""

    text: str
    state: CellState
    missing: tuple[str, ...] = ()
    """What the texts do not have of it, or say otherwise."""


def claims_in(reference: str, texts: Sequence[str], question: str) -> list[ClaimSeen]:
    """Each sentence of `reference` that claims something, and whether `texts` carry it with every number, date and id of it."""
    contents = [contents_of(text) for text in texts]
    found: list[ClaimSeen] = []
    for verdict in assess(reference, texts, question):
        if not verdict.is_claim:
            continue
        text = reference[verdict.start : verdict.end]
        # A short claim is read together with the question, so its words may all be there and its one number not.
        values = [value for value in values_in(text) if value.kind not in ("name", "phrase")]
        lacking = tuple(value.text for value in values if not any(one.has(value) for one in contents))
        state: CellState = "partly" if verdict.label == "unsupported" and verdict.value >= _PARTLY else "lost"
        if verdict.label == "supported":
            state = "lost" if lacking and len(lacking) == len(values) else "partly" if lacking else "held"
        found.append(ClaimSeen(text, state, verdict.detail or lacking))
    return found[:_MOST_CLAIMS]


def _claims(trace: Trace, reference: str, stages: Sequence[StageTexts]) -> Iterator[FunnelRow]:
    """A row for each sentence of the reference that claims something."""
    seen = [claims_in(reference, stage.texts or (), trace.question) for stage in stages]
    for number, claim in enumerate(seen[0]):
        cells = tuple(_claim_cell(stage, claims[number]) for stage, claims in zip(stages, seen, strict=True))
        yield FunnelRow(piece=claim.text, kind="claim", weight=1.0, cells=cells)


def _claim_cell(stage: StageTexts, claim: ClaimSeen) -> FunnelCell:
    if stage.texts is None:
        return FunnelCell(stage=stage.stage, state="unknown")
    note = ""
    if claim.state != "held" and stage.stage in _AFTER_THE_MODEL:
        note = ", ".join(detail.replace("the passage says", "it says") for detail in claim.missing)
    return FunnelCell(stage=stage.stage, state=claim.state, span_id=stage.span_id, note=note)


def _terms(trace: Trace, stages: Sequence[StageTexts]) -> Iterator[FunnelRow]:
    """A row for each word or name of the question, the rarest first, and one for the kind of answer that it asks for."""
    question = _worded(trace)
    asked = read_question(question)
    held = [
        None
        if stage.texts is None
        else frozenset[str]().union(*(unit.values for text in stage.texts for unit in units_of(text)))
        for stage in stages
    ]
    before_the_model = [
        values for stage, values in zip(stages, held, strict=True)
        if values is not None and stage.stage not in _AFTER_THE_MODEL
    ]  # fmt: skip
    kind = expected_type(trace.question)
    if kind in _KINDS:
        cells = tuple(_kind_cell(stage, kind, trace.question) for stage in stages)
        yield FunnelRow(piece=_KINDS[kind], kind="kind of answer", weight=1.0, cells=cells)
    for words, piece, weight in _pieces(question, before_the_model)[:_MOST_TERMS] if asked.weights else ():
        cells = tuple(_term_cell(stage, words, values) for stage, values in zip(stages, held, strict=True))
        yield FunnelRow(piece=piece, kind="term", weight=weight, cells=cells)


def _worded(trace: Trace) -> str:
    """The question; where it has no words of its own ("what should it be?"), with what the user said before."""
    has_own = any(token.content for token in tokenise(trace.question))
    return trace.question if has_own else trace.dataflow.asked


def _pieces(question: str, held: Sequence[frozenset[str]]) -> list[tuple[frozenset[str], str, float]]:
    """The words of a question, the rarest first.

    Neighbouring parts of a name are one piece, and so are neighbouring characters of a script without spaces that the same
    stages have.
    """
    asked = read_question(question)
    names = {token.start for token in names_in(tuple(tokenise(question)))}

    def alike(before: Token, token: Token) -> bool:
        return all((before.value in values) == (token.value in values) for values in held)

    groups: list[list[Token]] = []
    for run in runs_of(asked.tokens, question, alike):
        before = groups[-1][-1] if groups else None
        is_name = before is not None and run[0].start in names and before.start in names
        if is_name and before is not None and run[0].start - before.end <= 1:
            groups[-1] += run
        else:
            groups.append([*run])
    found: dict[frozenset[str], tuple[frozenset[str], str, float]] = {}
    for group in groups:
        words = frozenset(token.value for token in group)
        text = question[group[0].start : with_marks(group[-1].end, question)]
        found.setdefault(words, (words, text, max(asked.weights[word] for word in words)))
    return sorted(found.values(), key=lambda piece: -piece[2])


def _term_cell(stage: StageTexts, words: frozenset[str], held: frozenset[str] | None) -> FunnelCell:
    if stage.stage in _AFTER_THE_MODEL:
        return FunnelCell(stage=stage.stage, state="", span_id=stage.span_id)  # an answer need not repeat the question
    if held is None:
        return FunnelCell(stage=stage.stage, state="unknown")
    there = words & held
    state: CellState = "held" if there == words else "partly" if there else "lost"
    return FunnelCell(stage=stage.stage, state=state, span_id=stage.span_id)


def _kind_cell(stage: StageTexts, kind: str, question: str) -> FunnelCell:
    """Whether the place that is nearest to the question holds something of the kind that it asks for."""
    if stage.texts is None:
        return FunnelCell(stage=stage.stage, state="unknown")
    if stage.stage in _AFTER_THE_MODEL:
        is_there = any(has_type(kind, text, question) for text in stage.texts)
    else:
        verdict = sufficiency(question, stage.texts)
        is_there = verdict.passage is not None and verdict.answer_type_present
    return FunnelCell(stage=stage.stage, state="held" if is_there else "lost", span_id=stage.span_id)
