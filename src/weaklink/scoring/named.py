"""Scorers by name: Weaklink's own, those of installed packages, and functions in the user's own files."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from weaklink.errors import MissingPackage, UnknownScorer, WeaklinkError
from weaklink.scoring.function import FunctionScorer, ScoringFunction, is_scoring_function
from weaklink.scoring.scorer import SCORERS, Scorer

GROUP = "weaklink.scorers"
"""The group of entry points that offers scorers.

`--with NAME` takes the entry point NAME: a Scorer, a class of Scorer, or a function of a trace.
`--with NAME:REST` calls the entry point NAME with the text REST, which gives a Scorer.
"""
_FROM_PACKAGE = {"ragas": "weaklink-ragas"}

AnyScorer = Scorer | ScoringFunction | str
"""What can be scored with: a scorer, a function of a trace, or a name."""


def as_scorer(given: AnyScorer | type[Scorer]) -> Scorer:
    """The scorer that is meant by a scorer, a function or a name.

    Raises UnknownScorer where there is none, MissingPackage where its package is not installed.
    """
    if isinstance(given, str):
        return scorer_named(given)
    found: Any = given() if isinstance(given, type) else given
    if isinstance(found, Scorer):
        return found
    if is_scoring_function(found):
        return FunctionScorer(found)
    raise UnknownScorer(
        f"cannot score with a {type(given).__name__}: it has no name and score(trace), and is no function of one trace; "
        "give a name, a scorer or a function: weaklink.score(trace, ['relevance', my_function])"
    )


def scorers_named(names: str | Iterable[str]) -> list[Scorer]:
    """The scorers in `names`: a list, or a text with commas between. One that is named twice is there once."""
    listed = names.split(",") if isinstance(names, str) else names
    wanted = [name.strip() for name in listed if name.strip()]
    if not wanted:
        raise WeaklinkError("cannot score: --with names no scorer; type: weaklink score --with relevance,groundedness")
    return [scorer_named(name) for name in dict.fromkeys(wanted)]


def scorer_named(name: str) -> Scorer:
    """The scorer with this name: `relevance`, `ragas:faithfulness`, or `my_scorers.py:politeness`.

    Raises UnknownScorer, with the name that was probably meant, or MissingPackage with what to install.
    """
    if name in SCORERS:
        return SCORERS[name]()
    family, separator, rest = name.rpartition(":") if name.partition(":")[0].endswith(".py") else name.partition(":")
    for point in entry_points(group=GROUP, name=family):
        loaded = _loaded(point)
        return loaded(rest) if separator else as_scorer(loaded)
    if family in _FROM_PACKAGE:
        package = _FROM_PACKAGE[family]
        raise MissingPackage(f"scoring with {family} needs {package}, which is not installed: pip install {package}")
    if separator and rest.isidentifier() and (function := found_in_code(family, rest)) is not None:
        return as_scorer(function)
    raise _unknown(name)


def _loaded(point: Any) -> Any:
    try:
        return point.load()
    except ImportError as error:
        needed = (error.name or "a package").partition(".")[0]
        raise MissingPackage(
            f"scoring with {point.name} needs {needed}, which could not be imported ({error}): pip install {needed}"
        ) from error


def found_in_code(source: str, attribute: str) -> Any | None:
    """What is called `attribute` in a Python file or an importable module; None where there is no such file or module."""
    if source.endswith(".py"):
        path = Path(source).expanduser()
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if not path.is_file() or spec is None or spec.loader is None:
            raise UnknownScorer(f"cannot use {source}:{attribute}: there is no file {source}; check the path")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        if "" not in sys.path:
            sys.path.append("")  # the command's own folder stands there, the user's does not
        try:
            module = import_module(source)
        except ModuleNotFoundError:
            return None
    if not hasattr(module, attribute):
        raise UnknownScorer(
            f"cannot use {source}:{attribute}: {source} has nothing of that name; check the name after the colon"
        )
    return getattr(module, attribute)


def _unknown(name: str) -> UnknownScorer:
    known = [*SCORERS, *sorted({point.name for point in entry_points(group=GROUP)})]
    close = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=0.5)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return UnknownScorer(
        f"cannot score with {name!r}: no scorer has that name; {meant}"
        f"use one of {', '.join(known)}, or your own function: my_scorers.py:name"
    )
