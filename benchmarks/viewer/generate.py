"""Stores as large as they get: many traces with scores and verdicts, or one trace with very many steps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import orjson

from weaklink.examine import diagnosis_version
from weaklink.model import Diagnosis, Step, StripCell
from weaklink.settings import Settings
from weaklink.store.sqlite import SQLiteStore
from weaklink.store.write import SUMMARISE, Batch

START_NS = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
# Of one RAG call: name, kind, role, plumbing.
STEPS = (
    ("support", "chain", "", False), ("rewrite", "llm", "rewrite", False), ("sequence", "chain", "", True),
    ("search", "retriever", "retrieve", False), ("rerank", "reranker", "rerank", False), ("fill", "prompt", "pack", False),
    ("write", "llm", "generate", False), ("parse", "parser", "parse", False),
)  # fmt: skip
SCORES = (
    ("search", "relevance"),
    ("rerank", "relevance"),
    ("rerank", "sufficiency"),
    ("write", "groundedness"),
    ("write", "answer_relevance"),
)
FAILURES = (
    ("search", "missing_content", 0.5),
    ("rerank", "good_document_dropped", 0.2),
    ("write", "unsupported", 0.2),
    ("fill", "context_truncated", 0.1),
)
WORDS = [
    "refund",
    "policy",
    "invoice",
    "parcel",
    "warranty",
    "battery",
    "vacation",
    "password",
    "laptop",
    "contract",
    "price",
    "delivery",
    "account",
    "engine",
    "standby",
    "bonus",
]
RARE = "zeppelin"
_A_BATCH = 2_000


def many_traces(path: Path, spans: int, seed: int = 7) -> int:
    """A store with about `spans` steps in traces of eight, all scored and diagnosed; gives the number of traces."""
    store = SQLiteStore(path, Settings(redact=False))
    count = spans // len(STEPS)
    dice = random.Random(seed)
    for first in range(0, count, _A_BATCH):
        numbers = range(first, min(count, first + _A_BATCH))

        def fill(batch: Batch, numbers: range = numbers) -> None:
            for number in numbers:
                _add(batch, number, dice)

        store.append(fill)
    store.close()
    _diagnose(path, count, dice)
    return count


def _id(number: int, step: int = 0) -> str:
    return f"{0x0199 << 112 | number << 8 | step:032x}"


def _add(batch: Batch, number: int, dice: random.Random) -> None:
    trace_id, start = _id(number), START_NS + number * SECOND
    question = f"What about the {' '.join(dice.choices(WORDS, k=4))} of customer {number}{' ' + RARE if number % 9_973 == 0 else ''}?"
    answer = f"The {dice.choice(WORDS)} is {dice.randrange(1_000)} euros."
    took = round(dice.lognormvariate(0, 0.8) * SECOND)
    json = batch.json
    batch.used_by(trace_id)
    for place, (name, kind, _, plumbing) in enumerate(STEPS):
        model = (
            json({"name": dice.choice(("small-1", "large-2")), "usage": {"input_tokens": 900, "output_tokens": 60}})
            if kind == "llm"
            else None
        )
        batch.spans.append(
            (trace_id, _id(number, place), None if place == 0 else _id(number, 2 if place > 2 else 0), name, kind, "ok",
             start + place * took // 9, took if place == 0 else took // 9, plumbing, json(question), json(answer), model, None,
             json(["prod"]) if place == 0 else None, None, None, None)
        )  # fmt: skip
    batch.traces.append((trace_id, "support", "ok", start, took, len(STEPS), 1_800, 120))
    batch.searchable.append((question, answer, trace_id))


def _diagnose(path: Path, count: int, dice: random.Random) -> None:
    """Scores and verdicts straight into the tables: computing a hundred thousand takes an hour."""
    connection = apsw.Connection(str(path))
    version = diagnosis_version()
    for first in range(0, count, _A_BATCH):
        ids = range(first, min(count, first + _A_BATCH))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO scores VALUES (?, ?, ?, '', 'test/1', ?, ?)", _scores(ids, dice))
        connection.executemany(
            "INSERT INTO diagnoses VALUES (?, ?, ?, ?, ?, ?, ?)", (_diagnosis(number, version, dice) for number in ids)
        )
        connection.executemany(SUMMARISE, ((_id(number),) for number in ids))
        connection.execute("COMMIT")
    connection.close()


def _scores(numbers: range, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    places = {name: place for place, (name, *_) in enumerate(STEPS)}
    for number in numbers:
        for step, name in SCORES:
            value, span = round(dice.betavariate(5, 2), 3), _id(number, places[step])
            body = {"span_id": span, "name": name, "value": value, "scorer": "test/1"}
            yield (_id(number), span, name, value, orjson.dumps(body).decode())


def _diagnosis(number: int, version: str, dice: random.Random) -> tuple[Any, ...]:
    places = {name: place for place, (name, *_) in enumerate(STEPS)}
    culprit, failure = None, None
    verdict = dice.choices(("ok", "broken", "degraded", "unknown"), (70, 20, 7, 3))[0]
    if verdict in ("broken", "degraded"):
        step, failure, _ = dice.choices(FAILURES, [weight for *_, weight in FAILURES])[0]
        _, kind, role, _ = STEPS[places[step]]
        culprit = Step(span_id=_id(number, places[step]), name=step, kind=kind, role=role)  # type: ignore[arg-type]
    strip = tuple(
        StripCell(span_id=_id(number, place), role=role, name=name, score=round(dice.random(), 2),  # type: ignore[arg-type]
                  mark="!" if culprit and culprit.name == name else "")
        for place, (name, _, role, _) in enumerate(STEPS) if role
    )  # fmt: skip
    made = Diagnosis(
        trace_id=_id(number), verdict=verdict, culprit=culprit, failure=failure, confidence=round(dice.uniform(0.5, 0.99), 2),  # type: ignore[arg-type]
        summary="Made up for a measurement.", strip=strip,
    )  # fmt: skip
    return (made.trace_id, verdict, culprit and culprit.name, failure, made.confidence, version, made.model_dump_json())


def one_trace(path: Path, spans: int, trace_id: str = "f" * 32) -> None:
    """A store with one trace of `spans` steps: an agent that goes on and on, five steps a round, some of them plumbing."""
    store = SQLiteStore(path, Settings(redact=False))
    kinds = (
        ("round", "chain", True),
        ("think", "llm", False),
        ("call", "tool", False),
        ("look", "retriever", False),
        ("note", "chain", False),
    )

    def fill(batch: Batch) -> None:
        json = batch.json
        batch.used_by(trace_id)
        for number in range(spans):
            name, kind, plumbing = ("agent", "agent", False) if number == 0 else kinds[(number - 1) % 5]
            round_ = number - 1 - (number - 1) % 5 + 1
            parent = None if number == 0 else trace_id if (number - 1) % 5 == 0 else f"{round_:032x}"
            span = trace_id if number == 0 else f"{number:032x}"
            batch.spans.append(
                (trace_id, span, parent, name, kind, "ok", START_NS + number * 1_000_000,
                 900_000 if number else spans * 1_000_000, plumbing, json(f"step {number}"), json(f"result {number}"),
                 None, None, None, None, None, None)
            )  # fmt: skip
        batch.traces.append((trace_id, "agent", "ok", START_NS, spans * 1_000_000, spans, None, None))
        batch.searchable.append(("A very long run", "done", trace_id))

    store.append(fill)
    made = Diagnosis(trace_id=trace_id, verdict="ok", confidence=0.9, summary="Made up for a measurement.")
    store.add_diagnosis(made, diagnosis_version())
    store.close()
