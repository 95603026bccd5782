"""From findings to a verdict: the earliest step that lost what the next one needed is the weak link."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Literal

from weaklink.diagnosis.finding import Finding, Rule, symptoms
from weaklink.diagnosis.limits import Limits
from weaklink.diagnosis.probabilities import calibrated, sure_of_culprit, sure_of_ok
from weaklink.diagnosis.small_talk import is_small_talk
from weaklink.diagnosis.soundness import soundness
from weaklink.model import Diagnosis, Role, Scores, Span, Step, StripCell, Suspect, Trace, Verdict
from weaklink.model.roles import roles

_MOST_SUSPECTS = 8
LOSSES = ("good_document_dropped", "bad_order", "context_truncated", "context_not_passed", "empty_variable")
"""Rules on steps that can be seen to have lost text on its way to the model."""
TOTAL_LOSSES = ("context_not_passed", "empty_variable")
"""Those of them that say that nothing arrived."""
_LEAST_SUSPICION = 0.01
# The measure that a role is judged by in the strip.
_SCORE_OF_ROLE: dict[Role, str] = {
    "retrieve": "relevance",
    "rerank": "relevance",
    "filter": "relevance",
    "generate": "groundedness",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A finding, and the rule that made it."""

    rule: Rule
    finding: Finding


def find(trace: Trace, scores: Scores, limits: Limits, rules: Iterable[Rule]) -> list[Named]:
    """Everything that the rules find, each with its probability, in the order in which the steps began."""
    return weighed(trace, scores, [Named(rule, finding) for rule in rules for finding in rule(trace, scores, limits)])


def weighed(trace: Trace, scores: Scores, found: Iterable[Named]) -> list[Named]:
    """What the rules found, with the probability of each as its strength, in the order in which the steps began."""
    start = {span.id: span.start_ns for span in trace.spans}
    shown = symptoms(trace, scores)
    known = [Named(named.rule, calibrated(named.rule.__name__, named.finding, shown)) for named in found]
    return sorted(known, key=lambda named: start.get(named.finding.span_id, 0))


def judge(trace: Trace, scores: Scores, limits: Limits, found: list[Named]) -> Diagnosis:
    """The verdict that the findings carry."""
    known = roles(trace)
    if is_small_talk(trace.question):
        found = [named for named in found if named.finding.hard or named.finding.harmless]
    suspects = suspects_of(trace, limits, found)
    harmless = [named for named in found if named.finding.harmless]
    top = suspects[0] if suspects else None
    verdict, confidence = _verdict(trace, scores, limits, suspects, harmless)
    blamed = top if verdict in ("broken", "degraded") else None
    doubted = top if top is not None and top.probability >= limits.unknown else None
    if verdict == "recovered":
        blamed = _suspect(trace, known, harmless[0], 0.0)
    return Diagnosis(
        trace_id=trace.id,
        verdict=verdict,
        culprit=blamed.step if blamed else None,
        failure=blamed.failure if blamed else None,
        confidence=round(confidence, 4),
        summary=_summary(trace, scores, verdict, blamed, doubted),
        suspects=tuple(suspects[:_MOST_SUSPECTS]),
        evidence=blamed.evidence if blamed else doubted.evidence if doubted and verdict == "unknown" else (),
        advice=blamed.advice if blamed else "",
        capture=tuple(_capture(trace, scores)) if verdict == "unknown" else (),
        strip=tuple(_strip(trace, scores, known, blamed, suspects)),
        question=trace.question,
        answer=trace.answer,
        unscored=tuple(sorted({f"{s.name} of {trace.get(s.span_id).name}: {s.reason}" for s in scores if s.value is None and s.is_whole})),
    )  # fmt: skip


