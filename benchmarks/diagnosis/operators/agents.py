"""Faults of an agent: what it plans, which tools it calls with what, and what it makes of their results."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.diagnosis.operators.operator import Operator
from benchmarks.diagnosis.pieces import FETCH_TOOL, SEARCH_TOOL, Call, Pieces, Plan, Reply
from benchmarks.diagnosis.situation import Situation, changed, denied, other_number

_AGENT = ("agentic",)


def _first(calls: Sequence[Call], pieces: Pieces) -> Plan:
    """The calls one after the other, then the answer."""

    def plan(question: str, results: Sequence[str]) -> Reply:
        if len(results) < len(calls):
            return Reply(calls=(calls[len(results)],))
        return pieces.answer("\n".join(results))

    return plan


def tool_raises(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The system behind a tool does not answer."""

    def fetch(value: str) -> str:
        """Read the page about a subject."""
        raise ConnectionError("pages.example:443 did not answer within 5.0 s")

    broken = pieces.but(tools={**pieces.tools, FETCH_TOOL: fetch})
    return broken.but(plan=_first([Call(FETCH_TOOL, {"value": at.subject})], pieces))


def tool_says_error(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """A tool returns its error as if it were a result."""
    text = at.chance.choice(
        ["Error: 503 Service Unavailable", '{"error": "quota exceeded", "status": 429}', "Traceback: KeyError: 'page'"]
    )

    def fetch(value: str) -> str:
        """Read the page about a subject."""
        return text

    broken = pieces.but(tools={**pieces.tools, FETCH_TOOL: fetch})
    return broken.but(plan=_first([Call(FETCH_TOOL, {"value": at.subject})], pieces))


def missing_argument(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model calls a tool without the argument that it needs."""
    return pieces.but(plan=_first([Call(FETCH_TOOL, {})], pieces))


def misnamed_argument(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model gives the argument another name than the tool's."""
    return pieces.but(plan=_first([Call(FETCH_TOOL, {"page_title": at.subject})], pieces))


def empty_argument(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model calls a tool with nothing in its argument."""
    empty = at.chance.choice(["", "null", "undefined", "<subject>"])
    return pieces.but(plan=_first([Call(FETCH_TOOL, {"value": empty})], pieces))


def argument_of_another(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The model asks the tool for something else than the user did."""
    other = Situation(at.other_question(), at.corpus, at.foreign, "", at.seed).subject
    if set(other.lower().split()) & set(at.question.text.lower().split()):
        return None
    return pieces.but(plan=_first([Call(FETCH_TOOL, {"value": other})], pieces))


def made_up_id(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model invents an identifier."""
    invented = f"DOC-{at.chance.randint(10_000, 99_999)}"
    return pieces.but(plan=_first([Call(FETCH_TOOL, {"value": invented})], pieces))


def weather_for_a_question(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model chooses the weather tool for a question to the documents."""
    return pieces.but(plan=_first([Call("current_weather", {"value": at.subject})], pieces))


def calculator_for_a_question(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model chooses the calculator for a question to the documents."""
    return pieces.but(plan=_first([Call("calculator", {"value": at.question.text})], pieces))


def same_call_again(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model makes the same call again and again."""
    calls = [Call(SEARCH_TOOL, {"query": at.subject})] * round(4 + 3 * strength)
    return pieces.but(plan=_first(calls, pieces), search=lambda query, found: [t for t in found if t not in at.gold])


def to_and_fro(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model alternates between two calls."""
    pair = [Call(SEARCH_TOOL, {"query": at.subject}), Call("calculator", {"value": "1"})]
    return pieces.but(
        plan=_first(pair * 3, pieces), search=lambda query, found: [text for text in found if text not in at.gold]
    )


def never_satisfied(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model rewords its search until the framework stops it."""

    def plan(question: str, results: Sequence[str]) -> Reply:
        return Reply(calls=(Call(SEARCH_TOOL, {"query": f"{at.subject} part {len(results) + 1}"}),))

    return pieces.but(plan=plan)


def same_call_for_ever(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model repeats one call until the framework stops it."""
    return pieces.but(plan=lambda question, results: Reply(calls=(Call(SEARCH_TOOL, {"query": at.subject}),)))


def failing_call_again(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model repeats a call that fails each time."""

    def fetch(value: str) -> str:
        """Read the page about a subject."""
        return "Error: 503 Service Unavailable"

    broken = pieces.but(tools={**pieces.tools, FETCH_TOOL: fetch})
    return broken.but(plan=_first([Call(FETCH_TOOL, {"value": at.subject})] * 4, pieces))


def answers_at_once(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model answers from memory and calls no tool."""
    return pieces.but(plan=lambda question, results: Reply(at.closed_book))


def only_announces(pieces: Pieces, at: Situation, strength: float) -> Pieces:
    """The model says what it is about to do, and stops."""
    text = at.chance.choice(
        [
            "I will search the documents for that.",
            "Let me look this up for you.",
            "I'll check the page and get back to you.",
        ]
    )
    return pieces.but(plan=lambda question, results: Reply(text))


def misread_number(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer gives another number than the tool did."""
    text = other_number(at.good, at.chance)
    if text is None:
        return None
    said = pieces.but(answer=lambda prompt: Reply(text))
    return said.but(plan=_first([Call(FETCH_TOOL, {"value": at.subject})], said))


def misread_statement(pieces: Pieces, at: Situation, strength: float) -> Pieces | None:
    """The answer says the opposite of what the tool did, or names somebody else."""
    text = denied(at.good, at.chance) if strength > 0.5 else changed(at.good, at.chance)
    if text is None or text.startswith("It is "):
        return None
    said = pieces.but(answer=lambda prompt: Reply(text))
    return said.but(plan=_first([Call(FETCH_TOOL, {"value": at.subject})], said))


_BAD = ("bad_arguments", "tool_error", "raised")
_MISREAD = ("misread_output", "contradicted", "unsupported")
AGENTS: tuple[Operator, ...] = (
    Operator(("tool_error", "raised"), "tool", tool_raises, hard=True, only=_AGENT),
    Operator(("tool_error",), "tool", tool_says_error, unseen=True, only=_AGENT),
    Operator(_BAD, "plan", missing_argument, hard=True, only=_AGENT),
    Operator(_BAD, "plan", misnamed_argument, unseen=True, hard=True, only=_AGENT),
    Operator(("bad_arguments",), "plan", empty_argument, unseen=True, only=_AGENT),
    Operator(("invented_argument",), "plan", argument_of_another, only=_AGENT),
    Operator(("invented_argument",), "plan", made_up_id, unseen=True, only=_AGENT),
    Operator(("wrong_route",), "plan", weather_for_a_question, only=_AGENT),
    Operator(("wrong_route", "invented_argument"), "plan", calculator_for_a_question, unseen=True, only=_AGENT),
    Operator(("loop",), "plan", same_call_again, only=_AGENT),
    Operator(("loop",), "plan", to_and_fro, unseen=True, only=_AGENT),
    Operator(("step_limit", "loop"), "plan", never_satisfied, hard=True, only=_AGENT),
    Operator(("step_limit", "loop"), "plan", same_call_for_ever, unseen=True, hard=True, only=_AGENT),
    Operator(("retry_loop", "tool_error", "loop"), "tool", failing_call_again, unseen=True, only=_AGENT),
    Operator(("premature_stop", "answered_without_evidence"), "plan", answers_at_once, only=_AGENT),
    Operator(("premature_stop",), "plan", only_announces, unseen=True, only=_AGENT),
    Operator(_MISREAD, "generate", misread_number, only=_AGENT),
    Operator(_MISREAD, "generate", misread_statement, unseen=True, only=_AGENT),
)
