"""Reads failed runs of agents, with the step that people blamed, as traces."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weaklink.model import Span, Trace

SECOND = 1_000_000_000
TERMINAL = "Computer_terminal"


@dataclass(frozen=True)
class Run:
    """One failed run."""

    source: str
    trace: Trace
    steps: tuple[str, ...]
    """The span id of each message of the transcript, in order."""
    mistake: int
    """The number of the message that people blamed, from 0."""

    @property
    def agent(self) -> str:
        return self.trace.get(self.steps[self.mistake]).name


def who_and_when(folder: Path) -> Iterator[Run]:
    """Who&When (Zhang et al. 2025), the algorithm-generated half: messages between agents, and a terminal that runs code."""
    for number, row in enumerate(_rows(folder / "attribution" / "whowhen_ag.jsonl")):
        messages = [
            {"name": item["name"], "kind": "tool" if item["name"] == TERMINAL else "llm", "content": item["content"]}
            for item in row["history"]
        ]
        trace, steps = _trace(1_000_000 + number, row["question"], messages)
        yield Run("Who&When", trace, steps, row["mistake_step"])


def agentrx(folder: Path) -> Iterator[Run]:
    """AgentRx (tau-bench retail): an assistant with tools, talking to a simulated user who may be to blame as well."""
    for number, row in enumerate(_rows(folder / "attribution" / "agentrx_tau.jsonl")):
        kinds = {"assistant": "llm", "tool": "tool", "user": "agent", "system": "prompt"}
        messages = [
            {"name": item.get("name") or item["role"], "kind": kinds[item["role"]], "content": _said(item)}
            for item in row["trajectory"]
        ]
        asked = next(item["content"] for item in row["trajectory"] if item["role"] == "user")
        trace, steps = _trace(2_000_000 + number, asked, messages)
        places = [item["index"] for item in row["trajectory"]]
        yield Run("AgentRx tau", trace, steps, places.index(row["root_cause_step"]))


def _said(item: dict[str, Any]) -> str:
    calls = [f"{call['function']['name']} {call['function']['arguments']}" for call in item.get("tool_calls") or ()]
    return "\n".join([item.get("content") or "", *calls]).strip()


def _trace(number: int, question: str, messages: list[dict[str, str]]) -> tuple[Trace, tuple[str, ...]]:
    """A root with a step for each message, one second each; a step is given what was said right before it."""
    root = f"{number:032x}"
    spans = [Span(id=root, trace_id=root, name="run", kind="chain", status="ok", start_ns=SECOND, input=question,
                  output=_last_word(messages), duration_ns=SECOND * (len(messages) + 1))]  # fmt: skip
    before = question
    for place, message in enumerate(messages, start=1):
        spans.append(
            Span.model_validate(
                {"id": f"{place:08x}{number:024x}", "trace_id": root, "parent_id": root, "name": message["name"], "status": "ok",
                 "kind": message["kind"], "start_ns": SECOND * (place + 1), "duration_ns": SECOND, "input": before,
                 "output": message["content"]}
            )
        )  # fmt: skip
        before = message["content"]
    return Trace.of(spans), tuple(span.id for span in spans[1:])


def _last_word(messages: list[dict[str, str]]) -> str:
    """What the run came out with: the last message of a model that says more than that it is over."""
    said = [
        item["content"] for item in messages if item["kind"] == "llm" and item["content"].strip().upper() != "TERMINATE"
    ]
    return said[-1] if said else ""


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise SystemExit(f"there is no {path}: name the folder with the development data, --data FOLDER")
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)