def suspects_of(trace: Trace, limits: Limits, found: Iterable[Named]) -> list[Suspect]:
    """Each finding counts as far as no earlier step explains it; of one step its strongest finding speaks."""
    known = roles(trace)
    found = [named for named in found if not named.finding.harmless and named.finding.strength > 0]
    suspects: list[Suspect] = []
    unexplained = 1.0
    any_hard = any(named.finding.hard for named in found)
    losses = [named for named in found if named.rule.__name__ in LOSSES]
    for span_id in dict.fromkeys(named.finding.span_id for named in found):
        of_step = [named for named in found if named.finding.span_id == span_id]
        strongest = max(of_step, key=lambda named: _rank(named, limits))
        weight = limits.doubt_beside_hard if any_hard and not any(named.finding.hard for named in of_step) else 1.0
        if strongest.finding.general or strongest.finding.strength < limits.stands_alone:
            # A gap that is taken from what the answer lacks, or a doubt: a step that can be seen to have lost text explains it as
            # well.
            weight *= 1.0 - max((_explained(strongest, loss, limits) for loss in losses), default=0.0)
        for named in of_step:
            share = named.finding.strength * unexplained * weight
            suspects.append(_suspect(trace, known, named, share if named is strongest else share * 0.5))
        unexplained *= 1.0 - strongest.finding.strength * weight
    worth_naming = [suspect for suspect in suspects if suspect.probability >= _LEAST_SUSPICION]
    return sorted(worth_naming, key=lambda suspect: -suspect.probability)


def _explained(named: Named, loss: Named, limits: Limits) -> float:
    """How much of a doubt about another step the loss of text takes away; passages beside the question are no loss."""
    if loss.finding.span_id == named.finding.span_id:
        return 0.0
    is_total = loss.rule.__name__ in TOTAL_LOSSES and named.rule.__name__ != "off_topic"
    return loss.finding.strength * (limits.explained_by_total_loss if is_total else limits.explained_by_loss)


def _rank(named: Named, limits: Limits) -> tuple[bool, float]:
    """Of the findings about one step: those that say why before those that only say that something is lacking."""
    finding = named.finding
    return (not finding.general and finding.strength >= limits.stands_alone), finding.strength


def _suspect(trace: Trace, known: dict[str, Role], named: Named, probability: float) -> Suspect:
    span = trace.get(named.finding.span_id)
    step = Step(span_id=span.id, name=span.name, kind=span.kind, role=known.get(span.id, ""))
    return Suspect(
        step=step,
        failure=named.rule.__name__,
        probability=round(probability, 4),
        summary=named.finding.says,
        evidence=tuple(named.finding.evidence),
        advice=named.finding.advice,
    )


def _verdict(
    trace: Trace, scores: Scores, limits: Limits, suspects: list[Suspect], harmless: list[Named]
) -> tuple[Verdict, float]:
    top = suspects[0].probability if suspects else 0.0
    if top >= limits.broken:
        return "broken", min(sure_of_culprit(top), limits.surest)
    sound = min(limits.surest, sure_of_ok(soundness(trace, scores, unsuspected(suspects))))
    if trace.status in ("cancelled", "abandoned", "incomplete") or top >= limits.unknown:
        return "unknown", top
    if trace.status == "interrupted" or (_asks_nothing(trace) and trace.status == "ok"):
        return "ok", sound
    if _unchecked(trace, scores):
        return "unknown", top
    if top >= limits.degraded:
        return "degraded", sound
    if sound < limits.sure_enough:
        return "unknown", top
    return ("recovered" if harmless else "ok"), sound


def _asks_nothing(trace: Trace) -> bool:
    return trace.asks_nothing or is_small_talk(trace.question)


def unsuspected(suspects: Iterable[Suspect]) -> float:
    """Probability that none of the suspicions is right."""
    return prod(1.0 - suspect.probability for suspect in suspects)


def _unchecked(trace: Trace, scores: Scores) -> str:
    """Why nobody could check the answer; "" where somebody did."""
    generator = trace.dataflow.generator
    if generator is None:
        return "" if trace.of_kind("retriever") and _all_scored(trace, scores) else "no model call was recorded"
    score = scores.get(generator.id, "groundedness")
    if score is None:
        return "groundedness was not scored"
    return "" if score.value is not None else score.reason


