# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The long texts of a store: each stored once, and a text that contains others as the list of its parts.

A prompt contains the context, and the context the passages. What such a text adds is some words: of 8 steps of a RAG call with
payloads of 4 kB that makes 160 bytes per step in the place of 1,330.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import apsw
import orjson

from weaklink.redact import may_hold_secret, redact
from weaklink.snapshot import LONG_TEXT

_SHORT: Final = 64
_KNOWN_TEXTS: Final = 20_000
# What is remembered of the traces being written, to find it again inside longer texts.
_MOST_NEAR: Final = 32
_NEAR_TRACES: Final = 256
_NEAR_CHARACTERS: Final = 4_000_000

Part = str | int
"""A piece of a text: itself, or the id of a stored text."""


class Stored:
    """A row of `texts`."""

    # Neither a named tuple nor a dataclass: making those runs `exec`, and where the writer imports this while Ctrl-C ends the
    # process, Python 3.11 then forgets that it was Ctrl-C, and leaves with another exit code.
    __slots__ = ("id", "parts")

    def __init__(self, id: int, parts: list[Part] | None) -> None:
        """`parts` is None where the row holds the text itself."""
        self.id = id
        self.parts = parts


class Texts:
    """The long texts of a store, found again by content hash. Used by one thread."""

    def __init__(self, cursor: apsw.Cursor, *, redacted: bool) -> None:
        """Texts go through `redact` before they are stored where `redacted` is True."""
        self._cursor = cursor
        self.redacted = redacted
        self._prunings: Any = None
        self._known: OrderedDict[bytes, Stored] = OrderedDict()
        self._this_batch: dict[int, tuple[str, Stored]] = {}
        # By trace, then by id: a look-up by text would hash all of it.
        self._near: OrderedDict[bytes, dict[int, tuple[str, Stored]]] = OrderedDict()
        self._near_characters = 0
        self._user = b""
        self.uses: set[tuple[int, bytes]] = set()
        """(text, user) of this transaction."""

    def start(self, prunings: Any) -> None:
        """A new transaction begins; `prunings` counts how often texts were deleted, after which ids may be void."""
        if prunings != self._prunings:
            self._prunings = prunings
            self._forget_ids()
        self.uses = set()

    def end(self) -> None:
        """The transaction's rows are written: its strings are no longer held."""
        self._this_batch.clear()

    def forget(self) -> None:
        """The transaction was rolled back: ids given in it are void."""
        self._forget_ids()
        self._this_batch.clear()

    def used_by(self, user: bytes) -> None:
        """The texts that are asked for from now on belong to this trace, see `user_of`."""
        self._user = user

    def id_of(self, text: str) -> int:
        """The id of the row that holds `text`, which is made where there is none."""
        # The same string object stands in up to seven payloads of one call; hashing it once is enough.
        seen = self._this_batch.get(id(text))
        found = self._find(text) if seen is None else seen[1]
        use = (found.id, self._user)
        if use not in self.uses:
            self.uses.add(use)
            self._remember_near(text, found)
        return found.id

    def json_id_of(self, text: str) -> int:
        """The same for JSON that is clean already: it is stored as it is, and never as parts."""
        found = self._look_up(text.encode(), is_json=True)
        self.uses.add((found.id, self._user))
        return found.id

    def clean(self, text: str) -> str:
        """`text` as it may stand in a column of its own: without secrets and lone surrogates."""
        return _clean_again(text, self.redacted) if len(text) <= _SHORT else _clean(text, self.redacted)

    def _find(self, text: str) -> Stored:
        found = self._look_up(text.encode("utf-8", "backslashreplace"))
        self._this_batch[id(text)] = (text, found)  # holds the string, so that its id stays its own
        return found

    def _look_up(self, data: bytes, *, is_json: bool = False) -> Stored:
        key = hashlib.blake2b(data, digest_size=16).digest()
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._insert(data, key, is_json=is_json)
            if len(self._known) > _KNOWN_TEXTS:
                self._known.popitem(last=False)
        return found

    def _insert(self, data: bytes, key: bytes, *, is_json: bool) -> Stored:
        clean = data.decode()
        may_have_parts = not is_json
        if self.redacted and not is_json and may_hold_secret(data):
            masked = redact(clean)
            if masked != clean:
                clean, may_have_parts = masked, False
                key = hashlib.blake2b(clean.encode(), digest_size=16).digest()
        row = self._cursor.execute("SELECT id, parts FROM texts WHERE hash = ?", (key,)).fetchone()
        if row is not None:
            return Stored(row[0], None if row[1] is None else orjson.loads(row[1]))
        parts = self._parts(clean) if may_have_parts else None
        # Without OR IGNORE a text that another row holds under this hash would be an error; there is none, we looked.
        values = (key, clean, None) if parts is None else (key, "", orjson.dumps(parts).decode())
        text_id = self._cursor.execute(
            "INSERT INTO texts (hash, content, parts) VALUES (?, ?, ?) RETURNING id", values
        ).get
        if parts is not None:
            uses = {(part, text_id) for part in parts if type(part) is int}
            self._cursor.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?)", uses)
        return Stored(text_id, parts)

    def _parts(self, text: str) -> list[Part] | None:
        """`text` as pieces, where it contains texts that its trace holds already; else None."""
        near = self._near.get(self._user)
        if not near:
            return None
        parts: list[Part] = [text]
        for content, stored in sorted(near.values(), key=lambda held: len(held[0]), reverse=True):
            if len(content) < len(text) and content in text:
                inside = [stored.id] if stored.parts is None else stored.parts
                parts = [piece for part in parts for piece in _split(part, content, inside)]
        return None if len(parts) == 1 else parts

    def _remember_near(self, text: str, stored: Stored) -> None:
        near = self._near.get(self._user)
        if near is None:
            near = self._near[self._user] = {}
        if len(near) >= _MOST_NEAR or len(text) <= LONG_TEXT or stored.id in near:
            return
        near[stored.id] = text, stored
        self._near_characters += len(text)
        while len(self._near) > _NEAR_TRACES or (self._near_characters > _NEAR_CHARACTERS and len(self._near) > 1):
            _, gone = self._near.popitem(last=False)
            self._near_characters -= sum(len(text) for text, _ in gone.values())

    def _forget_ids(self) -> None:
        self._known.clear()
        self._near.clear()
        self._near_characters = 0


def _clean(text: str, redacted: bool) -> str:
    data = text.encode("utf-8", "backslashreplace")
    clean = data.decode()
    return redact(clean) if redacted and may_hold_secret(data) else clean


# Names of steps, and ids of documents that are found again and again.
_clean_again: Final = lru_cache(maxsize=1_024)(_clean)


def user_of(trace_id: str) -> bytes:
    """A trace's id in the table `uses`, where users that are texts have their integer ids."""
    try:
        return bytes.fromhex(trace_id) if len(trace_id) == 32 else trace_id.encode()
    except ValueError:
        return trace_id.encode()


def joined(parts: Sequence[Part], texts: Mapping[int, str]) -> str | None:
    """The text that `parts` make up; None where one of them is gone."""
    pieces = [part if isinstance(part, str) else texts.get(part) for part in parts]
    return None if None in pieces else "".join(pieces)  # type: ignore[arg-type]


def _split(part: Part, content: str, inside: Sequence[Part]) -> list[Part]:
    """`part` with `inside` in the place of each `content` in it."""
    if isinstance(part, int) or content not in part:
        return [part]
    pieces: list[Part] = []
    for number, literal in enumerate(part.split(content)):
        pieces += [*(inside if number else ()), *([literal] if literal else ())]
    return pieces
