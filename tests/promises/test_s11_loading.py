"""S11: nothing that was recorded is ever run, unpickled or built into an object."""

import ast
from pathlib import Path

import weaklink
from weaklink.recorder import Recorder
from weaklink.snapshot import Snapshotter
from weaklink.store import open_store
from weaklink.testing.calls import step

UNSAFE_MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "yaml",
    "jsonpickle",
    "joblib",
    "langchain_core.load",
}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__", "loads_unsafe"}
HARMLESS_OWNERS = {"re"}  # re.compile


def unsafe_in(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [
                alias.name
                for alias in node.names
                if alias.name.split(".")[0] in UNSAFE_MODULES or alias.name in UNSAFE_MODULES
            ]
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module
            and {node.module, node.module.split(".")[0]} & UNSAFE_MODULES
        ):
            found.append(node.module)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in UNSAFE_CALLS:
            found.append(f"{node.func.id}() in line {node.lineno}")
    return found


def test_no_file_loads_code_out_of_data():
    files = sorted(Path(weaklink.__file__).parent.rglob("*.py"))
    found = {str(file): unsafe for file in files if (unsafe := unsafe_in(file.read_text(encoding="utf-8")))}
    print(f"S11: {len(files)} files, {len(found)} that load code out of data")
    assert found == {}


def test_the_check_finds_a_planted_call():
    assert unsafe_in("import pickle\nfrom langchain_core.load import load\nx = eval('1')") == [
        "pickle", "langchain_core.load", "eval() in line 3",
    ]  # fmt: skip


def test_a_dict_that_describes_an_object_stays_a_dict(recorder: Recorder, store_path: Path):
    described = {"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {"command": "touch x"}}
    recorder.finish(step(recorder, None, "root", input=Snapshotter().take(described)[0]))
    assert recorder.flush(10)
    store = open_store(store_path)
    assert store.latest().root.input == described
    store.close()
