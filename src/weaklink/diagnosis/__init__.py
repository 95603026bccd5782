"""Which step broke: rules find, blame decides. Pure: no clock, no input or output; the same trace gives the same verdict."""

from collections.abc import Iterable

from weaklink.diagnosis import (
    agent,
    blame,
    calls,
    generation,
    hard,
    index,
    invented,
    off_question,
    packing,
    parsing,
    query,
    ranking,
    retrieval,
    routing,
)
from weaklink.diagnosis.finding import Finding, Rule
from weaklink.diagnosis.funnel import funnel
from weaklink.diagnosis.limits import Limits
from weaklink.diagnosis.probe import Probe, probe
from weaklink.diagnosis.provenance import origins
from weaklink.diagnosis.reference import by_reference, confirmed
from weaklink.model import Diagnosis, Score, Scores, Trace

RULES_VERSION = "14"
"""Changes whenever a rule or a limit does: a stored diagnosis of another version is made anew."""

RULES: tuple[Rule, ...] = (
    hard.raised,
    hard.timed_out,
    hard.limit_reached,
    calls.step_limit,
    hard.format_error,
    hard.never_finished,
    hard.empty_output,
    hard.cut_off,
    calls.loop,
    calls.retry_loop,
    agent.tool_error,
    agent.bad_arguments,
    routing.wrong_route,
    agent.premature_stop,
    agent.misread_output,
    query.rewrite_drift,
    query.entity_dropped,
    retrieval.no_results,
    retrieval.off_topic,
    retrieval.missing_content,
    index.chunk_cut,
    index.duplicates,
    index.stale,
    ranking.good_document_dropped,
    ranking.bad_order,
    packing.context_not_passed,
    packing.empty_variable,
    packing.context_truncated,
    generation.contradicted,
    generation.unsupported,
    generation.answered_without_evidence,
    generation.false_abstention,
    generation.incomplete,
    off_question.off_question,
    parsing.lost_in_parsing,
    invented.invented_argument,
    invented.invented_value,
)
"""Every rule; its name is the failure class that users see, its docstring says what it means."""


def diagnose(
    trace: Trace,
    scores: Iterable[Score] | None = None,
    *,
    limits: Limits | None = None,
    rules: Iterable[Rule] = RULES,
    probed: Probe | None = None,
    reference: str | None = None,
    corpus: Iterable[str] | None = None,
) -> Diagnosis:
    """Name the step of `trace` that broke, with evidence and a probability, or say that it is not known.

    Without `scores` the default scorers run first (offline). `probed` is what `probe` found in the live store. With a
    `reference`, the right answer, nothing is guessed: the step that lost one of its claims is the weak link, and an answer that
    holds them all is right. `corpus` are the source documents, so that a gap in the index is told from one in the corpus.
    """
    if scores is None:
        from weaklink.scoring import score_trace

        scores = score_trace(trace)
    looked_up = Scores(scores)
    in_force = limits or Limits()
    rules = tuple(rules)
    found = blame.find(trace, looked_up, in_force, rules)
    if probed is not None:
        found = probed.apply(found)
    pieces = funnel(trace, reference, index=None if probed is None else probed.texts, corpus=corpus)
    if reference is not None:
        found = by_reference(trace, looked_up, in_force, found, pieces, rules)
    diagnosis = blame.judge(trace, looked_up, in_force, found)
    if reference is not None:
        diagnosis = confirmed(trace, diagnosis, pieces)
    return diagnosis.model_copy(update={"funnel": pieces, "origins": origins(trace)})


__all__ = ["RULES", "RULES_VERSION", "Finding", "Limits", "Probe", "Rule", "diagnose", "funnel", "origins", "probe"]
