"""What the user names as module:attribute or file.py:attribute: an embedder, a chain."""

from __future__ import annotations

from typing import Any

from weaklink.errors import UnknownScorer, WeaklinkError
from weaklink.scoring.named import found_in_code


class UnusableCode(WeaklinkError):
    """You named a module or file of your own that cannot be imported, or that lacks the name after the colon."""


def named(name: str, what: str) -> Any:
    """What `name` points to; `what` stands in the message of UnusableCode ("the chain")."""
    source, _, attribute = name.rpartition(":")
    if not source or not attribute.isidentifier():
        raise UnusableCode(f"{what} {name!r} names no code: write module:attribute or file.py:attribute")
    try:
        found = found_in_code(source, attribute)
    except UnknownScorer as error:
        raise UnusableCode(str(error)) from None
    except ImportError as error:
        raise UnusableCode(f"{what} {name} cannot be imported: {error}; pip install its package") from error
    if found is None:
        raise UnusableCode(f"{what} {name} cannot be imported: there is no module {source} here; check the path")
    return found
