"""Prints how good the offline scorers are, beside trivial baselines: python benchmarks/scoring/measure.py --data DIR.

Groundedness and sufficiency are judged out of fold (5 folds, all answers to one source on one side); the shipped models
are fitted on all rows. The cross-encoder is judged on the one fold that it was not trained on. Features and settings
were chosen on the same data, so nothing here is a held-out figure. Brackets hold 95 % bootstrap intervals over sources.
"""

import argparse
import platform
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import data as development
import tables

PARTS = ("measure_groundedness", "measure_retrieval", "measure_speed")


def tables_of(part: str, folder: Path) -> list[str]:
    """Run one part, in a process of its own; its tables in Markdown."""
    tables.markdown.clear()
    import_module(part).run(folder)
    return list(tables.markdown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=development.DEFAULT_DATA)
    parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
    parser.add_argument("--jobs", type=int, default=1, help="parts measured at the same time; 1 for steady times")
    given = parser.parse_args()
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "wordllama", "scipy", "lightgbm", "onnxruntime")
    )
    machine = f"Python {platform.python_version()}, {packages}, {platform.machine()}"
    print(f"{machine}; data: {given.data}")
    tables.markdown.extend(
        ["# What the offline scores are worth", "", (__doc__ or "").partition("\n\n")[2].strip(), "", machine]
    )
    with ProcessPoolExecutor(given.jobs) as pool:
        for found in pool.map(tables_of, PARTS, [given.data] * len(PARTS)):
            tables.markdown.extend(found)
    if given.markdown:
        given.markdown.write_text("\n".join([*tables.markdown, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
