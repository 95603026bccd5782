"""LangChain's messages as recorded values.

An agent hands its whole history to every one of its steps, so most messages come again and again. What has not changed since it
was last seen there is not copied anew: copies that wait for the writer cost the host more than the copying, in memory that is not in
any cache and in work for the garbage collector.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from weaklink.snapshot import LONG_TEXT, MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from weaklink.snapshot import Budget

    Freeze = Callable[[Any, Budget, int], Any]

_ROLES: Final = {
    "human": "user", "ai": "assistant", "system": "system", "tool": "tool", "function": "tool", "chat": "user",
    "HumanMessageChunk": "user", "AIMessageChunk": "assistant", "SystemMessageChunk": "system", "ToolMessageChunk": "tool",
}  # fmt: skip
_FIELDS: Final = ("name", "tool_call_id", "status", "artifact")
_OF_A_CALL: Final = ("args", "name", "id", "type")
_UNCHANGEABLE: Final = frozenset((str, int, float, bool, type(None)))
_MOST_KNOWN: Final = 1_024
_MOST_CHARACTERS: Final = 500_000


class _Known(NamedTuple):
    """What a message held when it was frozen, none of which can change: what still holds the very same looks the same."""

    held: tuple[Any, ...]
    """Content, type and the other fields: strings and None."""
    calls: list[tuple[Any, ...]] | None
    """See `_parts`; None where there was no list of calls."""
    frozen: dict[str, Any]


class Messages:
    """Freezes messages, and knows the last thousand again."""

    def __init__(self, freeze: Freeze) -> None:
        """`freeze` freezes what a message holds."""
        self._freeze = freeze
        self._known: dict[int, _Known] = {}  # by the message's id
        self._characters = 0

    def freeze(self, value: Any, budget: Budget, depth: int) -> Any:
        """The snapshot of a message, at `depth`; one inside another value is remembered, for it may be part of a history."""
        read = value.__dict__.get
        held = (
            read("content"), read("type"), read("name"), read("tool_call_id"), read("status"), read("artifact")
        )  # fmt: skip
        calls = read("tool_calls")
        content, kind, name, call_id, status, artifact = held
        if type(content) is not str:
            content = self._freeze(content, budget, depth + 1)
        elif len(content) > LONG_TEXT:
            content = budget.shared(content)
        known = self._known.get(id(value))
        if (
            known is not None
            and content is held[0]
            and all(map(is_, held, known.held))  # by identity, which runs no code of the values
            and (calls is known.calls is None or _are_still(calls, known.calls))
        ):
            return known.frozen
        out: dict[str, Any] = {
            MARK: "message", "role": _ROLES.get(kind, kind) if type(kind) is str else "", "content": content
        }  # fmt: skip
        if type(calls) is list and calls:
            out["tool_calls"] = self._freeze(calls, budget, depth + 1)
        if not (name is call_id is status is artifact is None):
            for field, found in zip(_FIELDS, held[2:], strict=True):
                if found is not None:
                    out[field] = self._freeze(found, budget, depth + 1)
        if depth > 0 and content is held[0] and type(content) is str and _UNCHANGEABLE.issuperset(map(type, held)):
            parts = list(map(_parts, calls)) if type(calls) is list else None
            if calls is None or (parts is not None and None not in parts):
                self._remember(id(value), _Known(held, parts, out), len(content))  # type: ignore[arg-type]
        return out

    def _remember(self, key: int, known: _Known, characters: int) -> None:
        self._characters += characters
        if len(self._known) >= _MOST_KNOWN or self._characters > _MOST_CHARACTERS:
            self._known.clear()
            self._characters = characters
        if characters <= _MOST_CHARACTERS:
            self._known[key] = known


def _parts(call: Any) -> tuple[Any, ...] | None:
    """All that a tool call holds; None where some of it is long, or can be changed in place."""
    if (
        type(call) is not dict
        or len(call) != len(_OF_A_CALL)
        or not all(type(call.get(key)) is str for key in _OF_A_CALL[1:])
    ):
        return None
    args = call.get("args")
    if type(args) is not dict:
        return None
    parts = (call["name"], call["id"], call["type"], *args, *args.values())
    if not all(type(part) in _UNCHANGEABLE and (type(part) is not str or len(part) <= LONG_TEXT) for part in parts):
        return None
    return parts


def _are_still(calls: Any, known: list[tuple[Any, ...]] | None) -> bool:
    """Whether these tool calls hold just what they held."""
    if type(calls) is not list or known is None or len(calls) != len(known):
        return False
    for call, parts in zip(calls, known, strict=True):
        args = call.get("args") if type(call) is dict and len(call) == len(_OF_A_CALL) else None
        if type(args) is not dict or 2 * len(args) + 3 != len(parts):
            return False
        now = (call.get("name"), call.get("id"), call.get("type"), *args, *args.values())
        if not all(map(is_, now, parts)):
            return False
    return True
