"""`weaklink bench`: vector stores on your corpus and your questions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weaklink.cli.failing import CleanGroup
from weaklink.cli.options import JsonOption, StoreOption, WidthOption
from weaklink.errors import WeaklinkError

if TYPE_CHECKING:
    from weaklink.bench.data import Query, Value
    from weaklink.bench.plan import Plan
    from weaklink.bench.session import Step
    from weaklink.store.protocol import Feedback


class BenchGroup(CleanGroup):
    """Takes `weaklink bench docs/` and `weaklink bench run.toml`, which are what people type first."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """A path in the first place is the corpus, or the configuration."""
        if args and args[0] not in self.commands and (args[0].endswith(".toml") or os.path.exists(args[0])):
            args = ["--config" if args[0].endswith(".toml") else "--corpus", *args]
        return super().parse_args(ctx, args)


bench_app = typer.Typer(cls=BenchGroup, invoke_without_command=True, rich_markup_mode=None)


_MOST_TRACES = 10_000
_CORPUS = "A folder of text files, or a JSONL file with a field text."
_STORES = "Names with commas between, such as chroma,faiss-hnsw,qdrant; faiss is all of its index types; or all."
_QUERIES = "A file: one per line, or CSV, JSON or JSONL with question and relevant; or `traces`. By default made from the corpus."
_FRAMEWORK = "langchain, llama_index, none or all; by default the first that has the store."
_EMBEDDER = "wordllama, minilm, or module:attribute of your LangChain or LlamaIndex embedder."
_CHAIN = "Also how the answers differ: module:function or file.py:function of a store and a question; or `extractive`."
_CONFIG = "A TOML file with these options by their names; what is typed wins."
_SET = "A parameter, or several values to compare: --set faiss-hnsw.ef=16,64."
_OUTPUT = "Also write the report: .html, .md, .json, .txt or .svg; may be given several times."


@bench_app.callback()
def bench(
    context: typer.Context,
    corpus: Annotated[str | None, typer.Option("--corpus", "-c", metavar="PATH", help=_CORPUS)] = None,
    stores: Annotated[str, typer.Option("--stores", "-s", metavar="NAMES", help=_STORES)] = "all",
    queries: Annotated[str | None, typer.Option("--queries", "-q", metavar="FILE", help=_QUERIES)] = None,
    framework: Annotated[str | None, typer.Option("--framework", "-f", metavar="NAME", help=_FRAMEWORK)] = None,
    embedder: Annotated[str | None, typer.Option("--embedder", metavar="NAME", help=_EMBEDDER)] = None,
    chain: Annotated[str | None, typer.Option("--chain", metavar="NAME", help=_CHAIN)] = None,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many passages a search returns.")] = 10,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, metavar="N", help="How often each store is opened and filled.")
    ] = 3,
    full: Annotated[bool, typer.Option("--full", help="Also many clients, writing, filters, other k, MMR.")] = False,
    sweep: Annotated[bool, typer.Option("--sweep", help="Also other parameters of the indexes.")] = False,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="STORE.NAME=VALUES", help=_SET)] = None,
    urls: Annotated[list[str] | None, typer.Option("--url", metavar="STORE=URL", help="A store's server.")] = None,
    output: Annotated[list[str] | None, typer.Option("--output", "-o", metavar="FILE", help=_OUTPUT)] = None,
    limit: Annotated[float, typer.Option("--limit", metavar="SECONDS", min=1, help="For one process.")] = 600,
    config: Annotated[str | None, typer.Option("--config", metavar="FILE.toml", help=_CONFIG)] = None,
    trace_store: StoreOption = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show the stores that there are, and leave.")] = False,
    as_json: JsonOption = False,
    width: WidthOption = None,
) -> None:
    """Compare vector stores on your own documents and questions, through your own framework.

    Says which store finds what an exact search finds, how long a search takes, what the framework adds to it, and what cannot
    be told apart. Nothing leaves this machine. Interrupted, it goes on where it was when it is started again. Exit code 1 when
    no store could be measured.

    \b
    weaklink bench --corpus docs/
    weaklink bench --corpus docs/ --stores chroma,faiss-hnsw,qdrant -o report.html
    weaklink bench --corpus docs/ --queries traces --framework all --full
    weaklink bench --corpus docs/ --stores faiss-hnsw --set faiss-hnsw.ef=16,32,64
    weaklink bench --corpus docs/ --stores chroma,faiss --chain my_chain.py:ask
    weaklink bench bench.toml
    weaklink bench compare old.json new.json
    """
    if context.invoked_subcommand is not None:
        return
    if show_list:
        _show_recipes(as_json)
        return
    from weaklink.bench.plan import Plan, load_plan

    given: dict[str, Any] = {
        "corpus": corpus, "stores": stores, "queries": queries, "framework": framework, "embedder": embedder, "chain": chain, "k": k,
        "repeats": repeats, "full": full, "sweep": sweep, "set": _settings(settings or ()),
        "url": dict(_pair(url, "--url STORE=URL") for url in urls or ()), "output": output or [], "limit": limit,
    }  # fmt: skip
    plan = (load_plan(config) if config else Plan()).model_copy(update=_typed(context, given))
    if plan.corpus is None:
        raise WeaklinkError(
            "there is nothing to search without a corpus; type: weaklink bench --corpus FOLDER (text files), or weaklink bench --help"
        )
    _run(plan, trace_store, as_json=as_json, width=width)


def _typed(context: typer.Context, given: dict[str, Any]) -> dict[str, Any]:
    """What stands on the command line, which wins over a file."""
    options = {"set": "settings", "url": "urls"}
    return {
        name: value
        for name, value in given.items()
        if (source := context.get_parameter_source(options.get(name, name))) is not None and source.name != "DEFAULT"
    }


def _run(plan: Plan, trace_store: str | None, *, as_json: bool, width: int | None) -> None:
    from weaklink.bench.comparison import compare
    from weaklink.bench.report import writer_for
    from weaklink.bench.show import as_text
    from weaklink.cli.failing import BROKEN
    from weaklink.cli.screen import hint, look, show_json, show_text

    writers = [(path, writer_for(path)) for path in plan.output]
    with _saying_how_to_go_on(), _progress() as progress:
        result = compare(
            plan.names, plan.corpus, _queries(plan.queries, trace_store), framework=plan.framework, embedder=plan.embedder, k=plan.k,
            repeats=plan.repeats, rounds=plan.rounds, seed=plan.seed, full=plan.full, sweep=plan.sweep, settings=plan.set, urls=plan.url,
            chain=plan.chain, limit_s=plan.limit, progress=progress,
        )  # fmt: skip
    for path, write in writers:
        hint(f"written to {write(result, path)}")
    if as_json:
        show_json(result.model_dump(mode="json"))
    else:
        show_text(as_text(result, look(width)))
    if not any(store.latency for store in result.measured):
        raise typer.Exit(BROKEN)


def _is_bad(feedback: Feedback) -> bool:
    return feedback.value in (False, 0, -1, "down", "bad", "wrong")


def _pair(given: str, form: str) -> tuple[str, str]:
    name, is_there, value = given.partition("=")
    if not is_there or not name or not value:
        raise WeaklinkError(f"{given!r} is no value for {form}: a name, an equals sign and a value are needed")
    return name, value


def _settings(given: Sequence[str]) -> dict[str, dict[str, list[Value]]]:
    found: dict[str, dict[str, list[Value]]] = {}
    for each in given:
        path, values = _pair(each, "--set STORE.NAME=VALUES")
        store, is_there, name = path.rpartition(".")
        if not is_there:
            raise WeaklinkError(
                f"{each!r} names no store: write --set STORE.NAME=VALUES, such as --set faiss-hnsw.ef=16,64"
            )
        found.setdefault(store, {})[name] = [_value(value) for value in values.split(",")]
    return found


def _value(text: str) -> Value:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _queries(given: str | None, store: str | None) -> str | list[Query] | None:
    if given != "traces":
        return given
    from weaklink.bench.mined import queries_from
    from weaklink.cli.finding import reading

    opened = reading(store)
    try:
        found = queries_from(
            opened.traces(limit=_MOST_TRACES), lambda trace_id: any(map(_is_bad, opened.feedback(trace_id)))
        )
    finally:
        opened.close()
    if not found:
        raise WeaklinkError("no recorded trace has a question; record some, or give --queries FILE")
    return found


@contextmanager
def _saying_how_to_go_on() -> Generator[None]:
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("\nstopped; what was measured is kept, and the same command goes on from there", err=True)
        raise


@contextmanager
def _progress() -> Generator[Callable[[Step], None]]:
    """A bar on stderr, where somebody looks at it; one line per store elsewhere."""
    steps: list[Step] = []

    def begin(step: Step) -> None:
        if not steps and step.done:
            typer.echo(f"{step.done} of {step.of} were measured before this was stopped; going on from there", err=True)
        steps.append(step)

    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":

        def say(step: Step) -> None:
            begin(step)
            if step.store:
                typer.echo(f"{step.done + 1}/{step.of} {step.store}", err=True)

        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns: list[Any] = [BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}")]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("embedding", total=None)

        def move(step: Step) -> None:
            begin(step)
            bar.update(task, total=step.of, completed=step.done, description=step.store)

        yield move


def _show_recipes(as_json: bool) -> None:
    from rich.table import Table

    from weaklink.bench.recipes import find_recipes, missing_packages, pip_line
    from weaklink.cli.screen import look, show_block, show_json

    recipes = sorted(find_recipes().values(), key=lambda recipe: (recipe.framework == "none", recipe.full_name))
    if as_json:
        show_json([
            {"name": r.full_name, "kind": r.kind, "parameters": {**r.build, **r.search}, "missing": list(missing_packages(r)), "url": r.url}
            for r in recipes
        ])  # fmt: skip
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for recipe in recipes:
        absent = missing_packages(recipe)
        state = pip_line(absent) if absent else f"server: {recipe.url}" if recipe.url_required else "ready"
        parameters = " ".join(f"{name}={value}" for name, value in {**recipe.build, **recipe.search}.items())
        grid.add_row(recipe.full_name, recipe.kind, f"{state}  {parameters}".rstrip())
    show_block(grid, look())


@bench_app.command("compare", short_help="Two results: what got slower or worse.")
def compare_results(
    old: Annotated[str, typer.Argument(metavar="OLD.json", help="A result that weaklink bench wrote with -o FILE.json.")],
    new: Annotated[str, typer.Argument(metavar="NEW.json", help="A later one.")],
    slower: Annotated[float, typer.Option("--slower", metavar="FACTOR", min=1.0, help="How many times as long a search may take.")] = 1.5,
    worse: Annotated[float, typer.Option("--worse", metavar="SHARE", min=0.0, help="By how much recall or nDCG may fall.")] = 0.02,
    as_json: JsonOption = False,
    width: WidthOption = None,
) -> None:  # fmt: skip
    """Compare two results; exit code 1 where a store got slower or worse, 0 where none did, 2 where nothing can be judged.

    A store is slower where its median is more than --slower times the old one and more than what the A/A controls say is
    noise, and the repeats do not overlap. Speed is not judged between different machines, and nothing where the corpus, the
    questions, the embedder or k are others.

    \b
    weaklink bench --corpus docs/ -o new.json && weaklink bench compare old.json new.json
    """
    from weaklink.bench.regression import regressions
    from weaklink.bench.result import load_result
    from weaklink.bench.show import comparison_as_text
    from weaklink.cli.failing import BROKEN, USAGE
    from weaklink.cli.screen import look, show_json, show_text

    found = regressions(load_result(old), load_result(new), slower=slower, worse=worse)
    if as_json:
        show_json({"ok": found.is_possible and not found.regressions, "summary": found.summary(), **found.model_dump()})
    else:
        show_text(comparison_as_text(found, look(width)))
    if found.regressions:
        raise typer.Exit(BROKEN)
    if not found.is_possible:
        raise typer.Exit(USAGE)
