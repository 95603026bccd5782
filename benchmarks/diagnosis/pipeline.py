"""A pipeline that is ready to be asked, and what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A question as a user puts it, alone or as a follow-up."""

    text: str
    """The question that stands alone."""
    history: tuple[str, str] = ("", "")
    """What was said before: by the user, and by the assistant."""
    follow_up: str = ""
    """The question as it is put after that."""


@dataclass(frozen=True)
class Pipeline:
    """One real chain, engine, graph or agent, built and not yet run."""

    run: Callable[[list[Any]], Any]
    """Asks it, with these callbacks; what it raises comes through."""
    steps: Mapping[str, tuple[str, ...]]
    """Which names the spans of a role have in its traces: what may rightly be named when the role's piece is broken."""
