"""What every renderer shows: a trace, its scores and its diagnosis, brought together and put in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from weaklink.model import Diagnosis, Role, Score, Scores, Span, StripCell, Suspect, TextRange, Trace, text_of
from weaklink.model.roles import roles
from weaklink.report.history import History, history_of
from weaklink.report.passages import RetrievalTable, retrieval_tables
from weaklink.report.sentences import Sentence, sentences_of

# Which score stands for a step in the tree, where the diagnosis has not said so in its strip; the first that is there.
_SCORE_OF_ROLE: dict[str, tuple[str, ...]] = {
    "retrieve": ("relevance", "sufficiency"),
    "rerank": ("relevance", "sufficiency"),
    "filter": ("relevance", "sufficiency"),
    "generate": ("groundedness", "answer_relevance"),
}
_HAVE_A_PLACE = frozenset(name for names in _SCORE_OF_ROLE.values() for name in names)
_FIELDS = {"documents": "passage", "candidates": "candidate"}
_MOST_SUSPECTS = 4
_LEAST_SUSPICION = 0.05


@dataclass(frozen=True, slots=True)
class StepRow:
    """One line of the tree."""

    span: Span
    guides: tuple[bool, ...]
    """For each level above: whether more siblings follow there; empty for the root."""
    role: Role
    score: float | None
    mark: str
    """"!" the weak link, "?" a suspect, "~" failed but made good."""
    scores: tuple[Score, ...]
    """All scores of the whole step."""

    @property
    def word(self) -> str:
        """What the step does: its role, else its kind."""
        return self.role or self.span.kind

    @property
    def tokens(self) -> int | None:
        """Tokens in and out; None where they are not known."""
        return self.span.model.usage.total_tokens if self.span.model and self.span.model.usage else None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything there is to show of one trace."""

    trace: Trace
    scores: Scores
    diagnosis: Diagnosis | None
    """None for a trace that nobody has diagnosed."""
    strip: tuple[StripCell, ...]
    roles: dict[str, Role]
    failed: Span | None
    """The step whose error is shown: the culprit, else where the first error began; None where nothing failed."""
    history: History | None
    """The messages that the steps of an agent or a chat were given; None where they are few."""

    def steps(self, *, everything: bool = False) -> list[StepRow]:
        """The lines of the tree: without the framework's plumbing, unless it is to blame or `everything` is asked for."""
        return list(_rows(self, everything))

    def tables(self) -> list[RetrievalTable]:
        """The retrievals with their passages; a retriever and the reranker that worked on its documents share a table."""
        return retrieval_tables(self.trace, self.scores)

    def sentences(self) -> list[Sentence]:
        """The sentences of the generator's text, with what the passages say of each; empty where they were not judged."""
        return sentences_of(self.trace, self.scores)

    def templates(self) -> list[tuple[str, str]]:
        """What each known prompt template is called, with how often it was filled where that is more than once, and its text."""
        found = [(span.name, text_of(span.attributes.get("template"))) for span in self.trace.of_kind("prompt")]
        times = Counter((name, template) for name, template in found if template.strip())
        return [(name if n == 1 else f"{name}, filled {n} times", template) for (name, template), n in times.items()]

    def suspects(self, *, everything: bool = False) -> list[Suspect]:
        """Who else it may be, the most probable first; the improbable only where `everything` is asked for."""
        if self.diagnosis is None:
            return []
        others = list(self.diagnosis.suspects[1 if self.diagnosis.culprit else 0 :])
        return others if everything else [s for s in others if s.probability >= _LEAST_SUSPICION][:_MOST_SUSPECTS]

    def unscored(self) -> list[str]:
        """Why there are scores without a value: what the diagnosis says, else what the scores say."""
        if self.diagnosis is not None and self.diagnosis.unscored:
            return list(self.diagnosis.unscored)
        return [
            f"{score.name} of {self.trace.get(score.span_id).name}: {score.reason}"
            for score in self.scores
            if score.value is None and score.is_whole and any(span.id == score.span_id for span in self.trace.spans)
        ]

    def more_scores(self) -> list[Score]:
        """Scores of whole steps that nothing else in the report shows: those of a judge, a model or a user's own scorer."""
        known = {span.id for span in self.trace.spans}
        return [
            score
            for score in self.scores
            if score.is_whole and score.value is not None and score.name not in _HAVE_A_PLACE and score.span_id in known
        ]

    def place(self, at: TextRange) -> str:
        """Where a piece of text stands, for people: "write output", "search passage 1"."""
        step = next((span.name for span in self.trace.spans if span.id == at.span_id), "")
        field, _, number = at.field.partition(".")
        word = _FIELDS.get(field, field)
        return f"{step} {word} {int(number) + 1}" if number.isdecimal() else f"{step} {word}"


