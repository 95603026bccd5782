"""The `weaklink` command."""

from __future__ import annotations

import io
import sys
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

app.command("demo")(demo)
app.command("list")(list_traces)
app.command("show")(show)
app.command("diagnose")(diagnose)
app.command("blame")(blame)
app.command("view")(view)
app.command("diff")(diff)
app.command("score")(score)
app.add_typer(bench_app, name="bench")
app.command("export")(export)
app.command("import")(import_file)
app.command("prune")(prune)
app.command("doctor")(doctor)


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
    weaklink demo          a real RAG chain on this machine, broken and diagnosed before your eyes
    weaklink list          what your own chains did lately
    weaklink show last     the newest of them, step by step
    weaklink view          the same in the browser
    """


def main() -> None:
    """Run the command and leave with its exit code: 0 fine, 1 something is broken, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets its number, not a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        leave_broken_pipe()
