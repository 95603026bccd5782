"""S10: no cell of a spreadsheet starts with a formula character; as long as nothing writes one, that is the promise."""

import ast
from pathlib import Path

import weaklink

# What writes tables that a spreadsheet opens. Whoever adds one has to see to the cells that begin with =, +, -, @, tab or return.
WRITERS = {"writer", "DictWriter", "to_csv", "write_csv", "to_excel", "Workbook"}


def writers_in(source: str) -> list[str]:
    called = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [getattr(function, "attr", getattr(function, "id", "")) for function in called]
    return [name for name in names if name in WRITERS]


def test_nothing_writes_a_spreadsheet():
    files = sorted(Path(weaklink.__file__).parent.rglob("*.py"))
    found = {str(file): names for file in files if (names := writers_in(file.read_text(encoding="utf-8")))}
    print(f"S10: {len(files)} files, {len(found)} that write tables for a spreadsheet")
    assert found == {}


def test_the_check_finds_a_planted_call():
    assert sorted(writers_in("import csv\ncsv.writer(file).writerow([1])\nframe.to_csv(path)")) == ["to_csv", "writer"]
