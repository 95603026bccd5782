"""LangChain's messages as recorded values.

An agent hands its whole history to every one of its steps, so most messages come again and again. What has not changed since it
was last seen is not copied anew: copies that wait for the writer cost the host more than the copying, in memory that is not in
any cache and in work for the garbage collector.
"""

from __future__ import annotations

import marshal
from operator import is_
from typing import TYPE_CHECKING, Any, Final

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
_UNCHANGEABLE: Final = frozenset((str, type(None)))
_MOST_KNOWN: Final = 512
_MOST_CHARACTERS: Final = 500_000
_MARSHAL_VERSION: Final = 2  # the last one whose bytes tell nothing but the value


class Messages:
    """Freezes messages, and knows the last few hundred again."""

    def __init__(self, freeze: Freeze) -> None:
        """`freeze` freezes what a message holds."""
        self._freeze = freeze
        # By the message's id; what an entry says holds for any message with the very same contents.
        self._known: dict[int, tuple[tuple[Any, ...], bytes, dict[str, Any]]] = {}
        self._characters = 0

    def freeze(self, value: Any, budget: Budget, depth: int) -> Any:
        """The snapshot of a message, at `depth`."""
        read = value.__dict__.get
        # Content, type and the other fields: compared by identity, which runs no code of theirs, and means something for strings.
        held = (read("content"), read("type"), *map(read, _FIELDS))
        content, kind = held[0], held[1]
        if type(content) is not str or len(content) > LONG_TEXT:
            content = self._freeze(content, budget, depth + 1)
        calls = read("tool_calls")
        frozen_calls = self._freeze(calls, budget, depth + 1) if type(calls) is list and calls else None
        digest = b"" if frozen_calls is None else _digest(frozen_calls)
        known = self._known.get(id(value))
        if known is not None and all(map(is_, held, known[0])) and digest == known[1] and content is held[0]:
            return known[2]
        out: dict[str, Any] = {
            MARK: "message", "role": _ROLES.get(kind, kind) if type(kind) is str else "", "content": content
        }  # fmt: skip
        if frozen_calls is not None:
            out["tool_calls"] = frozen_calls
        for name, found in zip(_FIELDS, held[2:], strict=True):
            if found is not None:
                out[name] = self._freeze(found, budget, depth + 1)
        if digest is not None and content is held[0] and _UNCHANGEABLE.issuperset(map(type, held)):
            self._remember(id(value), (held, digest, out), len(content))
        return out

    def _remember(self, key: int, entry: tuple[tuple[Any, ...], bytes, dict[str, Any]], characters: int) -> None:
        self._characters += characters
        if len(self._known) >= _MOST_KNOWN or self._characters > _MOST_CHARACTERS:
            self._known.clear()
            self._characters = characters
        if characters <= _MOST_CHARACTERS:
            self._known[key] = entry


def _digest(frozen: Any) -> bytes | None:
    """Bytes that only equal values have, down to the types of numbers; None for what has no such bytes."""
    try:
        return marshal.dumps(frozen, _MARSHAL_VERSION)
    except ValueError:  # a document among them
        return None
