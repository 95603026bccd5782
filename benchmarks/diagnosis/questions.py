"""Questions with the passages that answer them, from three sources; the only place that knows their files and fields."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from weaklink.demo.cases import load_cases
from weaklink.demo.handbook import load_handbook
from weaklink.scoring import is_abstention

OWN_WORDS = Path(__file__).parent / "recorded" / "own_words.jsonl"
DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SHORTEST_EVIDENCE = 20


@dataclass(frozen=True)
class Question:
    """A question, what answers it, and what people or models recorded as answers."""

    id: str
    source: str
    text: str
    gold: tuple[int, ...]
    """Indexes, in the corpus, of the passages that answer it; empty where none does."""
    answers: tuple[str, ...] = ()
    """Recorded good answers: by people, or by models and found free of faults by people."""
    bad: tuple[str, ...] = ()
    """Recorded answers of models in which people marked what the passages do not say."""
    evidence: tuple[str, ...] = ()
    """The sentences of the gold passages that answer it; empty where the source does not tell."""
    needs_all: bool = False
    """An answer needs all of the evidence; else half of it will do."""


@dataclass(frozen=True)
class Corpus:
    """The passages that an index is filled with, and the questions over them."""

    name: str
    passages: tuple[str, ...]
    questions: tuple[Question, ...] = field(repr=False)

    @cached_property
    def answerable(self) -> list[Question]:
        return [question for question in self.questions if question.gold and question.answers]

    @cached_property
    def unanswerable(self) -> list[Question]:
        return [question for question in self.questions if not question.gold]


def rows(data: Path, name: str) -> list[dict[str, Any]]:
    path = data / name
    if not path.is_file():
        sys.exit(f"missing data: {path} is not there. Name the folder that holds it: --data DIR")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def clapnq(data: Path) -> Corpus:
    """Wikipedia passages; the answers were written by people (ClapNQ, Apache-2.0)."""
    passages: list[str] = []
    questions: list[Question] = []
    for row in rows(data, "relevance/clapnq.jsonl"):
        passages.append(f"{row['title']}. {_plain(row['passage'])}")
        gold = (len(passages) - 1,) if row["answerable"] else ()
        answers = (_plain(row["answer"]),) if row["answerable"] and row["answer"] else ()
        evidence = tuple(_plain(sentence) for sentence in row["evidence"] or ()) if row["answerable"] else ()
        questions.append(Question(f"clapnq-{row['id']}", "clapnq", row["question"], gold, answers, (), evidence))
    return Corpus("clapnq", tuple(passages), tuple(questions))


def ragtruth(data: Path) -> Corpus:
    """Web passages, three to a question; the answers were written by models and read by people (RAGTruth QA, MIT)."""
    passages: list[str] = []
    gold: dict[str, tuple[int, ...]] = {}
    found: dict[str, dict[str, Any]] = {}
    for row in rows(data, "groundedness/ragtruth.jsonl"):
        if row["task"] != "qa":
            continue
        source = row["source_id"]
        if source not in gold:
            parts = [part.strip() for part in re.split(r"passage \d+:", row["context"]) if part.strip()]
            gold[source] = tuple(range(len(passages), len(passages) + len(parts)))
            passages += parts
            found[source] = {"question": row["question"], "answers": [], "bad": []}
        if row["spans"] or not _refuses(row["answer"]):  # "unable to answer" is no good answer where others answer
            found[source]["bad" if row["spans"] else "answers"].append(row["answer"])
    questions = tuple(
        Question(f"ragtruth-{key}", "ragtruth", item["question"], gold[key], tuple(item["answers"]), tuple(item["bad"]))
        for key, item in found.items()
    )
    return Corpus("ragtruth", tuple(passages), questions)


def handbook(_: Path) -> Corpus:
    """The demo's handbook, with the answers that its authors wrote."""
    pages = load_handbook()
    place = {page.id: number for number, page in enumerate(pages)}
    questions: dict[str, Question] = {}
    for case in load_cases():
        if case.pipeline == "agent" or case.question in questions:
            continue
        gold = (place[case.gold],) if case.gold else ()
        answers = (case.answer,) if case.gold else ()
        questions[case.question] = Question(f"handbook-{case.id}", "handbook", case.question, gold, answers)
    return Corpus("handbook", tuple(page.content for page in pages), tuple(questions.values()))


def own_words() -> Corpus:
    """Leaflets, tickets, contracts, tables and the like in five languages, with answers as large models put them: in their own words.

    Passages, questions and answers were written for this benchmark.
    """
    passages: list[str] = []
    questions: list[Question] = []
    for line in OWN_WORDS.read_text("utf-8").splitlines():
        row = json.loads(line)
        gold = tuple(len(passages) + number for number in row["gold"])
        passages += row["passages"]
        questions.append(
            Question(
                f"own-words-{row['id']}",
                "own words",
                row["question"],
                gold,
                tuple(row["answers"]),
                tuple(row["bad"]),
                tuple(row["evidence"]),
                needs_all=True,
            )
        )
    return Corpus("own words", tuple(passages), tuple(questions))


CORPORA: dict[str, Callable[[Path], Corpus]] = {"clapnq": clapnq, "ragtruth": ragtruth, "handbook": handbook}


def load(data: Path) -> list[Corpus]:
    return [read(data) for read in CORPORA.values()]


def _refuses(answer: str) -> bool:
    return is_abstention(answer) or "unable to answer" in answer.lower()


def _plain(text: str) -> str:
    """ClapNQ's spaced-out tokens as people write them."""
    text = re.sub(r"``\s*|\s*''", '"', text)
    text = re.sub(r"\s+([.,;:!?)%'])", r"\1", text)
    text = re.sub(r"\(\s+", "(", text)
    text = re.sub(r"\s+(n't|'s|'re|'ve|'ll|'d)\b", r"\1", text)
    return re.sub(r"\s+-\s+", "-", re.sub(r"\s+--\s+", " – ", text)).strip()
