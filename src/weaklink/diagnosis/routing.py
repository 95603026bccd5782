"""Rule on the choice between tools, or between indexes: whether the one that could answer was left out."""

from collections.abc import Iterator

from pydantic import JsonValue

from weaklink.diagnosis.agent import SEARCHES, failure_text, offered_tools, planner_of
from weaklink.diagnosis.finding import Finding, listed, place_of, quote, trouble
from weaklink.diagnosis.limits import Limits, ramp
from weaklink.model import Evidence, Scores, Span, Trace, main_text, strings_in, text_of
from weaklink.scoring.question import frequencies, read_question

_CLEARER = (0.1, 0.4)
"""By how much more of the question, by weight, what was left out has in its name and description than what was chosen."""


_BRANCH = 0.8
"""Probability that the choice is at fault where nothing near the question is found behind it: the corpus may lack it too."""


def wrong_route(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model chose a tool or an index that has nothing to say to the question, and left out one that could."""
    yield from _wrong_choices(trace, scores, limits)
    yield from _no_search(trace, scores, limits)
    yield from _wrong_branch(trace, scores, limits)


def _wrong_branch(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A model named the step to go on with, and all that was found there is about something else."""
    for branch in trace.spans:
        name = text_of(branch.output).strip().lower()
        if not branch.attributes.get("branch") or not name:
            continue
        went = next((s for s in trace.spans if s.name.lower() == name and s.start_ns >= branch.start_ns), None)
        end = branch.start_ns if went is None else went.start_ns
        called = [
            llm for llm in trace.leaf_llms
            if llm.start_ns <= end and any(text.strip().lower() == name for _, text in strings_in(llm.output))
        ]  # fmt: skip
        searches = [] if went is None else [s for s in (went, *trace.descendants(went)) if s.kind == "retriever"]
        rated = [value for span in searches if (value := scores.value(span.id, "relevance")) is not None]
        if went is None or not called or not rated or max(rated) >= limits.off_topic:
            continue
        says = (
            f"{called[-1].name} chose “{went.name}”, and the best of what is found there has relevance {max(rated):.2f}"
        )
        evidence = [Evidence(says=f"asked: “{quote(trace.question, 80)}”", at=place_of(called[-1], "input"))]
        advice = f"say in the prompt which questions each step is for; {went.name} has nothing on this one"
        far = 1.0 - ramp(max(rated), (limits.off_topic / 3, limits.off_topic))
        yield Finding(called[-1].id, _BRANCH * far * trouble(trace, scores, limits), says, evidence, advice)


def _no_search(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A tool that is no search was called, its result has nothing of the question, and the searches were left out."""
    tools = [span for span in trace.of_kind("tool") if not span.failed]
    offered = offered_tools(trace)
    called = {span.name for span in trace.of_kind("tool")}
    rejected = [name for name in offered if name not in called and SEARCHES.search(name)]
    if not tools or not rejected or any(SEARCHES.search(name) for name in called):
        return
    asked = read_question(trace.question)
    covered = max(asked.coverage(set(frequencies(main_text(span.output)).keys())) for span in tools)
    span = tools[0]
    fits = any(frequencies(other.name.replace("_", " ")).keys() & asked.weights.keys() for other in tools)
    if fits or any(failure_text(other) for other in tools):
        return  # the right tool, or at least one whose failure tells more
    planner = planner_of(trace, span)
    says = (
        f"{planner.name} chose {span.name}, whose result (“{quote(main_text(span.output), 60)}”) has nothing of the question, "
        f"and not {' or '.join(rejected[:2])}"
    )
    evidence = [
        Evidence(says=f"called with “{quote(text_of(span.input), 80)}”", at=place_of(span, "input")),
        Evidence(says=f"returned “{quote(main_text(span.output), 80)}”", at=place_of(span, "output")),
    ]
    advice = f"say in the descriptions of {span.name} and {rejected[0]} which questions each is for"
    strength = 0.9 * (1.0 - ramp(covered, (0.2, 0.6))) * trouble(trace, scores, limits)
    yield Finding(planner.id, strength, says, evidence, advice)


def _wrong_choices(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A selector, or the planner of an agent, chose between what is there to search."""
    for span in trace.spans:
        choices, chosen = span.attributes.get("choices"), span.attributes.get("chosen")
        if isinstance(choices, list) and isinstance(chosen, list):
            offered = {place: _words_of(choice) for place, choice in enumerate(choices)}
            taken = {place for place in offered if place in chosen}
            yield from _wrong_choice(trace, scores, limits, span, list(offered.values()), taken)
    tools = [span for span in trace.of_kind("tool") if not span.failed]
    offered = [name for name in offered_tools(trace) if SEARCHES.search(name)]
    taken = {offered.index(span.name) for span in tools if span.name in offered}
    if len(taken) == len({span.name for span in tools}):
        yield from _wrong_choice(trace, scores, limits, planner_of(trace, tools[0]), offered, taken) if tools else ()


def _wrong_choice(
    trace: Trace, scores: Scores, limits: Limits, span: Span, offered: list[str], taken: set[int]
) -> Iterator[Finding]:
    """What was left out is called more like the question than all that was taken, and that did not hold the answer."""
    asked = read_question(trace.question)
    fits = [asked.coverage(set(frequencies(words.replace("_", " ")).keys())) for words in offered]
    left = [place for place in range(len(offered)) if place not in taken]
    if not taken or not left:
        return
    best = max(left, key=lambda place: fits[place])
    nearest = max(taken, key=lambda place: fits[place])
    clear = 1.0 if fits[best] and not fits[nearest] else ramp(fits[best] - fits[nearest], _CLEARER)
    strength = 0.9 * clear * _lacking(trace, scores, limits) * trouble(trace, scores, limits)
    if strength <= 0.0:
        return
    says = f"{span.name} chose {listed([offered[place] for place in sorted(taken)])}, and not {listed([offered[best]])}"
    evidence = [Evidence(says=f"asked: “{quote(trace.question, 80)}”", at=place_of(span, "input"))]
    advice = "say in the descriptions which questions each is for, or let the model choose more than one"
    yield Finding(span.id, strength, says, evidence, advice)


def _lacking(trace: Trace, scores: Scores, limits: Limits) -> float:
    """How surely nothing that was found holds the answer; 1 where nothing was searched."""
    found = [
        value for span in trace.of_kind("retriever") if (value := scores.value(span.id, "sufficiency")) is not None
    ]
    return ramp(max(found), limits.insufficient) if found else 1.0


def _words_of(choice: JsonValue) -> str:
    """What a choice is called and what it is for; the description alone where it has one."""
    if not isinstance(choice, dict):
        return text_of(choice)
    return text_of(choice.get("description")) or text_of(choice.get("name"))
