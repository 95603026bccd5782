# Walks JSON values of any shape.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""JSON in and out: the one place that knows how recorded values are written and read."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from weaklink.redact import may_hold_secret, redact_value
from weaklink.snapshot import LONG_TEXT, MARK, Passage

TEXT_REF = "$weaklink.text"
VALUE_REF = "$weaklink.value"
"""The same for a value: the text is its JSON."""
_REFERENCE: Final = b'"$weaklink.'
_SHORT: Final = 256
# A longer list of messages is the history of an agent or a chat, which each of its steps is given: its messages are stored once.
# In a shorter one, as a prompt is, most come twice, and a message of its own takes more room and time than two copies.
_HISTORY: Final = 4
_HOLDERS: Final = frozenset((dict, list, Passage))


class Encoder:
    """Writes recorded values (JSON with Passage inside) as JSON text; long strings become references to stored texts."""

    def __init__(self, text_id: Callable[[str], int], json_id: Callable[[str], int], *, redacted: bool) -> None:
        """`text_id` stores a text and gives its id, `json_id` JSON that is clean; with `redacted`, secrets are masked."""
        self._text_id = text_id
        self._json_id = json_id
        self._redacted = redacted
        self._scopes: dict[bytes, tuple[dict[int, tuple[Any, str]], dict[int, tuple[Any, Any]]]] = {}
        self.encode_for(b"")

    def encode_for(self, scope: bytes) -> None:
        """What comes from now on is encoded for `scope`: the texts in a value are asked for once in each."""
        self._written, self._referred = self._scopes.setdefault(scope, ({}, {}))

    def __call__(self, value: Any) -> str:
        """The JSON text of `value`."""
        try:
            data = orjson.dumps(value)
        except TypeError:  # a document, or see `_with_references`
            return self._with_references(value)
        # A text can be no longer than the JSON around it, so in most values there is none to look for.
        if len(data) > LONG_TEXT or _REFERENCE in data:
            return self._with_references(value)
        # orjson's bytes keep the 4 kB they were written into: what stays is the text.
        return _masked_again(data.decode()) if self._redacted else data.decode()

    def frozen(self, value: Any) -> str:
        """The same for a value that will not change any more."""
        # The next step's input is often the very object that was the last step's output: it is written once a batch.
        seen = self._written.get(id(value))
        if seen is None:
            json = self(value) if type(value) is str else self._with_references(value)
            seen = self._written[id(value)] = (value, json)  # holds the value, so that its id stays its own
        return seen[1]

    def _with_references(self, value: Any) -> str:
        try:
            data = orjson.dumps(self._referring(value))
        except TypeError:  # lone surrogates, or something that a snapshot does not hold
            data = orjson.dumps(self._referring(_sane(value)))
        if not self._redacted:
            return data.decode()
        return _masked_again(data.decode()) if len(data) <= _SHORT else _masked(data)

    def _referring(self, value: Any) -> Any:
        """`value` as JSON, with a reference in the place of each long string."""
        kind = type(value)
        if kind is str:
            return value if len(value) <= LONG_TEXT else {TEXT_REF: self._text_id(value)}
        if kind is dict:
            return self._dict_referring(value)
        if kind is list:
            item = self._message if len(value) > _HISTORY and _is_message(value[-1]) else self._referring
            return list(map(item, value))
        if kind is Passage:
            content = value.content
            if len(content) > LONG_TEXT:
                content = {TEXT_REF: self._text_id(content)}
            return {
                MARK: "document", "id": value.id, "content": content, "metadata": self._dict_referring(value.metadata)
            }  # fmt: skip
        return value

    def _message(self, value: Any) -> Any:
        """A reference in the place of a message of a history."""
        seen = self._referred.get(id(value))
        if seen is None:
            reference = {VALUE_REF: self._json_id(self(value))} if _is_message(value) else self._referring(value)
            seen = self._referred[id(value)] = (value, reference)
        return seen[1]

    def _dict_referring(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) == 1 and (TEXT_REF in value or VALUE_REF in value):  # not one of ours
            return {name: [self._referring(item)] for name, item in value.items()}
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


def _is_message(value: Any) -> bool:
    return type(value) is dict and value.get(MARK) == "message"


def reference_of(value: dict[str, Any]) -> tuple[str, Any]:
    """The kind of reference that `value` is and what it refers to, a list where it is somebody's own; ("", None) for none."""
    if len(value) == 1:
        for kind in (TEXT_REF, VALUE_REF):
            if type(refers_to := value.get(kind)) in (int, list):
                return kind, refers_to
    return "", None


def collect_references(value: Any, texts: set[int], values: set[int]) -> None:
    """Add the ids of all stored texts and values that `value` refers to."""
    if isinstance(value, dict):
        kind, refers_to = reference_of(value)
        if isinstance(refers_to, int):
            (texts if kind == TEXT_REF else values).add(refers_to)
        else:
            for item in value.values():
                collect_references(item, texts, values)
    elif isinstance(value, list):
        for item in value:
            collect_references(item, texts, values)


def resolve_references(value: Any, texts: Mapping[int, str], values: Mapping[int, Any]) -> Any:
    """`value` with each reference replaced by what it refers to; what is gone becomes a marked object."""
    if isinstance(value, dict):
        kind, refers_to = reference_of(value)
        if isinstance(refers_to, int):
            return (
                texts.get(refers_to, {MARK: "lost text"})
                if kind == TEXT_REF
                else values.get(refers_to, {MARK: "lost value"})
            )
        if kind:  # somebody's own dict that looks like a reference
            return {kind: resolve_references(refers_to[0], texts, values)}
        return {key: resolve_references(item, texts, values) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_references(item, texts, values) for item in value]
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