def _all_scored(trace: Trace, scores: Scores) -> bool:
    return all(scores.value(span.id, "relevance") is not None for span in trace.of_kind("retriever"))


def _summary(trace: Trace, scores: Scores, verdict: Verdict, blamed: Suspect | None, top: Suspect | None) -> str:
    if blamed is not None:
        return _sentence(trace, blamed.summary)
    if verdict == "ok" and trace.status == "interrupted":
        return "The graph waits for a person; nothing failed."
    if verdict == "ok" and _asks_nothing(trace):
        return "Nothing was asked here, and nothing failed."
    if verdict == "ok" and trace.dataflow.generator is None:
        return "Every step did its part: what was found is about the question."
    if verdict == "ok":
        return "Every step did its part: the answer is grounded in what was retrieved."
    if trace.status == "abandoned":
        return "The reader left the stream before the answer was complete, so there is no whole answer to judge."
    if top is not None:
        return f"Not sure: {top.summary}."
    if _unchecked(trace, scores):
        return "Not sure: nothing failed, and the answer could not be checked."
    return "Not sure: nothing failed, and the scores do not tell whether the answer is right."


def _capture(trace: Trace, scores: Scores) -> list[str]:
    """What would let the next diagnosis decide."""
    if trace.status == "abandoned":
        return ["the stream was left before its end: read it to the end once"]
    found: list[str] = []
    if reason := _unchecked(trace, scores):
        found.append(
            f"the answer could not be checked ({reason}): record the retriever and the model call with the same handler"
        )
    if not trace.of_kind("retriever") and not trace.of_kind("tool"):
        found.append("no retriever or tool was recorded: pass the handler to the whole chain, not to one step of it")
    if trace.of_kind("retriever"):
        found.append(
            "a probe of the live retriever tells a bad search from a gap in the corpus: weaklink.diagnosis.probe"
        )
    if trace.status in ("cancelled", "incomplete"):
        found.append("the call did not end: let it run to its end once, or record why it was stopped")
    return found


def _strip(
    trace: Trace, scores: Scores, known: dict[str, Role], blamed: Suspect | None, suspects: list[Suspect]
) -> list[StripCell]:
    """The steps with a role in the order they began; neighbours with the same role share a cell unless both are marked.

    The cell is that of the one which is marked, else of the first with a score.
    """
    suspected = {suspect.step.span_id for suspect in suspects if suspect.probability >= 0.1}
    cells: list[StripCell] = []
    for span in trace.spans:
        role = known.get(span.id)
        is_blamed = blamed is not None and span.id == blamed.step.span_id
        if not role and not is_blamed:  # the strip shows what takes part, and in any case what is to blame
            continue
        cell = StripCell(
            span_id=span.id, role=role or "", name=span.name, score=_strip_score(scores, span, role or ""),
            mark=_mark(span, is_blamed=is_blamed, is_suspect=blamed is None and span.id in suspected),
        )  # fmt: skip
        if cells and cells[-1].role == cell.role and not (cell.mark and cells[-1].mark):
            tells_more = bool(cell.mark) or (not cells[-1].mark and cells[-1].score is None and cell.score is not None)
            if not tells_more:
                continue
            cells.pop()
        cells.append(cell)
    return cells


def _mark(span: Span, *, is_blamed: bool, is_suspect: bool) -> Literal["", "!", "~", "?"]:
    if span.status == "recovered":
        return "!" if is_blamed and span.kind == "tool" else "~"
    return "!" if is_blamed else "?" if is_suspect else ""


def _strip_score(scores: Scores, span: Span, role: Role) -> float | None:
    name = _SCORE_OF_ROLE.get(role)
    return scores.value(span.id, name) if name else None


def _sentence(trace: Trace, text: str) -> str:
    """Begins with a capital, unless it begins with the name of a step, which is spelled as it is."""
    is_named = any(text.startswith(span.name) for span in trace.spans if span.name)
    start = text if is_named else text[:1].upper() + text[1:]
    return start if start.endswith((".", "!", "?", "…", "”")) else f"{start}."
