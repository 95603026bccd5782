"""What `weaklink demo` prints."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from weaklink.report.clean import clean
from weaklink.report.text import Look, strip_line, verdict_bar
from weaklink.report.view import report_of

if TYPE_CHECKING:
    from weaklink.cli.demo_run import DemoResult

KINDS: Final = {
    "right": "right answers called ok",
    "natural": "failures of the model itself named",
    "sabotage": "sabotaged steps named",
}


def opening_text(framework: str, llm: str, count: int, store: str) -> str:
    """What is about to happen."""
    model = "SmolLM2-135M on this machine" if llm == "real" else "scripted answers (what SmolLM2-135M once said)"
    asked = f"{count} questions are" if count > 1 else "one question is"
    return (
        f"A RAG chain over a made-up company's handbook, in {framework}, with {model}.\n"
        f"{asked} asked; some steps are broken on purpose. Every run is recorded in {store}, scored and diagnosed."
    ).replace("\none ", "\nOne ")


def case_block(result: DemoResult, number: int, count: int, look: Look) -> RenderableType:
    """One case: what was asked and answered, the strip, the verdict, and what it ought to be."""
    case = result.case
    kind = {
        "right": "healthy chain",
        "natural": "healthy chain, the model fails by itself",
        "sabotage": "broken on purpose",
    }[case.kind]
    title = Text(f"{number}/{count} {case.id}", "bold")
    title.append(f"  {kind}", "not bold dim")
    inner = Look(width=look.width - 2, plain=look.plain)
    examined = result.examined
    report = report_of(examined.trace, examined.scores, examined.diagnosis)
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=8, no_wrap=True)
    grid.add_column(overflow="fold")
    if case.kind == "sabotage":
        grid.add_row(Text("sabotage", "bold"), Text(case.story))
    grid.add_row(Text("question", "bold"), Text(case.question))
    answer = Text(clean(result.answer.strip().split("\n")[0]))
    answer.append(*_how_it_went(result))
    grid.add_row(Text("answer", "bold"), answer)
    expected = Text(f"expected: {result.expected}", "dim")
    expected.append("  agrees" if result.agrees else "  DIFFERS", "bold green" if result.agrees else "bold red")
    strip = strip_line(report, inner)
    parts = [grid, *([strip] if strip else []), verdict_bar(report, inner), expected]
    return Group(title, *(Padding(part, (0, 0, 0, 2)) for part in parts), Text(""))


def _how_it_went(result: DemoResult) -> tuple[str, str]:
    if isinstance(result.result, BaseException):
        return "  (raised)", "red"
    return ("  (right)", "green") if result.is_right else ("  (wrong)", "red")


def closing_block(results: Sequence[DemoResult], store: str | None, look: Look) -> RenderableType:
    """How often the diagnosis was right, and what to type next; `store` is the one that --store named."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    for kind, title in KINDS.items():
        of_kind = [result for result in results if result.case.kind == kind]
        if of_kind:
            agree = sum(result.agrees for result in of_kind)
            grid.add_row(
                Text(title), Text(f"{agree} of {len(of_kind)}", "bold green" if agree == len(of_kind) else "bold red")
            )
    shown = next((result for result in results if result.case.kind == "sabotage"), results[-1])
    tail = shown.diagnosis.trace_id[-12:]
    where = "" if store is None else f" --store {shlex.quote(store)}"
    lines: list[Text] = []
    for command, does in (
        (f"weaklink show {tail}{where}", f"the whole story of {shown.case.id}"),
        (f"weaklink list{where}", "all of these runs"),
        (f"weaklink view{where}", "the same in the browser"),
        (f"weaklink export {tail}{where} --format html -o report.html", "one of them as a page"),
    ):
        has_room = len(command) + len(does) + 4 <= look.width
        lines.append(Text.assemble("  ", (command, "bold"), (f"  {does}" if has_room else "", "dim")))
    return Group(grid, Text(""), Text("Type next:"), *lines)
