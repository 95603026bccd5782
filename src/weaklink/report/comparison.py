"""Two traces step by step: what the second has, found, wrote and scored that the first had not."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from weaklink.model import Document, Span, main_text, text_of
from weaklink.report.view import Report, StepRow

_SCORE_STEP = 0.01
_MOST_CHANGED_LINES = 40


@dataclass(frozen=True, slots=True)
class PassageChange:
    """A passage that only one trace has, or that moved."""

    document: Document
    before: int | None
    """Its place in the first trace, from 1; None: it was not there."""
    after: int | None
    """Its place in the second; None: it is gone."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """What is different in one step."""

    first: StepRow | None
    """None: the second trace alone has the step."""
    second: StepRow | None
    """None: the first trace alone has it."""
    passages: tuple[PassageChange, ...] = ()
    scores: tuple[tuple[str, float | None, float | None], ...] = ()
    """Name, value in the first trace, value in the second; only those that changed."""
    template: tuple[str, ...] = ()
    """Lines of the prompt's template that changed, with "-" or "+" before them."""
    prompt: tuple[str, ...] = ()
    """The same of the prompt itself, for steps without a template that changed."""
    model: tuple[str, str] | None = None
    output: tuple[str, str] | None = None
    """What the step wrote, before and after, where that is text and differs."""

    @property
    def row(self) -> StepRow:
        """The step, as the second trace has it where it does."""
        found = self.second or self.first
        if found is None:
            raise ValueError("a change is of a step")
        return found

    @property
    def statuses(self) -> tuple[str, str]:
        """How the step ended, before and after; "" where it is not there."""
        return (self.first.span.status if self.first else "", self.second.span.status if self.second else "")

    @property
    def is_change(self) -> bool:
        """Something is different."""
        parts = (self.passages, self.scores, self.template, self.prompt, self.model, self.output)
        return any(parts) or self.statuses[0] != self.statuses[1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports and what is different between them."""

    first: Report
    second: Report
    steps: tuple[StepChange, ...]
    """All steps in order, changed or not."""

    @property
    def changes(self) -> list[StepChange]:
        """The steps that changed."""
        return [step for step in self.steps if step.is_change]


def compare(first: Report, second: Report, *, everything: bool = False) -> Comparison:
    """Match the steps of two traces by what they do and how they are called, in order, and say what is different."""
    rows = (first.steps(everything=everything), second.steps(everything=everything))
    keys = [[f"{row.word} {_name(row.span)}" for row in side] for side in rows]
    matcher = difflib.SequenceMatcher(None, keys[0], keys[1], autojunk=False)
    changes: list[StepChange] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            changes += [_change(first, second, x, y) for x, y in zip(rows[0][a:b], rows[1][c:d], strict=True)]
        else:
            changes += _paired(first, second, rows[0][a:b], rows[1][c:d])
    return Comparison(first, second, tuple(changes))


def _name(span: Span) -> str:
    return "" if span.parent_id is None else span.name


def _paired(first: Report, second: Report, before: list[StepRow], after: list[StepRow]) -> Iterator[StepChange]:
    """Steps that do the same are one step with another name; the rest came or went."""
    left = list(after)
    for row in before:
        twin = next((other for other in left if other.word == row.word and other.role), None)
        if twin is None:
            yield StepChange(row, None)
        else:
            left.remove(twin)
            yield _change(first, second, row, twin)
    for row in left:
        yield StepChange(None, row)


def _change(first: Report, second: Report, before: StepRow, after: StepRow) -> StepChange:
    template = _lines(text_of(before.span.attributes.get("template")), text_of(after.span.attributes.get("template")))
    is_prompt = "prompt" in (before.span.kind, after.span.kind)
    output = None
    is_text = before.role in ("rewrite", "generate", "parse", "route", "plan", "tool") or before.span.kind in (
        "llm",
        "tool",
    )
    texts = (main_text(before.span.output).strip(), main_text(after.span.output).strip())
    if is_text and texts[0] != texts[1]:
        output = texts
    models = (before.span.model.name if before.span.model else "", after.span.model.name if after.span.model else "")
    return StepChange(
        first=before,
        second=after,
        passages=tuple(_passages(before.span.documents, after.span.documents)),
        scores=tuple(_scores(first, second, before.span, after.span)),
        template=template,
        prompt=() if template or not is_prompt else _lines(main_text(before.span.output), main_text(after.span.output)),
        model=models if models[0] != models[1] else None,
        output=output,
    )


def _passages(before: Iterable[Document], after: Iterable[Document]) -> Iterator[PassageChange]:
    """Lost and gained passages; moved ones only where their order among those that stayed changed."""
    old, new = _places(before), _places(after)
    for key, (rank, document) in old.items():
        if key not in new:
            yield PassageChange(document, rank, None)
    order = {key: place for place, key in enumerate(key for key in old if key in new)}
    stayed = 0
    for key, (rank, document) in new.items():
        if key not in old:
            yield PassageChange(document, None, rank)
            continue
        if order[key] != stayed and old[key][0] != rank:
            yield PassageChange(document, old[key][0], rank)
        stayed += 1


def _places(documents: Iterable[Document]) -> dict[str, tuple[int, Document]]:
    """Each passage with its place, by key, in order; of two that are the same the first."""
    places: dict[str, tuple[int, Document]] = {}
    for rank, document in enumerate(documents, start=1):
        places.setdefault(document.key, (rank, document))
    return places


def _scores(
    first: Report, second: Report, before: Span, after: Span
) -> Iterator[tuple[str, float | None, float | None]]:
    names = [score.name for score in first.scores if score.is_whole and score.span_id == before.id]
    names += [score.name for score in second.scores if score.is_whole and score.span_id == after.id]
    for name in Counter(names):
        values = (first.scores.value(before.id, name), second.scores.value(after.id, name))
        if values[0] is None and values[1] is None:
            continue
        if values[0] is None or values[1] is None or abs(values[0] - values[1]) >= _SCORE_STEP:
            yield (name, *values)


def _lines(before: str, after: str) -> tuple[str, ...]:
    if before == after:
        return ()
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    cut = len(changed) - _MOST_CHANGED_LINES
    return tuple(changed if cut <= 0 else [*changed[:_MOST_CHANGED_LINES], f"  and {cut} more lines"])
