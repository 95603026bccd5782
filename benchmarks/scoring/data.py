"""Reads the development data sets; the only place that knows their files and fields."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Answer:
    """One answer of a real model, with the characters that people marked as unsupported."""

    source: str
    task: str
    model: str
    question: str
    context: str
    text: str
    marked: tuple[tuple[int, int], ...]

    def is_marked(self, start: int, end: int) -> bool:
        return any(first < end and last > start for first, last in self.marked)


@dataclass(frozen=True)
class Pair:
    """A faithful summary and the same one with an error put in."""

    article: str
    error: str
    context: str
    faithful: str
    unfaithful: str


@dataclass(frozen=True)
class Answerable:
    """A question with passages, and whether they hold the answer."""

    set: str
    group: str
    question: str
    passages: tuple[str, ...]
    answerable: bool
    answer: str


def rows(data: Path, name: str) -> list[dict[str, Any]]:
    """The rows of one file; ends the run with a message that says what is missing."""
    path = data / name
    if not path.is_file():
        sys.exit(f"missing data: {path} is not there. Name the folder that holds it: --data DIR")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def ragtruth(data: Path) -> list[Answer]:
    return [
        Answer(
            source=row["source_id"],
            task=row["task"],
            model=row["model"],
            question=row["question"] if row["task"] == "qa" else "",
            context=row["context"],
            text=row["answer"],
            marked=tuple((span["start"], span["end"]) for span in row["spans"]),
        )
        for row in rows(data, "groundedness/ragtruth.jsonl")
    ]


def bump(data: Path) -> list[Pair]:
    return [
        Pair(str(row["article_id"]), row["error_type"], row["context"], row["faithful"], row["unfaithful"])
        for row in rows(data, "groundedness/bump.jsonl")
    ]


def clapnq(data: Path) -> list[Answerable]:
    return [
        Answerable(
            "clapnq",
            row["id"],
            row["question"],
            (f"{row['title']}. {row['passage']}",),
            row["answerable"],
            row["answer"] or "",
        )
        for row in rows(data, "relevance/clapnq.jsonl")
    ]


def mtrag(data: Path) -> list[Answerable]:
    """The turns with contexts; partly answerable counts as not answerable, as in SCORERS.md 4.1."""
    found: list[Answerable] = []
    for row in rows(data, "relevance/mtrag_un.jsonl"):
        kind = row["answerability"][0]
        if row["contexts"] and kind in ("ANSWERABLE", "UNANSWERABLE", "PARTIAL"):
            asked = [turn["text"] for turn in row["turns"] if turn["speaker"] == "user"][-1]
            passages = tuple(context["text"] for context in row["contexts"])
            found.append(
                Answerable(
                    "mtrag",
                    row["conversation_id"],
                    asked,
                    passages,
                    kind == "ANSWERABLE",
                    str(row.get("reference") or ""),
                )
            )
    return found


def cranfield(data: Path) -> tuple[dict[str, str], list[tuple[str, dict[str, int]]]]:
    """Documents by id, and questions with the ids of their relevant documents."""
    documents = {row["id"]: row["text"] for row in rows(data, "relevance/cranfield_docs.jsonl")}
    return documents, [(row["question"], row["relevant"]) for row in rows(data, "relevance/cranfield_queries.jsonl")]


def apache_texts(data: Path) -> Iterator[str]:
    """The passages under Apache-2.0: ClapNQ and MTRAG-UN.

    Only these may end up in a shipped table.
    """
    for row in rows(data, "relevance/clapnq.jsonl"):
        yield f"{row['title']}. {row['passage']}"
    for row in rows(data, "relevance/mtrag_un.jsonl"):
        for context in row["contexts"]:
            yield context["text"]
