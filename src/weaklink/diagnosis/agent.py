"""Rules on agents: what they planned, what they gave to tools, what came back, and what they made of it."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from weaklink.diagnosis.finding import Finding, abstained, excerpt, listed, place_of, quote, trouble
from weaklink.diagnosis.generation import kinds_of
from weaklink.diagnosis.limits import Limits
from weaklink.model import Evidence, Score, Scores, Span, Trace, main_text, messages_in, strings_in, text_of
from weaklink.scoring.question import read_question

_BAD_CALL = re.compile(
    r"validation error|ToolInvocationError|missing \d* ?required|unexpected keyword|field required|missing \d+ required|"
    r"got an unexpected|invalid (?:tool )?(?:argument|input)|is not a valid tool|unknown tool|tool \S+ not found",
    re.IGNORECASE,
)
_EMPTY_ARGUMENT = re.compile(
    r"^\s*(?:|null|none|undefined|nan|string|\.\.\.|tbd|n/?a|unknown|<[^<>]{1,40}>|\[[A-Za-z_ ]{2,40}\]|your_\w+)\s*$",
    re.IGNORECASE,
)
_ERROR_TEXT = re.compile(
    r"^\W{0,3}(?:(?:encountered|got|an?|unexpected) )*(?:error|exception|traceback|fatal|failed|failure)\b"
    r"|^\W*\{?\W*\"?error\"?\s*:|\b(?:status|code)\W{1,4}[45]\d\d\b"
    r"|^\W*[45]\d\d\b.{0,40}(?:error|unavailable|not found|unauthori[sz]ed|forbidden|timeout|bad gateway)"
    r"|\b(?:[A-Z]\w*(?:Error|Exception)): |^\W*(?:[a-z]+ )?failed\s*:|\b(?:temporarily|currently) unavailable\b",
    re.IGNORECASE,
)
# What a tool says when it could not do its work, in words of its own; also a result may speak so, so the answer must show it.
_TROUBLE_TEXT = re.compile(
    r"\b(?:failed|failure|unavailable|not found|no such|timed out|time-?out|try again|denied|unauthori[sz]ed|forbidden"
    r"|could not|couldn't|cannot|can't|unable to|does not exist|doesn't exist|invalid)\b",
    re.IGNORECASE,
)
_SHORT = 200
_NOTHING = re.compile(
    r"|n/?a|no (?:results?|rows?|records?|matches)(?: found| returned)?\.?|nothing found\.?"
    r"|[\[\](){}, ]*(?:(?:['\"][\w ().*]+['\"]: ?)?(?:null|none|nan)[\[\](){}, ]*)*",
    re.IGNORECASE,
)
"""What a tool returns when it has nothing: "[]", "No results found.", and of a sum over no rows "[(None,)]"."""
_ANNOUNCES = re.compile(
    r"^\W*(?:(?:ok|okay|sure|certainly|of course)\W+)?(?:i will|i'll|i am going to|i'm going to|let me|let's"
    r"|i need to|first,? i(?:'ll| will)|one moment)\b",
    re.IGNORECASE,
)
SEARCHES = re.compile(
    r"search|retriev|find|look|query|fetch|docs?\b|document|knowledge|wiki|read|browse", re.IGNORECASE
)
_SETTING = re.compile(
    r"^(?:k|n|top_?k|limit|page|size|max|min|lang|language|unit|units|format|sort|order|mode|type|count|num)\w*$",
    re.IGNORECASE,
)
_LONGEST_VALUE = 200


def tool_error(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """A tool failed or returned an error or nothing, and no later call of it made good."""
    for span in trace.of_kind("tool"):
        if _is_bad_call(span):
            continue
        failed = span.failed and span.error is not None
        if failed and any(below.failed and below.kind != "llm" for below in trace.descendants(span)):
            continue  # a step inside it failed, and it only passed that on
        said = "" if failed else failure_text(span)
        if not failed and not said:
            continue
        later = [other for other in trace.of_kind("tool") if other.name == span.name and other.start_ns > span.start_ns]
        if any(other.status == "ok" and not failure_text(other) for other in later):
            yield Finding(
                span.id, 0.0, f"{span.name} failed, and a later call of it went well", harmless=True,
                advice="nothing is broken; a failure that returns is worth a look",
            )  # fmt: skip
        elif not any(other.failed or failure_text(other) for other in later):  # the last of its failures speaks for all
            yield _failed_tool(trace, span, scores, limits, said)


def bad_arguments(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The model called a tool with arguments that are missing, misnamed or empty."""
    for span in trace.of_kind("tool"):
        refused = _is_bad_call(span)
        empty = [] if refused else [name for name, value in arguments_of(span) if _EMPTY_ARGUMENT.match(value)]
        if not refused and not empty:
            continue
        later = [other for other in trace.of_kind("tool") if other.name == span.name and other.start_ns > span.start_ns]
        if any(other.status == "ok" and not failure_text(other) for other in later):
            continue  # it mended its call
        planner = planner_of(trace, span)
        given = quote(text_of(span.input) or "nothing", 80)
        why = quote(span.error.message, 100) if refused and span.error else f"{listed(empty)} is empty"
        says = f"{planner.name} called {span.name} with “{given}”: {why}"
        evidence = [Evidence(says=f"the call: “{given}”", at=place_of(span, "input"))]
        advice = (
            f"describe the arguments of {span.name} in its schema, with an example, and return the error to the model "
            "so that it can mend its call"
        )
        strength = limits.hard if refused else 0.9 * max(trouble(trace, scores, limits), 0.5)
        yield Finding(planner.id, strength, says, evidence, advice, hard=refused)


