"""Failures that nobody injected: the real SmolLM2 over three corpora, with search, chunks, reranker and budget varied as people vary them.

Where a trace broke is told from the gold passage and the gold answer alone; the diagnosis sees neither. Each question is asked in
several set-ups, so that evidence is lost in each step of some; which of them breaks is left to the search and to the model.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from benchmarks.diagnosis.make import Case, Maker, read, write
from benchmarks.diagnosis.measure import Result, share
from benchmarks.diagnosis.operators.search import hashed
from benchmarks.diagnosis.pieces import Pieces, Reply, embedded, most_alike
from benchmarks.diagnosis.pipeline import Asked, Pipeline
from benchmarks.diagnosis.questions import Corpus, Question
from benchmarks.diagnosis.situation import Situation
from benchmarks.diagnosis.smollm import SmolLM
from weaklink.model import Trace
from weaklink.model.roles import roles
from weaklink.scoring import is_abstention
from weaklink.scoring.question import frequencies
from weaklink.scoring.text.sentences import split_sentences
from weaklink.scoring.text.tokens import tokenise

PROMPT = (
    "Answer the question in one or two sentences, using only the passages. If they do not answer it, say that you do not "
    "know.\n\nPassages:\n{context}\n\nQuestion: {question}"
)
NATURAL = "natural"
STAGES = ("ok", "retrieve", "rerank", "pack", "generate")
FAILURES: dict[str, tuple[str, ...]] = {
    "ok": (),
    "retrieve": ("missing_content", "off_topic", "missed", "no_results", "chunk_cut", "duplicates"),
    "rerank": ("good_document_dropped", "bad_order"),
    "pack": ("context_truncated", "context_not_passed", "empty_variable"),
    "generate": (
        "unsupported", "contradicted", "answered_without_evidence", "false_abstention", "incomplete", "off_question", "cut_off",
        "invented_value", "empty_output",
    ),
}  # fmt: skip
"""What may rightly be said of a step that gold found broken."""
MATCHES, DIFFERS = 0.4, 0.2
"""Likeness of answer and gold answer: from here on it is right, below that it is wrong; between, nobody can tell."""
FEWEST_WORDS = 3
LONGEST_PROMPT = 2_500
RECORDED = 386
"""Questions in a set-up whose answers are recorded."""


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
    keep: int
    """Passages that the reranker keeps; 0: there is no reranker."""
    budget: int
    """Characters of context."""
    whole: bool
    """The budget leaves out whole passages instead of cutting one."""


def starved(chance: random.Random, framework: str) -> Setting:
    """A weak search: one or two small chunks, a poor embedding, or a gap in the index."""
    gap = chance.random() < 0.5
    return Setting(
        framework,
        chance.choice([1, 2, 3]),
        chance.choice([1, 2, 3]),
        not gap,
        not gap,
        0,
        chance.choice([500, 900]),
        whole=False,
    )


def tight(chance: random.Random, framework: str) -> Setting:
    """More is found than goes into the prompt."""
    return Setting(
        framework,
        chance.choice([3, 4, 6]),
        chance.choice([2, 3, 4]),
        False,
        True,
        0,
        chance.choice([200, 300, 450]),
        chance.random() < 0.5,
    )


def reranked(chance: random.Random, framework: str) -> Setting:
    """A deep search, and a reranker that keeps a few."""
    return Setting(framework, chance.choice([4, 6]), chance.choice([2, 3]), chance.random() < 0.3, True,
                   chance.choice([1, 2]), LONGEST_PROMPT, whole=False)  # fmt: skip


def plain(chance: random.Random, framework: str) -> Setting:
    """What the tutorials have."""
    return Setting(framework, chance.choice([1, 2, 3, 4]), chance.choice([2, 3, 5]), words_only=False, indexed=True,
                   keep=0, budget=LONGEST_PROMPT, whole=False)  # fmt: skip


SETUPS: tuple[Callable[[random.Random, str], Setting], ...] = (plain, tight, starved, reranked)


def setting_of(question: Question, setup: int) -> Setting:
    """The set-up of that number for the question; the same one each time."""
    chance = random.Random(f"{question.id} {setup}")
    return SETUPS[setup](chance, chance.choice(["langchain", "llama_index"]))


def chunks(passages: Sequence[str], sentences: int) -> tuple[str, ...]:
    """Passages cut into pieces of so many sentences, each with its title."""
    found: list[str] = []
    for text in passages:
        title = text.partition(". ")[0]
        places = split_sentences(text)
        for first in range(0, len(places), sentences):
            piece = text[places[first][0] : places[min(first + sentences, len(places)) - 1][1]]
            found.append(piece if first == 0 or len(title) > 80 else f"{title}. {piece}")
    return tuple(found)


def pieces_for(corpus: Corpus, question: Question, setting: Setting, answer: Callable[[str], Reply]) -> Pieces:
    gold = {corpus.passages[number] for number in question.gold}
    passages = tuple(text for text in corpus.passages if setting.indexed or text not in gold)
    embed = hashed if setting.words_only else embedded

    def rerank(query: str, texts: Sequence[str]) -> Sequence[str]:
        return most_alike(query, texts)[: setting.keep] if setting.keep else texts

    def pack(texts: Sequence[str]) -> str:
        if not setting.whole:
            return "\n\n".join(texts)[: setting.budget]
        kept = list(texts)
        while len(kept) > 1 and len("\n\n".join(kept)) > setting.budget:
            kept.pop()
        return "\n\n".join(kept)

    return Pieces(
        chunks(passages, setting.chunk), k=setting.k, embed_documents=embed, embed_query=embed, prompt=PROMPT, answer=answer,
        rerank=rerank, pack=pack,
    )  # fmt: skip


def stage_of(trace: Trace, at: Situation) -> str | None:
    """Where it broke, by gold alone: did the answer match, was the evidence found, kept and shown; None where nobody can tell."""
    answer = trace.dataflow.generator_text
    alike = 0.0 if is_abstention(answer) else likeness(answer, at.question)
    if alike is None or DIFFERS <= alike < MATCHES:
        return None
    if alike >= MATCHES:
        return "ok"
    found = "\n".join(d.content for span in trace.of_kind("retriever") for d in span.documents)
    kept = "\n".join(d.content for span in trace.dataflow.last_stage for d in span.documents)
    for stage, text in (("retrieve", found), ("rerank", kept), ("pack", trace.dataflow.prompt_text)):
        seen = at.sees(text)
        if not seen:
            return stage
        if 2 * seen < len(at.evidence):
            return None
    return "generate"


def likeness(answer: str, question: Question) -> float | None:
    """Share of the gold answer's words in the answer, beside those of the question; 0 where the numbers are others.

    None where the gold answers have hardly a word beside the question's: a right answer may be put in these alone.
    """
    asked = set(frequencies(question.text))
    best: float | None = None
    for gold in question.answers:
        wanted, said = _words(gold), _words(answer)
        numbers = {word for word in wanted if word[:1].isdigit()}
        theirs = {word for word in said if word[:1].isdigit()} - asked
        if numbers and theirs and not numbers & said:
            best = best or 0.0
            continue
        rare = wanted - asked
        if len(rare) >= FEWEST_WORDS or numbers - asked:
            best = max(best or 0.0, len(rare & said) / len(rare))
    return best


def _words(text: str) -> set[str]:
    return {token.value for token in tokenise(text) if token.content}


def made(corpora: Sequence[Corpus], model: SmolLM, folder: Path, most: int = RECORDED) -> list[tuple[Case, Trace]]:
    """The traces, made unless `folder` has them."""
    if not (folder / "traces.jsonl").is_file():
        write(list(traces(corpora, model, most)), folder)
    return read(folder)


def traces(corpora: Sequence[Corpus], model: SmolLM, most: int = RECORDED) -> Iterator[tuple[Case, Trace]]:
    """What the first `most` questions and set-ups, in mixed order, gave, as far as the answers are recorded.

    Those that gold cannot judge are left out. The case says what is right: its operator is "natural", its failures are those of
    the stage, its culprits the steps of that stage; `unseen` keeps half of the questions apart.
    """
    maker = Maker(list(corpora))
    asked = [(corpus, question) for corpus in corpora for question in corpus.answerable]
    random.Random(5).shuffle(asked)
    rounds = [(setup, corpus, question) for setup in range(len(SETUPS)) for corpus, question in asked]
    for setup, corpus, question in _mixed(rounds)[:most]:
        at = Situation(question, corpus, corpus, "", 0)
        if found := _one(maker, model, at, setting_of(question, setup), SETUPS[setup].__name__):
            yield found


def _mixed(rounds: list[tuple[int, Corpus, Question]]) -> list[tuple[int, Corpus, Question]]:
    """Every stretch of it has all set-ups and corpora, so that a recording can be stopped anywhere."""
    return sorted(rounds, key=lambda row: crc32(f"{row[2].id} {row[0]}".encode()))


def _one(maker: Maker, model: SmolLM, at: Situation, setting: Setting, setup: str) -> tuple[Case, Trace] | None:
    missing: list[str] = []

    def answer(prompt: str) -> Reply:
        said = model.says(prompt)
        if said is None:
            missing.append(prompt)
        return Reply(said or "")

    name = _pipeline_name(setting)
    pipeline = maker.build(
        setting.framework, name, pieces_for(at.corpus, at.question, setting, answer), Asked(at.question.text)
    )
    trace = maker.record(setting.framework, pipeline) if pipeline else None
    if trace is None or pipeline is None or missing:
        return None
    stage = stage_of(trace, at)
    culprits = _culprits(trace, pipeline, stage or "ok")
    if stage is None or (stage != "ok" and not culprits):
        return None
    return Case(
        setting.framework, name, at.corpus.name, at.question.id, (NATURAL, setup), FAILURES[stage], culprits,
        "" if stage == "ok" else stage, 0.0, "recorded", crc32(at.question.id.encode()) % 2 == 1, False, trace.id,
    ), trace  # fmt: skip


def stage_named(trace: Trace, result: Result) -> str:
    """The stage that a diagnosis names; "unknown" where it names none and does not say ok."""
    if result.verdict in ("ok", "recovered"):
        return "ok"
    if not result.culprit:
        return "unknown"
    role = roles(trace).get(result.culprit, "")
    return {"filter": "rerank", "rewrite": "retrieve", "embed": "retrieve", "prompt": "pack"}.get(
        role, role or "unknown"
    )


@dataclass(frozen=True)
class NaturalRates:
    """How often the stage was right."""

    n: int
    right: float | None
    """Of the traces with a decision."""
    coverage: float
    at_coverage: tuple[tuple[float, float], ...]
    """(share of the traces, the surest first, that get their verdict; share of those that are right)"""
    constant: str
    constant_right: float
    confusion: dict[tuple[str, str], int]

    @property
    def right_of_all(self) -> float:
        """Of all traces: unknown counts as wrong."""
        return (self.right or 0.0) * self.coverage


def measure(found: Sequence[tuple[Case, Trace, Result]]) -> NaturalRates:
    """Compares diagnoses, which saw no gold, with gold."""
    pairs = [(case.role or "ok", stage_named(trace, result)) for case, trace, result in found]
    decided = [(true, named) for true, named in pairs if named != "unknown"]
    stages = Counter(true for true, _ in pairs)
    best = max(stages, key=lambda stage: stages[stage])
    surest = sorted(
        (
            (result.confidence, true == named)
            for (true, named), (_, _, result) in zip(pairs, found, strict=True)
            if named != "unknown"
        ),
        reverse=True,
    )
    curve: list[tuple[float, float]] = []
    for part in (0.25, 0.5, 0.6, 0.75):
        if (count := round(part * len(pairs))) <= len(surest):
            curve.append((part, sum(right for _, right in surest[:count]) / max(1, count)))
    return NaturalRates(
        len(pairs), share(true == named for true, named in decided), len(decided) / max(1, len(pairs)), tuple(curve),
        best, stages[best] / max(1, len(pairs)), dict(Counter(pairs)),
    )  # fmt: skip


def _pipeline_name(setting: Setting) -> str:
    if setting.framework == "langchain":
        return "reranker" if setting.keep else "naive"
    return "custom" if setting.keep or setting.budget < LONGEST_PROMPT else "naive"


def _culprits(trace: Trace, pipeline: Pipeline, stage: str) -> tuple[str, ...]:
    if stage == "ok":
        return ()
    if stage == "generate":
        return (trace.dataflow.generator.id,) if trace.dataflow.generator else ()
    return tuple(span.id for span in trace.spans if span.name in pipeline.steps.get(stage, ()))
