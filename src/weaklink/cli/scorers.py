"""Scorers by name: Weaklink's own, and those of installed packages as package:name."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from weaklink.errors import MissingPackage, WeaklinkError

if TYPE_CHECKING:
    from weaklink.scoring import Scorer

GROUP = "weaklink.scorers"
"""Entry points of this group are functions from a name to a Scorer."""
_KNOWN = {"ragas": "weaklink-ragas"}


def scorers_named(names: str) -> list[Scorer]:
    """The scorers in `names`, with commas between. Raises UnknownScorer, or MissingPackage with what to install."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if not wanted:
        raise WeaklinkError("cannot score: --with names no scorer; type: weaklink score --with relevance,groundedness")
    return [_scorer(name) for name in dict.fromkeys(wanted)]


def _scorer(name: str) -> Scorer:
    from weaklink.scoring import scorer_named

    family, separator, rest = name.partition(":")
    if not separator:
        return scorer_named(name)
    for point in entry_points(group=GROUP, name=family):
        try:
            return point.load()(rest)
        except ImportError as error:
            raise MissingPackage(
                f"scoring with {family} needs {error.name or 'a package'}, which could not be imported: pip install {error.name}"
            ) from error
    package = _KNOWN.get(family, f"weaklink-{family}")
    if family not in _KNOWN:
        return scorer_named(name)
    raise MissingPackage(f"scoring with {family} needs {package}, which is not installed: pip install {package}")
