"""What `weaklink doctor` looks at."""

from __future__ import annotations

import os
import platform
import stat
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from weaklink.errors import WeaklinkError

_CORE = ("weaklink", "pydantic", "apsw", "orjson", "numpy", "rich", "typer", "wordllama")
# What serves a framework: the framework's module, our distribution, its name for pip.
_INTEGRATIONS = (("LangChain", "langchain_core", "langchain", "weaklink-langchain"),
                 ("LlamaIndex", "llama_index.core", "llama_index", "weaklink-llama-index"))  # fmt: skip
# What is no part of the core: what it is for, the modules that it needs, how to get them.
_EXTRAS = (("viewer", "weaklink view", ("fastapi", "uvicorn"), 'pip install "weaklink[view]"'),
           ("ragas", "weaklink score --with ragas:faithfulness", ("weaklink_ragas",), "pip install weaklink-ragas"),
           ("models", "weaklink score --with onnx:groundedness", ("weaklink_models",), "pip install weaklink-models"))  # fmt: skip
_DEMO = (("chromadb", "chromadb"), ("xllamacpp", "xllamacpp"))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    part: str
    """"versions", "integrations", "extras", "demo", "store" or "stress"."""
    name: str
    state: Literal["ok", "missing", "note", "wrong"]
    """"missing" is an extra that is not there; only "wrong" is a fault."""
    says: str
    advice: str = ""
    """What to type."""

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def all_checks(store: str | None, *, deep: bool = False, stress: bool = False) -> list[Check]:
    """All checks, part by part."""
    return [
        *_versions(),
        *_integrations(),
        *_extras(),
        *_demo(),
        *_store(store, deep=deep),
        *(_stress(store) if stress else ()),
    ]


def _stress(given: str | None) -> Iterator[Check]:
    from weaklink.cli.stress import stress_checks
    from weaklink.settings import load_settings
    from weaklink.store.location import resolve

    return stress_checks(resolve(load_settings(store=given).store))


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _has_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _versions() -> Iterator[Check]:
    yield Check("versions", "python", "ok", f"{platform.python_version()} ({sys.executable})")
    for name in _CORE:
        found = _installed(name)
        if found is None:
            yield Check("versions", name, "wrong", "not installed, and Weaklink needs it", f"pip install {name}")
        else:
            yield Check("versions", name, "ok", found)
    import apsw

    sqlite = apsw.sqlite_lib_version()
    # SQLite up to 3.51.2 can corrupt a WAL database when a writer races a checkpoint.
    if tuple(map(int, sqlite.split("."))) < (3, 51, 3):
        yield Check("versions", "SQLite", "wrong", f"{sqlite} can damage the store", "pip install --upgrade apsw")
    else:
        yield Check("versions", "SQLite", "ok", f"{sqlite} (in apsw)")


def _integrations() -> Iterator[Check]:
    points = {point.name: point for point in entry_points(group="weaklink.integrations")}
    for title, module, name, package in _INTEGRATIONS:
        point = points.pop(name, None)
        has_framework = _has_module(module)
        if point is None and has_framework:
            yield Check(
                "integrations", title, "missing", f"{module} is installed, {package} is not", f"pip install {package}"
            )
        elif point is None:
            yield Check("integrations", title, "missing", "not installed", f"pip install {package}")
        else:
            yield _loaded(
                title, point, f"{_installed(package) or ''}, {module.partition('.')[0]} {_framework_version(module)}"
            )
    for name, point in points.items():
        yield _loaded(name, point, "installed")


def _framework_version(module: str) -> str:
    return _installed(module.replace("_", "-").replace(".", "-")) or "not installed"


def _loaded(title: str, point: Any, says: str) -> Check:
    try:
        point.load()
    except ImportError as error:
        needed = error.name or "a package"
        return Check(
            "integrations", title, "wrong", f"cannot be imported: {error}", f"pip install {needed.partition('.')[0]}"
        )
    except Exception as error:  # noqa: BLE001 - whatever a package raises when it is imported is what is wrong with it
        return Check("integrations", title, "wrong", f"fails when it is imported: {type(error).__name__}: {error}")
    return Check("integrations", title, "ok", says)


