"""The `weaklink` command."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from weaklink import __version__
from weaklink.cli.bench import bench_app
from weaklink.cli.blame import blame
from weaklink.cli.demo import demo
from weaklink.cli.diagnose import diagnose
from weaklink.cli.diff import diff
from weaklink.cli.doctor import doctor
from weaklink.cli.export import export
from weaklink.cli.failing import CleanGroup, leave_broken_pipe
from weaklink.cli.importing import import_file
from weaklink.cli.list import list_traces
from weaklink.cli.prune import prune
from weaklink.cli.score import score
from weaklink.cli.show import show
from weaklink.cli.view import view

app = typer.Typer(
    name="weaklink",
    cls=CleanGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

_VERBS: tuple[tuple[str, Callable[..., None], str], ...] = (
    ("demo", demo, "a RAG chain over a small handbook, broken nine times and diagnosed"),
    ("list", list_traces, "recent traces: verdict, weak link, question, time, tokens"),
    ("show", show, "one trace: verdict, evidence, passages, steps with their scores"),
    ("diagnose", diagnose, "score and diagnose what waits; --watch goes on with what comes"),
    ("blame", blame, "what the broken traces share: a prompt, an index, a tool, a source"),
    ("view", view, "all of this in the browser"),
    ("diff", diff, "two traces step by step: passages, prompts, scores, verdicts"),
    ("score", score, "score with more or other scorers; --estimate says what that costs"),
    ("export", export, "traces as JSON lines, or one as HTML, Markdown, text or JSON"),
    ("import", import_file, "read traces from JSON lines into the store"),
    ("prune", prune, "delete old traces: by age, number or size"),
    ("doctor", doctor, "versions, integrations, health of the store, what is missing"),
)
for _name, _verb, _says in _VERBS:
    app.command(_name, short_help=_says)(_verb)
app.add_typer(bench_app, name="bench", short_help="vector stores on your own documents and questions")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"weaklink {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Finds the weak link of a RAG chain: which step broke, why, and how sure that is.

    \b
    weaklink demo          a real RAG chain on this machine, broken and diagnosed
    weaklink list          what your own chains did lately
    weaklink show last     the newest of them, step by step
    weaklink view          the same in the browser

    Each command says more with --help. Exit codes: 0 fine, 1 something is broken (demo, show --check, doctor, bench) or could
    not be done at all (score, diagnose), 2 wrong usage, 130 stopped with Ctrl-C.
    """


def main() -> None:
    """Run the command and leave with its exit code: 0 fine, 1 something is broken, 2 wrong usage."""
    # A shell can close them (`weaklink list >&-`), and Python then has none.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its number, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        leave_broken_pipe()
