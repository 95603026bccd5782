# Walks JSON values of any shape.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""JSON in and out: the one place that knows how recorded values are written and read."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import orjson

from weaklink.redact import may_hold_secret, redact_value
from weaklink.snapshot import LONG_TEXT, Passage

TEXT_REF = "$weaklink.text"
_SHORT: Final = 256
_HOLDERS: Final = frozenset((dict, list, Passage))


class Encoder:
    """Writes recorded values (JSON with Passage inside) as JSON text; long strings become references to stored texts."""

    def __init__(self, text_id: Callable[[str], int], *, redacted: bool) -> None:
        """`text_id` stores a text and gives its id; with `redacted`, secrets are masked."""
        self._text_id = text_id
        self._redacted = redacted
        self._written: dict[tuple[int, bytes], tuple[Any, str]] = {}
        self.scope = b""
        """What the values are encoded for: the texts in a value are asked for once in each scope."""

    def __call__(self, value: Any) -> str:
        """The JSON text of `value`."""
        try:
            data = orjson.dumps(self._referring(value))
        except TypeError:  # lone surrogates, or something that a snapshot does not hold
            data = orjson.dumps(self._referring(_sane(value)))
        if not self._redacted:
            return data.decode()
        # orjson's bytes keep the 4 kB they were written into: what stays is the text.
        return _masked_again(data.decode()) if len(data) <= _SHORT else _masked(data)

    def frozen(self, value: Any) -> str:
        """The same for a value that will not change any more."""
        # The next step's input is often the very object that was the last step's output: it is written once a batch.
        key = (id(value), self.scope)
        seen = self._written.get(key)
        if seen is None:
            seen = self._written[key] = (value, self(value))  # holds the value, so that its id stays its own
        return seen[1]

    def _referring(self, value: Any) -> Any:
        """`value` as JSON, with a reference in the place of each long string."""
        kind = type(value)
        if kind is str:
            return value if len(value) <= LONG_TEXT else {TEXT_REF: self._text_id(value)}
        if kind is dict:
            return self._dict_referring(value)
        if kind is list:
            return [self._referring(item) for item in value]
        if kind is Passage:
            content = value.content
            if len(content) > LONG_TEXT:
                content = {TEXT_REF: self._text_id(content)}
            return {
                "$type": "document", "id": value.id, "content": content, "metadata": self._dict_referring(value.metadata)
            }  # fmt: skip
        return value

    def _dict_referring(self, value: dict[str, Any]) -> dict[str, Any]:
        if TEXT_REF in value and len(value) == 1:  # not one of ours
            return {TEXT_REF: [self._referring(value[TEXT_REF])]}
        changed = None  # most dicts hold no long string, and need no copy
        for key, item in value.items():
            kind = type(item)
            if len(item) > LONG_TEXT if kind is str else kind in _HOLDERS:
                new = self._referring(item)
                if new is not item:
                    changed = value.copy() if changed is None else changed
                    changed[key] = new
        return value if changed is None else changed


def _masked(data: bytes) -> str:
    if may_hold_secret(data, is_json=True):
        data = orjson.dumps(redact_value(orjson.loads(data)))
    return data.decode()


# Of the short values most come again and again: parameters of a model, attributes of a retriever, metadata of documents.
@lru_cache(maxsize=256)
def _masked_again(text: str) -> str:
    return _masked(text.encode())


def plain_dumps(value: Any, *, redacted: bool = False) -> str:
    """JSON text of plain JSON values; what JSON cannot say is marked. With `redacted`, secrets are masked."""
    try:
        data = orjson.dumps(value)
    except TypeError:
        data = None
    if data is None or b"null" in data:  # orjson writes NaN as null
        data = orjson.dumps(_sane(value))
    if redacted and may_hold_secret(data):
        data = orjson.dumps(redact_value(orjson.loads(data)))
    return data.decode()


def loads(data: str | None) -> Any:
    """The value behind JSON text; None for None."""
    return None if data is None else orjson.loads(data)


def collect_references(value: Any, into: set[int]) -> None:
    """Add the ids of all stored texts that `value` refers to."""
    if isinstance(value, dict):
        reference = value.get(TEXT_REF)
        if isinstance(reference, int) and len(value) == 1:
            into.add(reference)
        else:
            for item in value.values():
                collect_references(item, into)
    elif isinstance(value, list):
        for item in value:
            collect_references(item, into)


def resolve_references(value: Any, texts: dict[int, str]) -> Any:
    """`value` with each reference replaced by its text; a text that is gone becomes a marked object."""
    if isinstance(value, dict):
        reference = value.get(TEXT_REF)
        if isinstance(reference, int) and len(value) == 1:
            return texts.get(reference, {"$type": "lost text"})
        if isinstance(reference, list) and len(value) == 1:  # somebody's own dict that looks like a reference
            return {TEXT_REF: resolve_references(reference[0], texts)}
        return {key: resolve_references(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_references(item, texts) for item in value]
    return value


def with_marked_numbers(value: Any) -> Any:
    """`value` as a snapshot has it: NaN and infinities marked."""
    if isinstance(value, float):
        return _sane(value)
    if isinstance(value, dict):
        return {key: with_marked_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_marked_numbers(item) for item in value]
    return value


def escaped(text: str) -> str:
    """`text` with lone surrogates written as \\udXXX, so that it can be encoded."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _sane(value: Any) -> Any:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {escaped(str(key)): _sane(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sane(item) for item in value]
    if isinstance(value, Passage):
        clean = Passage(escaped(value.content), value.id and escaped(value.id), _sane(value.metadata))
        clean.score, clean.higher_is_better, clean.score_kind = value.score, value.higher_is_better, value.score_kind
        return clean
    if isinstance(value, float) and value - value != 0.0:
        return {"$type": "float", "value": str(value)}
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return {"$type": "int", "value": str(value)}
    return value