def why(score: Score) -> str:
    """The reason of a score, and the words behind it."""
    return "; ".join(filter(None, (score.reason, ", ".join(score.detail))))


def report_of(trace: Trace, scores: Iterable[Score] = (), diagnosis: Diagnosis | None = None) -> Report:
    """The report on `trace`; shows what scores and diagnosis say, and computes neither."""
    role_of = roles(trace)
    strip = diagnosis.strip if diagnosis is not None else ()
    if not strip:
        strip = tuple(
            StripCell(span_id=span.id, role=role_of[span.id], name=span.name)
            for span in trace.steps
            if span.id in role_of and role_of[span.id] not in ("embed", "index")
        )
    return Report(
        trace=trace,
        scores=scores if isinstance(scores, Scores) else Scores(scores),
        diagnosis=diagnosis,
        strip=strip,
        roles=role_of,
        failed=_failed(trace, diagnosis),
        history=history_of(trace),
    )


def _failed(trace: Trace, diagnosis: Diagnosis | None) -> Span | None:
    if diagnosis is not None and diagnosis.culprit is not None:
        culprit = next((span for span in trace.spans if span.id == diagnosis.culprit.span_id), None)
        if culprit is not None and culprit.error is not None:
            return culprit
    origins = [
        span
        for span in trace.spans
        if span.error is not None
        and span.status != "abandoned"
        and not any(below.error for below in trace.children(span))
    ]
    return next((span for span in origins if span.status == "error"), origins[0] if origins else None)


def _rows(report: Report, everything: bool) -> Iterator[StepRow]:
    shown = _shown(report, everything)
    marks = {cell.span_id: cell.mark for cell in report.strip if cell.mark}
    if report.diagnosis is not None:
        marks = {suspect.step.span_id: "?" for suspect in report.suspects(everything=everything)} | marks
        if report.diagnosis.culprit is not None:
            marks[report.diagnosis.culprit.span_id] = "!"
    in_strip = {cell.span_id: cell.score for cell in report.strip}
    whole: dict[str, list[Score]] = {}
    for score in report.scores:
        if score.is_whole:
            whole.setdefault(score.span_id, []).append(score)

    stack: list[tuple[Span, tuple[bool, ...]]] = [(report.trace.root, ())]
    while stack:
        span, guides = stack.pop()
        role = report.roles.get(span.id, "")
        score = in_strip.get(span.id)
        if score is None:
            score = _score_of(report.scores, span, role)
        yield StepRow(span, guides, role, score, marks.get(span.id, ""), tuple(whole.get(span.id, ())))
        children = list(_visible_children(report.trace, span, shown))
        last = len(children) - 1
        stack.extend((child, (*guides, number != last)) for number, child in reversed(list(enumerate(children))))


def _shown(report: Report, everything: bool) -> set[str]:
    if everything:
        return {span.id for span in report.trace.spans}
    shown = {span.id for span in report.trace.steps}
    if report.diagnosis is not None:
        shown.update(suspect.step.span_id for suspect in report.suspects(everything=everything))
        if report.diagnosis.culprit is not None:
            shown.add(report.diagnosis.culprit.span_id)
    if report.failed is not None:
        shown.add(report.failed.id)
    return shown


def _visible_children(trace: Trace, span: Span, shown: set[str]) -> Iterator[Span]:
    """The children that are shown; in place of one that is not, its own."""
    stack = list(reversed(trace.children(span)))
    seen: set[str] = set()
    while stack:
        child = stack.pop()
        if child.id in seen:
            continue
        seen.add(child.id)
        if child.id in shown:
            yield child
        else:
            stack.extend(reversed(trace.children(child)))


def _score_of(scores: Scores, span: Span, role: Role) -> float | None:
    for name in _SCORE_OF_ROLE.get(role, ()):
        if (value := scores.value(span.id, name)) is not None:
            return value
    return None
