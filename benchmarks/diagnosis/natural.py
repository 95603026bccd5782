"""Failures that nobody injected: the real SmolLM2 over ClapNQ, with search, chunks and corpus varied as people vary them.

Where a trace broke is told from the gold passage and the gold answer alone; the diagnosis sees neither.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.diagnosis.make import Maker
from benchmarks.diagnosis.measure import share
from benchmarks.diagnosis.operators.search import hashed
from benchmarks.diagnosis.pieces import Pieces, Reply, embedded
from benchmarks.diagnosis.pipeline import Asked
from benchmarks.diagnosis.questions import Corpus, Question
from benchmarks.diagnosis.smollm import SmolLM
from weaklink.diagnosis import diagnose
from weaklink.model import Diagnosis, Trace
from weaklink.scoring import is_abstention
from weaklink.scoring.question import frequencies
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tokens import tokenise

PROMPT = (
    "Answer the question in one or two sentences, using only the passages. If they do not answer it, say that you do not "
    "know.\n\nPassages:\n{context}\n\nQuestion: {question}"
)
STAGES = ("ok", "retrieve", "pack", "generate")
MATCHES, DIFFERS = 0.4, 0.2
"""Share of the gold answer's words in the answer: from here on it is right, below that it is wrong; between, nobody can tell."""


@dataclass(frozen=True)
class Setting:
    """How a pipeline was set up."""

    framework: str
    k: int
    chunk: int
    """Sentences in a chunk."""
    words_only: bool
    """Vectors of hashed words instead of the embedding model."""
    indexed: bool
    """The gold passage is in the corpus."""
    budget: int
    """Characters of context."""


@dataclass(frozen=True)
class Natural:
    """One trace, and where it broke by gold."""

    setting: Setting
    question: str
    stage: str
    trace: Trace


def settings(seed: int) -> Setting:
    """One of the ways in which people set such a pipeline up."""
    chance = random.Random(seed)
    return Setting(
        chance.choice(["langchain", "llama_index"]),
        chance.choice([1, 2, 3]),
        chance.choice([1, 2, 3]),
        chance.random() < 0.4,
        chance.random() < 0.75,
        chance.choice([250, 900, 900, 900]),
    )


def chunks(passages: Sequence[str], sentences: int) -> tuple[str, ...]:
    """Passages cut into pieces of so many sentences, each with its title."""
    found: list[str] = []
    for text in passages:
        title = text.partition(". ")[0]
        places = split_sentences(text)
        for first in range(0, len(places), sentences):
            piece = text[places[first][0] : places[min(first + sentences, len(places)) - 1][1]]
            found.append(piece if first == 0 else f"{title}. {piece}")
    return tuple(found)


def pieces_for(corpus: Corpus, question: Question, setting: Setting, answer: Callable[[str], Reply]) -> Pieces:
    gold = {corpus.passages[number] for number in question.gold}
    passages = tuple(text for text in corpus.passages if setting.indexed or text not in gold)
    embed = hashed if setting.words_only else embedded
    return Pieces(
        chunks(passages, setting.chunk), k=setting.k, embed_documents=embed, embed_query=embed, prompt=PROMPT, answer=answer,
        pack=lambda texts: "\n\n".join(texts)[: setting.budget],
    )  # fmt: skip


def stage_of(trace: Trace, question: Question, answer: str) -> str | None:
    """Where it broke, by gold alone: did the answer match, was the evidence found, was it in the prompt; None where nobody can tell."""
    gold = {token.value for text in question.answers for token in tokenise(text) if token.content}
    asked = set(frequencies(question.text))
    wanted = gold - asked or gold
    said = {token.value for token in tokenise(answer) if token.content}
    matched = len(wanted & said) / (len(wanted) or 1)
    if not is_abstention(answer) and matched >= MATCHES:
        return "ok"
    if not is_abstention(answer) and matched >= DIFFERS:
        return None
    found = _flat("\n".join(d.content for span in trace.of_kind("retriever") for d in span.documents))
    prompt = _flat(trace.dataflow.prompt_text)
    evidence = [_flat(text) for text in question.evidence]
    half = (len(evidence) + 1) // 2
    if not any(text in found for text in evidence):
        return "retrieve"
    if sum(text in found for text in evidence) < half:
        return None
    if not any(text in prompt for text in evidence):
        return "pack"
    return "generate" if sum(text in prompt for text in evidence) >= half else None


def traces(corpus: Corpus, model: SmolLM, most: int, seed: int = 11) -> Iterator[Natural]:
    """Up to `most` traces, one for each question; those that gold cannot judge, or that were not recorded, are left out."""
    maker = Maker([corpus])
    for number, question in enumerate(corpus.answerable[:most]):
        setting = settings(seed * 1000 + number)
        missing: list[str] = []

        def answer(prompt: str, missing: list[str] = missing) -> Reply:
            said = model.says(prompt)
            if said is None:
                missing.append(prompt)
            return Reply(said or "")

        pieces = pieces_for(corpus, question, setting, answer)
        pipeline = maker.build(
            setting.framework, "naive" if setting.framework == "langchain" else "custom", pieces, Asked(question.text)
        )
        trace = maker.record(setting.framework, pipeline) if pipeline else None
        if trace is None or missing:
            continue
        if stage := stage_of(trace, question, trace.dataflow.generator_text):
            yield Natural(setting, question.id, stage, trace)


def stage_named(diagnosis: Diagnosis) -> str:
    """The stage that a diagnosis names; "unknown" where it names none and does not say ok."""
    if diagnosis.verdict in ("ok", "recovered"):
        return "ok"
    if diagnosis.culprit is None:
        return "unknown"
    role = diagnosis.culprit.role
    return {"rerank": "retrieve", "filter": "retrieve", "rewrite": "retrieve", "embed": "retrieve"}.get(
        role, role or "unknown"
    )


@dataclass(frozen=True)
class NaturalRates:
    """How often the stage was right."""

    n: int
    stages: dict[str, int]
    right: float | None
    """Of the traces with a decision."""
    coverage: float
    constant: str
    constant_right: float
    confusion: dict[tuple[str, str], int]


def measure(found: Sequence[Natural]) -> NaturalRates:
    """Diagnoses each trace without gold, and compares with gold."""
    pairs = [(item.stage, stage_named(diagnose(item.trace))) for item in found]
    decided = [(true, named) for true, named in pairs if named != "unknown"]
    stages = Counter(true for true, _ in pairs)
    best = max(stages, key=lambda stage: stages[stage])
    return NaturalRates(
        len(pairs), dict(stages), share(true == named for true, named in decided), len(decided) / max(1, len(pairs)),
        best, stages[best] / max(1, len(pairs)), dict(Counter(pairs)),
    )  # fmt: skip


def _flat(text: str) -> str:
    return " ".join(text.split())
