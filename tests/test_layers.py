"""The order of imports: downward only, no framework under src/, and an `import weaklink` that costs a host almost nothing."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import weaklink

SOURCE = Path(weaklink.__file__).parent

# The lowest first. A part may import what stands in lower lines, and what stands in its own line as long as nothing goes in circles.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"model"}),
    frozenset({"snapshot", "redact", "settings", "errors", "muting"}),
    frozenset({"query", "prices"}),
    frozenset({"store", "recorder"}),
    frozenset({"scoring"}),
    frozenset({"diagnosis"}),
    frozenset(
        {"report", "export", "tracefrom", "integrations", "examine", "watching", "batch", "labels", "score_many"}
    ),
    frozenset({"cli", "viewer", "pytest_plugin", "testing", "demo", "__main__"}),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
# What stands at the side, and all that it may import; only the uppermost line imports it.
ASIDE = {"bench": {"model", "settings", "errors", "scoring", "tracefrom", "report", "bench"}}
FRAMEWORKS = ("langchain", "llama_index", "langgraph", "ragas", "weaklink_")
# The diagnosis is pure: the same input gives the same verdict.
# (`probe` asks the user's live store for more passages, when told to, and so has a clock and a thread that may be left behind.)
IMPURE = {
    "time",
    "datetime",
    "random",
    "secrets",
    "os",
    "pathlib",
    "io",
    "socket",
    "subprocess",
    "threading",
    "urllib",
    "http",
}


class Import(NamedTuple):
    """One import statement: the file that makes it, its part of weaklink ("" for weaklink/__init__), and what it imports."""

    file: str
    part: str
    module: str
    line: int


def part_of(module: str) -> str:
    """The part of weaklink that a module belongs to: "weaklink.store.codec" is in "store", "weaklink" itself is ""."""
    return module.split(".")[1] if "." in module else ""


def imports_in(source: str, file: str, module: str, *, is_package: bool) -> Iterator[Import]:
    """Each import of a file, also inside functions and under TYPE_CHECKING; relative ones spelled out."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            # `from weaklink import store` imports a part; everyone may know the version.
            names = [f"{base}.{a.name}" if base == "weaklink" and a.name in LEVEL else base
                     for a in node.names if a.name != "__version__"]  # fmt: skip
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                names = [node.args[0].value]
        for name in names:
            yield Import(file, part_of(module), name, node.lineno)  # type: ignore[attr-defined]


def imports_under(folder: Path) -> list[Import]:
    """The imports of every file of the package in `folder`."""
    found: list[Import] = []
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder)
        names = ["weaklink", *relative.with_suffix("").parts]
        is_package = names[-1] == "__init__"
        module = ".".join(names[:-1] if is_package else names)
        found += imports_in(path.read_text(encoding="utf-8"), str(relative), module, is_package=is_package)
    return found


def violations(imports: list[Import]) -> list[str]:
    """Each import that goes upward, or to a framework, in words."""
    wrong: list[str] = []
    for found in imports:
        where = f"{found.file}:{found.line}"
        top = found.module.split(".")[0]
        if top.startswith(FRAMEWORKS):
            wrong.append(f"{where} imports the framework {found.module}")
        if found.part == "diagnosis" and top in IMPURE and found.file != "diagnosis/probe.py":
            wrong.append(f"{where} imports {found.module}, and the diagnosis is pure")
        if top != "weaklink" or found.part == "":
            continue  # weaklink/__init__ is the door to everything
        target = part_of(found.module)
        if found.part in ASIDE:
            if target not in ASIDE[found.part]:
                wrong.append(
                    f"{where} imports {found.module}, and {found.part} may import {sorted(ASIDE[found.part])} alone"
                )
        elif found.part not in LEVEL:
            wrong.append(f"{where}: {found.part} has no place in LAYERS")
        elif (target in ASIDE or target == "") and LEVEL[found.part] < len(LAYERS) - 1:
            wrong.append(f"{where} imports {found.module}, which is not below {found.part}")
        elif target and target not in ASIDE and LEVEL.get(target, len(LAYERS)) > LEVEL[found.part]:
            wrong.append(f"{where} imports {found.module}, which is above {found.part}")
        elif found.part == "model" and target != "model":
            wrong.append(f"{where} imports {found.module}, and model imports nothing of weaklink")
    return wrong


def cycle_in(imports: list[Import]) -> list[str]:
    """The parts along a circle of imports; empty where there is none."""
    edges: dict[str, set[str]] = {}
    for found in imports:
        if found.module.startswith("weaklink.") and found.part and part_of(found.module) != found.part:
            edges.setdefault(found.part, set()).add(part_of(found.module))
    done: set[str] = set()

    def visit(part: str, path: list[str]) -> list[str]:
        if part in path:
            return [*path[path.index(part) :], part]
        if part in done:
            return []
        for below in sorted(edges.get(part, ())):
            if circle := visit(below, [*path, part]):
                return circle
        done.add(part)
        return []

    return next((circle for part in sorted(edges) if (circle := visit(part, []))), [])


