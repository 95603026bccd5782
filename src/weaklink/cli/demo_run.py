"""Runs the cases of the demo: each is recorded, scored, diagnosed, and compared with what ought to be said."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import weaklink
from weaklink.cli.screen import hint, waiting
from weaklink.demo import open_demo
from weaklink.errors import UnknownTrace, WeaklinkError
from weaklink.examine import Examination, examine
from weaklink.report.figures import bytes_text

if TYPE_CHECKING:
    from weaklink.demo import DemoCase, DemoPipeline, Progress
    from weaklink.model import Diagnosis
    from weaklink.store import Store

_STAGES = {"download": "fetching the model, once", "unpack": "unpacking the model"}


@dataclass(frozen=True, slots=True)
class DemoResult:
    """One case: what the chain answered, and what the diagnosis says."""

    case: DemoCase
    result: object
    """What the chain returned, or the exception it raised."""
    examined: Examination

    @property
    def diagnosis(self) -> Diagnosis:
        """What Weaklink says."""
        return self.examined.diagnosis

    @property
    def is_right(self) -> bool:
        """The chain answered right."""
        return self.case.is_right(self.result)

    @property
    def agrees(self) -> bool:
        """The diagnosis says what it ought to."""
        return self.case.agrees(self.diagnosis, self.result)

    @property
    def is_binding(self) -> bool:
        """The demo fails where the diagnosis is wrong here: on a sabotage, and on an answer that was right."""
        return self.case.kind == "sabotage" or self.is_right

    @property
    def expected(self) -> str:
        """What the diagnosis ought to say, in words."""
        if self.case.kind != "sabotage" and self.is_right:
            return "ok"
        if self.case.kind == "right":
            return "broken at generate (the model answered wrong this time)"
        return "broken at " + ", or at ".join(
            f"{blame.role} ({' or '.join(blame.failures)})" for blame in self.case.blames
        )

    @property
    def answer(self) -> str:
        """What came out, for people."""
        if isinstance(self.result, BaseException):
            return f"{type(self.result).__name__}: {self.result}"
        return str(self.result)

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        diagnosis = self.diagnosis
        return {
            "id": self.case.id, "kind": self.case.kind, "question": self.case.question, "answer": self.answer,
            "is_right": self.is_right, "trace_id": diagnosis.trace_id, "verdict": diagnosis.verdict,
            "culprit": diagnosis.culprit.model_dump(mode="json") if diagnosis.culprit else None,
            "failure": diagnosis.failure, "confidence": diagnosis.confidence, "summary": diagnosis.summary,
            "strip": diagnosis.strip_text, "expected": self.expected, "agrees": self.agrees,
        }  # fmt: skip


def run_cases(cases: Sequence[DemoCase], framework: str, llm: str, store: str | None) -> Iterator[DemoResult]:
    """Run each case and examine it; the traces go to `store`. Raises WeaklinkError where the demo cannot run."""
    with ExitStack() as stack:
        pipeline = _opened(stack, framework, llm)
        opened = weaklink.open_store(store)
        stack.callback(opened.close)
        for number, case in enumerate(cases, start=1):
            with waiting(f"{number} of {len(cases)}: {case.question}"):
                result = _ask(pipeline, case, opened, store)
            yield result


def _opened(stack: ExitStack, framework: str, llm: str) -> DemoPipeline:
    kind = cast("Literal['real', 'scripted']", llm)
    with _progress() as report:
        return stack.enter_context(open_demo(framework, llm=kind, progress=report))


def _ask(pipeline: DemoPipeline, case: DemoCase, opened: Store, store: str | None) -> DemoResult:
    with weaklink.record(store) as run:
        try:
            result: object = pipeline.run(case)
        except Exception as error:  # noqa: BLE001 - a case may raise: that is what it shows
            result = error
    try:
        trace = run.trace
    except UnknownTrace as error:
        raise WeaklinkError(
            f"the demo recorded nothing for the case {case.id!r}, because no installed integration saw the chain run "
            f"({type(result).__name__}): type: weaklink doctor"
        ) from error
    return DemoResult(case, result, examine(trace, opened))


@contextmanager
def _progress() -> Generator[Callable[[Progress], None]]:
    """A bar on stderr while the chain starts, and one for each stage of the model's download; a line each in a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    tasks: dict[str, TaskID] = {}
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[size]}"))
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bars.add_task("starting the chain", total=None, size="")

        def report(progress: Progress) -> None:
            words = _STAGES[progress.stage]
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task(words, total=progress.total, size="")
                if not console.is_terminal:
                    hint(words)
            size = f"{bytes_text(progress.done)} of {bytes_text(progress.total)}"
            bars.update(tasks[progress.stage], completed=progress.done, size=size)

        yield report
