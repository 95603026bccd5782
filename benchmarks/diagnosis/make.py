"""Builds the labelled traces: real chains, broken in one step or in two or not at all, recorded as any chain is."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import weaklink
from benchmarks.diagnosis import langchain_chains, llama_index_engines
from benchmarks.diagnosis.operators import HARMLESS, LATER, OPERATORS, Operator
from benchmarks.diagnosis.pieces import FETCH_TOOL, Pieces, Reply, by_words
from benchmarks.diagnosis.pipeline import Asked, Pipeline
from benchmarks.diagnosis.questions import Corpus, Question
from benchmarks.diagnosis.situation import Situation, changed
from benchmarks.diagnosis.smollm import CLOSED_BOOK, SmolLM
from weaklink.model import Trace
from weaklink.tracefrom import trace_from
from weaklink_langchain import WeaklinkCallbackHandler as LangChainHandler
from weaklink_llama_index import WeaklinkCallbackHandler as LlamaIndexHandler

FRAMEWORKS: dict[str, ModuleType] = {"langchain": langchain_chains, "llama_index": llama_index_engines}
ORDER = ("plan", "tool", "rewrite", "retrieve", "rerank", "pack", "generate", "parse")
HEALTHY, DOUBLE = 0.4, 0.1
_SOFT_SECOND = ("number_changed", "foreign_sentence", "invented_detail", "budget_in_characters", "empty_context")
_TRIES = 60
MARKED, CLEAN = "marked by people", "clean by people"


@dataclass(frozen=True)
class Case:
    """What was done to a trace, and what therefore is right to say of it."""

    framework: str
    pipeline: str
    corpus: str
    question: str
    operators: tuple[str, ...]
    failures: tuple[str, ...]
    """Right failure classes, the most fitting first; empty: nothing is broken."""
    culprits: tuple[str, ...]
    """Ids of the spans that may rightly be named."""
    role: str
    strength: float
    answered: str
    """Where the answer comes from: "good", "refusal", "closed book", "changed", "operator"."""
    unseen: bool
    hard: bool
    trace: str

    @property
    def healthy(self) -> bool:
        return not self.failures


class Maker:
    """Draws cases and runs them."""

    def __init__(self, corpora: Sequence[Corpus], seed: int = 7, beside: Sequence[Corpus] = ()) -> None:
        """Questions come from `corpora`; what is about other things also from those `beside`."""
        self.corpora = list(corpora)
        self.beside = list(beside)
        self.chance = random.Random(seed)
        self.model = SmolLM()
        self.skipped: Counter[str] = Counter()
        folder = Path(tempfile.mkdtemp(prefix="weaklink-diagnosis-"))
        self.langchain = LangChainHandler(folder / "traces.db")
        self.llama_index = LlamaIndexHandler(folder / "traces.db")

    def cases(self, per_operator: int) -> Iterator[tuple[Case, Trace]]:
        """`per_operator` traces of each operator, then two faults at once, then healthy ones in the agreed shares."""
        single = 0
        for operator in OPERATORS:
            for number in range(per_operator):
                found = self._one((operator,), number / max(1, per_operator - 1))
                if found:
                    single += 1
                    yield found
        total = single / (1 - HEALTHY - DOUBLE)
        for unseen in (False, True):
            for _ in range(round(total * DOUBLE / 2)):
                if found := self._one(self._two(unseen), self.chance.random()):
                    yield found
            for number in range(round(total * HEALTHY / 2)):
                rows = [operator for operator in HARMLESS if operator.unseen == unseen]
                if found := self._one((rows[number % len(rows)],), self.chance.random()):
                    yield found

    def later(self, per_operator: int) -> Iterator[tuple[Case, Trace]]:
        """`per_operator` traces of each operator that was added later."""
        for operator in LATER:
            for number in range(per_operator):
                if found := self._one((operator,), number / max(1, per_operator - 1)):
                    yield found

    def _two(self, unseen: bool) -> tuple[Operator, ...]:
        first = self.chance.choice(
            [
                o
                for o in OPERATORS
                if o.unseen == unseen and o.loses_evidence and o.role in ("retrieve", "rewrite", "rerank")
            ]
        )
        after = ORDER[ORDER.index(first.role) + 1 :]
        second = self.chance.choice([o for o in OPERATORS if o.name in _SOFT_SECOND and o.role in after])
        return first, second

    def _one(self, operators: tuple[Operator, ...], strength: float) -> tuple[Case, Trace] | None:
        """Tries questions and pipelines until one shows the fault."""
        for _ in range(_TRIES):
            framework = self.chance.choice(list(FRAMEWORKS))
            pipeline = self.chance.choice(list(FRAMEWORKS[framework].PIPELINES))
            if any(operator.only and pipeline not in operator.only for operator in operators):
                continue
            corpus = self.chance.choice(self.corpora)
            question = self.chance.choice(corpus.answerable)
            if (crc32(question.id.encode()) % 2 == 1) != operators[0].unseen:
                continue
            if found := self._run(framework, pipeline, self._situation(corpus, question), operators, strength):
                return found
        self.skipped["+".join(operator.name for operator in operators)] += 1
        return None

    def _situation(self, corpus: Corpus, question: Question) -> Situation:
        foreign = self.chance.choice([other for other in (*self.corpora, *self.beside) if other.name != corpus.name])
        closed = self.model.says(CLOSED_BOOK.format(question=question.text)) or "I am not sure about that."
        return Situation(question, corpus, foreign, closed, self.chance.randrange(1 << 30))

    def _run(
        self, framework: str, name: str, at: Situation, operators: tuple[Operator, ...], strength: float
    ) -> tuple[Case, Trace] | None:
        loses = any(o.loses_evidence or o.role in ("plan", "tool") for o in operators) and bool(operators[0].failures)
        answered, text = self._answer(at, loses=loses)
        prompts: list[str] = []
        pieces: Pieces | None = Pieces(at.corpus.passages, answer=lambda prompt: Reply(text), tools=_tools(at))
        for operator in operators:
            pieces = operator.apply(pieces, at, strength)
            if pieces is None:
                return None
        pipeline = self.build(framework, name, _noting(pieces, prompts), at.asked)
        if pipeline is None or any(o.role and o.role not in pipeline.steps for o in operators):
            return None
        trace = self.record(framework, pipeline)
        if trace is None or not self._shows(trace, at, operators[0], prompts):
            return None
        culprits = _culprits(trace, pipeline, operators[0]) if operators[0].failures else ()
        if operators[0].failures and not culprits:
            return None
        case = Case(
            framework, name, at.corpus.name, at.question.id, tuple(o.name for o in operators), operators[0].failures,
            culprits, operators[0].role, strength, answered, operators[0].unseen, operators[0].hard, trace.id,
        )  # fmt: skip
        return case, trace

    def _answer(self, at: Situation, *, loses: bool) -> tuple[str, str]:
        if not loses:
            return "good", at.good
        kind = at.chance.choice(["refusal", "closed book", "changed"])
        if kind == "refusal":
            text = at.chance.choice(
                [
                    "I don't know.",
                    "The provided passages do not answer this question.",
                    "I could not find that in the documents.",
                ]
            )
            return kind, text
        return (kind, at.closed_book) if kind == "closed book" else (kind, changed(at.good, at.chance))

    def build(self, framework: str, name: str, pieces: Pieces, asked: Asked) -> Pipeline | None:
        """The pipeline made of these pieces; None where it cannot be."""
        try:
            return FRAMEWORKS[framework].PIPELINES[name](pieces, asked)
        except Exception as error:  # a piece that this pipeline cannot be built with, such as a prompt without context
            self.skipped[f"{framework} {name}: {type(error).__name__}"] += 1
            return None

    def record(self, framework: str, pipeline: Pipeline) -> Trace | None:
        """Runs it; the trace is recorded as any other is."""
        try:
            if framework == "langchain":
                pipeline.run([self.langchain])
            else:
                with self.llama_index.attached():
                    pipeline.run([])
        except Exception as error:
            self.skipped[f"raised {type(error).__name__}"] += 1
        weaklink.flush(30.0)  # on a busy machine the writer may need longer than a handler waits
        return (self.langchain if framework == "langchain" else self.llama_index).last_trace()

    def _shows(self, trace: Trace, at: Situation, operator: Operator, prompts: list[str]) -> bool:
        """The fault did what it is there for, or, without one, the model saw what answers."""
        prompt = prompts[-1] if prompts else ""
        retrieved = "\n".join(d.content for span in trace.of_kind("retriever") for d in span.documents)
        enough = len(at.evidence) if at.question.needs_all else (len(at.evidence) + 1) // 2
        if operator.hard and operator.failures[-1] in ("raised", "timed_out"):
            return trace.root.error is not None or any(span.failed for span in trace.spans)
        if operator.role in ("plan", "tool"):
            return True
        if not operator.loses_evidence:
            return operator.failure == "stale" or at.sees(prompt) >= enough > 0
        if at.sees(prompt):
            return False
        found = at.sees(retrieved) >= enough > 0
        return found if operator.role in ("rerank", "pack") else not at.sees(retrieved)


def marked(corpora: Sequence[Corpus]) -> Iterator[tuple[Case, Trace]]:
    """Answers of real models, as logs: those in which people marked what the passages do not say, and those they found clean."""
    for corpus in corpora:
        for question in corpus.questions:
            for answers, failures in ((question.answers, ()), (question.bad, ("unsupported", "contradicted"))):
                for answer in answers[:2]:
                    texts = [corpus.passages[number] for number in question.gold]
                    trace = trace_from(question=question.text, documents=texts, answer=answer)
                    generator = trace.dataflow.generator
                    culprits = (generator.id,) if generator and failures else ()
                    unseen = crc32(question.id.encode()) % 2 == 1
                    yield Case(
                        "log", "log", corpus.name, question.id, (MARKED if failures else CLEAN,), failures, culprits,
                        "generate" if failures else "", 0.0, "recorded", unseen, False, trace.id,
                    ), trace  # fmt: skip


def _noting(pieces: Pieces, prompts: list[str]) -> Pieces:
    said = pieces.answer

    def answer(prompt: str) -> Reply:
        prompts.append(prompt)
        return said(prompt)

    if pieces.plan is None:
        return pieces.but(answer=answer)
    plan = pieces.plan

    def noted(question: str, results: Sequence[str]) -> Reply:
        reply = plan(question, results)
        if not reply.calls:
            prompts.append("\n".join(results))
        return reply

    return pieces.but(answer=answer, plan=noted)


def _tools(at: Situation) -> dict[str, Any]:
    subject = set(at.subject.lower().split())

    def fetch_page(value: str) -> str:
        """Read the page about a subject."""
        if subject & set(value.lower().split()):
            return "\n\n".join(at.gold)
        return by_words(value, at.without_gold(), 1)[0] if " " in value else f"There is no page named {value!r}."

    def current_weather(value: str) -> str:
        """Get the current weather of a city."""
        return "14 °C, light rain, wind from the west."

    def calculator(value: str) -> str:
        """Calculate the value of an arithmetic expression."""
        return "0"

    return {FETCH_TOOL: fetch_page, "current_weather": current_weather, "calculator": calculator}


def _culprits(trace: Trace, pipeline: Pipeline, operator: Operator) -> tuple[str, ...]:
    names = pipeline.steps[operator.role]
    spans = [span for span in trace.spans if span.name in names]
    if operator.role == "plan":
        models = [span for span in spans if span.kind == "llm"]
        tools = trace.of_kind("tool")
        last = models[-1:] if len(models) > 1 and trace.root.error is None else []
        chosen = [span for span in (*models, *tools) if span not in last]
        if operator.failure == "step_limit":
            chosen.append(trace.root)
        return tuple(span.id for span in chosen)
    if operator.role == "generate":
        spans = [span for span in spans if span.kind == "llm"]
        spans = [span for span in trace.leaf_llms if span.name in names][-1:] or spans[-1:]
    if operator.role == "parse" and any(span.kind == "parser" for span in spans):
        spans = [span for span in spans if span.kind == "parser"][-1:]
    return tuple(span.id for span in spans)


def write(found: Sequence[tuple[Case, Trace]], folder: Path) -> None:
    """Puts cases and traces into `folder`, where `read` finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.jsonl").open("w") as cases, (folder / "traces.jsonl").open("w") as traces:
        for case, trace in found:
            cases.write(json.dumps(asdict(case)) + "\n")
            traces.write(trace.model_dump_json() + "\n")


def read(folder: Path) -> list[tuple[Case, Trace]]:
    """What `write` wrote."""
    with (folder / "cases.jsonl").open() as cases, (folder / "traces.jsonl").open() as traces:
        rows = [json.loads(line) for line in cases]
        lists = ("operators", "failures", "culprits")
        made = [Case(**{key: tuple(value) if key in lists else value for key, value in row.items()}) for row in rows]
        return list(zip(made, map(Trace.model_validate_json, traces), strict=True))


def make(
    corpora: Sequence[Corpus], folder: Path, per_operator: int, seed: int = 7, beside: Sequence[Corpus] = ()
) -> list[tuple[Case, Trace]]:
    """Makes the traces over `corpora` and puts them into `folder`; see `Maker` for `beside`."""
    started = time.perf_counter()
    maker = Maker(corpora, seed, beside)
    later = Maker(corpora, seed + 1, beside)
    found = [
        *maker.cases(per_operator),
        *later.later(per_operator),
        *marked([corpus for corpus in corpora if any(question.bad for question in corpus.questions)]),
    ]
    write(found, folder)
    print(f"{len(found)} traces in {time.perf_counter() - started:.0f} s; not made: {dict(maker.skipped)}")
    return found