def test_imports_go_downward_and_never_to_a_framework():
    assert violations(imports_under(SOURCE)) == []


def test_no_two_parts_import_each_other():
    assert cycle_in(imports_under(SOURCE)) == []


@pytest.mark.parametrize(
    ("file", "module", "source", "expected"),
    [
        ("model/x.py", "weaklink.model.x", "from weaklink.store import open_store", "x.py:1 imports weaklink.store, which is above model"),
        ("redact.py", "weaklink.redact", "def f():\n    from weaklink.model import Span\n    import langchain_core",
         "redact.py:3 imports the framework langchain_core"),
        ("report/x.py", "weaklink.report.x", "from ..cli import main", "report/x.py:1 imports weaklink.cli, which is above report"),
        ("store/x.py", "weaklink.store.x", "import weaklink", "store/x.py:1 imports weaklink, which is not below store"),
        ("store/x.py", "weaklink.store.x", "from weaklink import scoring", "store/x.py:1 imports weaklink.scoring, which is above store"),
        ("cli/x.py", "weaklink.cli.x", "from importlib import import_module\nimport_module('ragas.metrics')",
         "cli/x.py:2 imports the framework ragas.metrics"),
        ("diagnosis/x.py", "weaklink.diagnosis.x", "import time", "diagnosis/x.py:1 imports time, and the diagnosis is pure"),
        ("bench/x.py", "weaklink.bench.x", "from weaklink.store import open_store",
         "bench/x.py:1 imports weaklink.store, and bench may import ['bench', 'errors', 'model', 'report', 'scoring', 'settings', 'tracefrom'] alone"),  # noqa: E501
        ("store/x.py", "weaklink.store.x", "from weaklink.bench import run",
         "store/x.py:1 imports weaklink.bench, which is not below store"),
        ("new/x.py", "weaklink.new.x", "from weaklink.model import Span", "new/x.py:1: new has no place in LAYERS"),
    ],
)  # fmt: skip
def test_the_checker_finds_a_planted_violation(file: str, module: str, source: str, expected: str):
    found = violations(list(imports_in(source, file, module, is_package=False)))
    assert [text.removeprefix("model/") for text in found] == [expected]


def test_the_checker_finds_a_planted_circle():
    planted = [*imports_in("import weaklink.recorder.x", "store/x.py", "weaklink.store.x", is_package=False),
               *imports_in("import weaklink.store.x", "recorder/x.py", "weaklink.recorder.x", is_package=False)]  # fmt: skip
    assert cycle_in(planted) == ["recorder", "store", "recorder"]


def test_the_checker_lets_downward_imports_pass():
    source = "from weaklink.errors import StoreError\nfrom weaklink import __version__\nimport apsw"
    assert violations(list(imports_in(source, "cli/x.py", "weaklink.cli.x", is_package=False))) == []


def in_a_fresh_process(code: str) -> dict[str, object]:
    """What `code` leaves in `found`, run in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"found = {{}}\n{code}\nimport json; print(json.dumps(found))"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


_COST = """
import sys, time
began = time.process_time()
import weaklink
found["ms"] = (time.process_time() - began) * 1000
found["loaded"] = [name for name in ("pydantic", "pydantic_core", "apsw", "numpy", "orjson", "rich", "typer") if name in sys.modules]
"""


def test_importing_weaklink_takes_under_150_ms_of_cpu_and_loads_no_large_library():
    runs = [in_a_fresh_process(_COST) for _ in range(3)]
    quickest = min(float(str(run["ms"])) for run in runs)
    print(f"import weaklink: {quickest:.1f} ms of CPU")
    assert quickest < 150
    assert [run["loaded"] for run in runs] == [[], [], []]


_NETWORK = """
import sys
calls = []
sys.addaudithook(lambda event, args: calls.append(event) if event.startswith(("socket.", "urllib.", "http.client.")) else None)
import importlib, pkgutil, weaklink
for module in pkgutil.walk_packages(weaklink.__path__, "weaklink."):
    if "__main__" not in module.name:
        try:
            importlib.import_module(module.name)
        except ImportError as error:  # a part whose own extra is not installed
            if (error.name or "").startswith("weaklink"):
                raise
found["calls"] = [event for event in calls if event not in ("socket.__new__", "socket.gethostname")]
"""


def test_no_module_of_weaklink_touches_the_network_when_imported():
    assert in_a_fresh_process(_NETWORK) == {"calls": []}