def premature_stop(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The agent stopped before it had done what the question needs: it only announced it, or called no tool at all."""
    generator = trace.dataflow.generator
    offered = offered_tools(trace)
    text = trace.dataflow.generator_text
    if generator is None or not offered or not text or generator.status != "ok":
        return
    evidence = [Evidence(says=f"its last words: “{quote(text)}”", at=excerpt(generator, "output", text))]
    advice = "tell the agent to answer only from what its tools return, and to go on until it has an answer"
    if (
        _ANNOUNCES.match(text)
        and len(text) < 300
        and not re.search(r"\b(?:is|are|was|were|costs?|has|have)\b [^.]*\.", text)
    ):
        says = f"{generator.name} announced “{quote(text, 80)}” and stopped there"
        yield Finding(generator.id, 0.9, says, evidence, advice)
    elif not trace.of_kind("tool", "retriever") and any(SEARCHES.search(name) for name in offered):
        if len(read_question(trace.question).weights) < 2 or _looks_back(trace):
            return
        did = "gave up" if abstained(generator, scores) else "answered"
        says = f"{generator.name} {did} without calling any of its {len(offered)} tools"
        yield Finding(generator.id, 0.75, says, evidence, advice)


def misread_output(trace: Trace, scores: Scores, limits: Limits) -> Iterator[Finding]:
    """The answer says something else than the tool returned."""
    generator = trace.dataflow.generator
    if generator is None:
        return
    sentences = scores.of_sentences(generator.id, "groundedness")
    bad = [s for s in sentences if s.label == "contradicted" and s.support is not None and _is_from_tool(trace, s)]
    if not bad:
        return
    worst = min(bad, key=lambda score: score.value or 0.0)
    support, sentence = worst.support, worst.sentence
    if support is None or sentence is None:
        return
    tool = trace.get(support.span_id)
    says = f"{tool.name} returned “{quote(support.text, 80)}”, and the answer says “{quote(sentence.text, 80)}”"
    if worst.detail:
        says += f" ({quote(', '.join(worst.detail), 80)})"
    evidence = [
        Evidence(says=f"the answer: “{quote(sentence.text)}”", at=sentence),
        Evidence(says=f"{tool.name}: “{quote(support.text)}”", at=support),
    ]
    advice = "return short, labelled results from the tool, or ask the model to quote the value that it uses"
    yield Finding(generator.id, 1.0 - (worst.value or 0.0), says, evidence, advice, signals=kinds_of(bad))


def _failed_tool(trace: Trace, span: Span, scores: Scores, limits: Limits, said: str) -> Finding:
    advice = "mend the tool, or let the agent say that it could not get the answer"
    evidence = [Evidence(says=f"its input: “{quote(text_of(span.input), 120)}”", at=place_of(span, "input"))]
    if span.error is not None:
        kind = span.error.type.rpartition(".")[2]
        says = f"{span.name} failed with {kind}: {quote(span.error.message)}"
        if span.error.stack:
            evidence.insert(0, Evidence(says=f"innermost frame: {span.error.stack[-1]}"))
        return Finding(span.id, limits.hard, says, evidence, advice, hard=True)
    says = f"{span.name} returned {f'“{quote(said, 80)}”' if said.strip() else 'nothing'} as if it were a result"
    evidence.insert(0, Evidence(says=f"its output: “{quote(said)}”", at=place_of(span, "output")))
    return Finding(span.id, 0.9 * _harm(trace, scores, limits, said), says, evidence, advice)


def _harm(trace: Trace, scores: Scores, limits: Limits, said: str) -> float:
    """How surely what a tool said left the answer without what it needed, 0..1.

    An error is one whatever was made of it; "[]" may be the true answer to "are there any?", and the answer then rests on it;
    "cannot be exchanged" may be a result, so an answer that abstains has to show that it was none.
    """
    if _ERROR_TEXT.search(said):
        return max(trouble(trace, scores, limits), 0.4)
    if _is_nothing(said):
        return trouble(trace, scores, limits)
    generator = trace.dataflow.generator
    answered = generator is not None and trace.dataflow.generator_text and not abstained(generator, scores)
    return 0.0 if answered else 1.0


def failure_text(span: Span) -> str:
    """What a tool returned when that is an error or nothing, though its status is ok; "" otherwise. Nothing counts as a space."""
    if span.failed or span.status != "ok":
        return ""
    text = main_text(span.output)
    if _is_nothing(text):
        return text or " "
    is_error = _ERROR_TEXT.search(text) and len(text) < 3 * _SHORT
    return text if is_error or (_TROUBLE_TEXT.search(text) and len(text) < _SHORT) else ""


def _is_nothing(text: str) -> bool:
    stripped = text.strip()
    return len(stripped) < _SHORT and _NOTHING.fullmatch(stripped) is not None


def _is_bad_call(span: Span) -> bool:
    if not span.failed or span.error is None:
        return False
    said = f"{span.error.type}: {span.error.message}"
    return bool(_BAD_CALL.search(said)) and (
        span.error.type.endswith(
            ("TypeError", "ValidationError", "ToolInvocationError", "ToolError", "ValueError", "KeyError")
        )
    )


def planner_of(trace: Trace, tool: Span) -> Span:
    """The model call that asked for this call of a tool; the tool itself where none was recorded."""
    asking = trace.once(_asking).get(tool.name, [])
    place = bisect_right(asking, tool.start_ns, key=lambda llm: llm.start_ns) - 1
    return asking[place] if place >= 0 else tool


def _asking(trace: Trace) -> dict[str, list[Span]]:
    """The model calls that asked for a tool, in order, by the tool's name."""
    found: dict[str, list[Span]] = {}
    for llm in trace.leaf_llms:
        for message in messages_in(llm.output):
            calls = message.get("tool_calls")
            for call in calls if isinstance(calls, list) else []:
                if isinstance(call, dict) and isinstance(name := call.get("name"), str):
                    found.setdefault(name, []).append(llm)
    return found


def arguments_of(span: Span) -> list[tuple[str, str]]:
    """The named texts and numbers that a tool was given."""
    found: list[tuple[str, str]] = []
    items: Sequence[tuple[str, JsonValue]] = (
        list(span.input.items()) if isinstance(span.input, dict) else [("input", span.input)]
    )
    for name, value in items:
        if isinstance(value, bool) or name in ("$type", "id", "type"):
            continue
        if isinstance(value, str):
            found.append((name, value))
        elif isinstance(value, int | float):
            found.append((name, text_of(value)))
        elif isinstance(value, dict | list):
            found.extend((name, text) for _, text in strings_in(value))
    return found


def offered_tools(trace: Trace) -> list[str]:
    """Names of the tools that the model could have called."""
    found: list[str] = []
    for llm in trace.leaf_llms:
        tools = llm.attributes.get("tools")
        found += [name for name in tools if isinstance(name, str)] if isinstance(tools, list) else []
    return list(dict.fromkeys(found))


def _looks_back(trace: Trace) -> bool:
    """Earlier turns of the conversation may hold what the answer needs."""
    generator = trace.dataflow.generator
    messages = [] if generator is None else messages_in(generator.input)
    return any(message.get("role") in ("assistant", "ai", "tool") for message in messages)


def _is_from_tool(trace: Trace, score: Score) -> bool:
    return score.support is not None and trace.get(score.support.span_id).kind == "tool"
