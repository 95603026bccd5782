"""The work of a diagnosis grows with the length of a trace, not with its square; counted in calls, which no busy machine changes."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from weaklink.diagnosis import diagnose
from weaklink.model import Trace
from weaklink.testing import build

SHORT, LONG = 40, 160
QUESTION = "How long do refunds of Berlin orders take?"


def agent(rounds: int, first: int) -> Trace:
    """An agent whose messages pile up: each call of the model is given all that was said before."""
    messages: list[object] = [{"$type": "message", "role": "user", "content": QUESTION}]
    fields: dict[str, dict[str, object]] = {}
    names: list[str] = []
    for place in range(first, first + rounds):
        call = {"$type": "message", "role": "assistant", "content": f"Next I look at order A-{place}.",
                "tool_calls": [{"name": f"tool{place}", "args": {"order": f"A-{place}"}}]}  # fmt: skip
        result = {"$type": "message", "role": "tool", "content": f"Order A-{place} of Berlin took {place + 20} days."}
        fields[f"plan{place}"] = {"input": list(messages), "output": call}
        fields[f"tool{place}"] = {"input": {"order": f"A-{place}"}, "output": result["content"]}
        names += [f"plan{place}:llm", f"tool{place}:tool"]
        messages += [call, result]
    fields["last"] = {"input": list(messages), "output": f"They take {first + 20} days."}
    return build(
        f"chain > {', '.join(names)}, last:llm", QUESTION, f"They take {first + 20} days.", trace_id=1, **fields
    )


def searches(rounds: int, first: int) -> Trace:
    """Rewriting, search and answer for one part of the question after the other."""
    fields: dict[str, dict[str, object]] = {}
    names: list[str] = []
    for place in range(first, first + rounds):
        # Twenty passages in all: where more are scored than are kept at hand, each costs more, once.
        query, passage = (
            f"refund of order A-{place}",
            f"Orders of Berlin, list {place % 20}: {place % 20} days to refund.",
        )
        fields[f"rewrite{place}"] = {"input": QUESTION, "output": query}
        fields[f"search{place}"] = {"input": query, "documents": [passage]}
        fields[f"read{place}"] = {"input": f"{passage}\n\n{QUESTION}", "output": f"{place + 20} days."}
        names += [f"rewrite{place}:llm", f"search{place}:retriever", f"read{place}:llm"]
    return build(f"chain > {', '.join(names)}", QUESTION, f"{first + rounds + 19} days.", trace_id=1, **fields)


@pytest.mark.parametrize("make", [agent, searches])
def test_four_times_the_steps_are_about_four_times_the_work(make: Callable[[int, int], Trace]):
    diagnose(make(SHORT, 1_000), [])  # what is loaded once is no work of a trace
    short, long = (calls_of(make(rounds, rounds)) for rounds in (SHORT, LONG))
    assert long < 5 * short


def calls_of(trace: Trace) -> int:
    """How many functions, of Python and of C, the diagnosis of `trace` calls."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        diagnose(trace, [])
    finally:
        sys.setprofile(before)
    return count