def _extras() -> Iterator[Check]:
    for name, serves, modules, advice in _EXTRAS:
        if all(map(_has_module, modules)):
            yield Check("extras", name, "ok", f"for {serves}")
        else:
            yield Check("extras", name, "missing", f"{serves} needs it", advice)


def _demo() -> Iterator[Check]:
    from weaklink.demo.model import SMOLLM2, cache_folder

    for module, package in _DEMO:
        if _has_module(module):
            yield Check("demo", package, "ok", _installed(package) or "installed")
        else:
            yield Check("demo", package, "missing", "weaklink demo needs it", "pip install -r requirements-demo.txt")
    model = cache_folder() / SMOLLM2.file_name
    if model.exists():
        yield Check("demo", "model", "ok", str(model))
    else:
        yield Check("demo", "model", "note", "not here yet: the first `weaklink demo` fetches it, 93 MB")


def _store(given: str | None, *, deep: bool) -> Iterator[Check]:
    from weaklink.settings import load_settings
    from weaklink.store.location import resolve

    try:
        path = resolve(load_settings(store=given).store)
    except WeaklinkError as error:
        yield Check("store", "path", "wrong", str(error))
        return
    if not path.exists():
        if given is None:
            yield Check("store", "file", "note", f"none at {path} yet: the first recorded chain makes it")
        else:
            yield Check("store", "file", "wrong", f"there is none at {path}", "check the path given with --store")
        return
    yield _permissions(path)
    yield from _contents(path, deep=deep)


def _permissions(path: Path) -> Check:
    if os.name == "nt":
        return Check("store", "file", "ok", str(path))
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Check("store", "file", "wrong", f"{path} can be read by others (mode {mode:o}), and traces hold what users asked",
                     f"chmod 600 {path}")  # fmt: skip
    if not os.access(path, os.W_OK):
        return Check("store", "file", "note", f"{path} is read-only: it can be looked at, nothing is recorded in it")
    return Check("store", "file", "ok", f"{path} (mode {mode:o})")


def _contents(path: Path, *, deep: bool) -> Iterator[Check]:
    import apsw

    from weaklink.report.figures import bytes_text
    from weaklink.store.connection import NEWEST, connect

    try:
        connection: Any = connect(path, writable=False)
    except WeaklinkError as error:
        yield Check("store", "contents", "wrong", str(error))
        return
    try:
        found = int(connection.pragma("user_version"))  # type: ignore[arg-type]
        if found > NEWEST:
            says = f"{found}, and this Weaklink knows up to {NEWEST}: it can be looked at, nothing is recorded in it"
            yield Check("store", "schema", "wrong", says, "pip install --upgrade weaklink")
        else:
            yield Check(
                "store",
                "schema",
                "ok",
                f"{found}" + ("" if found == NEWEST else f", becomes {NEWEST} at the next write"),
            )
        check = "integrity_check" if deep else "quick_check"
        said = [str(row[0]) for row in connection.execute(f"PRAGMA {check}(5)")]
        if said == ["ok"]:
            yield Check("store", "integrity", "ok", check)
        else:
            rescue = f"save what can be read: weaklink export -o saved.jsonl --store {path}"
            yield Check("store", "integrity", "wrong", "; ".join(said), rescue)
        size = sum(Path(f"{path}{end}").stat().st_size for end in ("", "-wal") if Path(f"{path}{end}").exists())
        tables = ("traces", "spans", "scores", "diagnoses")
        counts = [f"{connection.execute(f'SELECT count(*) FROM {table}').get} {table}" for table in tables]
        yield Check("store", "contents", "ok", f"{', '.join(counts)}; {bytes_text(size)}")
    except apsw.Error as error:
        yield Check("store", "contents", "wrong", f"cannot be read: {error}", "name another file with --store")
    finally:
        connection.close()
