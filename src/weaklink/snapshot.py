# Walks values of any type, which is the point of it.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A frozen copy of a value, taken on the caller's thread within a budget and without running the value's own code.

Strings are shared, containers are copied, and what JSON cannot say becomes a marked object (`weaklink.model.TYPE_KEY`).
Nothing here calls `repr`, `str`, `bool`, `len`, `isinstance` or an attribute of an unknown object: user code behind them may
hang, raise, or raise a BaseException that would end the host's chain.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from itertools import islice
from pathlib import Path, PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from time import perf_counter_ns
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from weaklink.redact import MASK, is_secret_name

MARK: Final = "$type"
# Texts longer than this are stored once each, by content hash; shorter ones stay inside the value.
LONG_TEXT: Final = 256
_MAX_DEPTH: Final = 24
_MAX_NODES: Final = 10_000
# An event takes up to two snapshots, of a value and of the metadata, and has 20 ms for both.
_MAX_NS: Final = 7_000_000
# With fewer nodes left than this a value is large, and the clock is read at each container.
_CLOCKED: Final = _MAX_NODES - 500
_MAX_INT_BITS: Final = 4_096
_PREVIEW_BYTES: Final = 256
_EXACT_INT: Final = 1 << 63

Encoder = Callable[[Any, "Budget", int], Any]


class Passage:
    """A document inside a snapshot."""

    __slots__ = ("content", "higher_is_better", "id", "metadata", "score", "score_kind")

    def __init__(self, content: str, id: str | None, metadata: dict[str, Any]) -> None:
        """`content` is shared, `metadata` already frozen."""
        self.content = content
        self.id = id
        self.metadata = metadata
        # An integration fills these in where it knows them.
        self.score: float | None = None
        self.higher_is_better: bool | None = None
        self.score_kind = ""


class Budget:
    """What one snapshot may still cost, and what it met on the way."""

    __slots__ = ("bytes", "cut", "deadline", "nodes", "passages", "size")

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes`: characters of text that may be kept."""
        self.bytes = max_bytes
        self.nodes = _MAX_NODES
        self.deadline = 0
        self.size = 0
        self.cut = False
        self.passages: list[Passage] | None = None

    def shared(self, value: str) -> str:
        """A long string, itself; cut where the budget ends."""
        kept = len(value)
        if kept > self.bytes:
            self.cut = True
            value = value[: self.bytes]
            kept = self.bytes
        self.bytes -= kept
        self.size += kept
        return value

    def exhausted(self) -> bool:
        """Whether nodes or time are used up; asked once the value has shown to be large."""
        if self.nodes >= 0:
            now = perf_counter_ns()
            if not self.deadline:
                self.deadline = now + _MAX_NS
            if now <= self.deadline:
                return False
            self.nodes = -1
        self.cut = True
        return True


_NOTHING_USED: Final = Budget(0)


def marked(name: str, value: Any = None) -> dict[str, Any]:
    """The marked object for what JSON cannot say."""
    return {MARK: name} if value is None else {MARK: name, "value": value}


class Snapshotter:
    """Takes snapshots; knows the classes of a framework through `learn`."""

    def __init__(self, max_bytes: int = 1_048_576, *, redact: bool = True) -> None:
        """Keep at most `max_bytes` characters of text of one value.

        With `redact`, values under names like "api_key" are masked here; secrets inside texts are masked on the way to disk.
        """
        self.max_bytes = max_bytes
        self._redact = redact
        self._secret_keys: dict[str, bool] = {}
        self._open_keys: set[str] = set()
        self._encoders: dict[type, Encoder] = dict(_BASIC)
        self._own: dict[type, Encoder] = {dict: self.freeze_dict, list: self._list, tuple: self._list}
        self._table: dict[type, Encoder] = {}

    def learn(self, encoders: Mapping[type, Encoder]) -> None:
        """Freeze a framework's classes, and their subclasses, so: (value, budget, depth) -> JSON or Passage."""
        self._encoders.update(encoders)

    def take(self, value: Any) -> tuple[Any, Budget]:
        """The snapshot of `value`, and the budget with what was used and met. Never raises an Exception."""
        kind = type(value)
        if value is None or kind is bool or (kind is str and len(value) <= LONG_TEXT):
            return value, _NOTHING_USED
        budget = Budget(self.max_bytes)
        try:
            encode = self._table.get(kind)
            return self.freeze(value, budget, 0) if encode is None else encode(value, budget, 0), budget
        except Exception:  # noqa: BLE001 - a value that cannot be captured must not reach the host's chain
            budget.cut = True
            return marked(type_name(kind)), budget

    def freeze(self, value: Any, budget: Budget, depth: int) -> Any:
        """The snapshot of one value inside another, at `depth`."""
        kind = type(value)
        if kind is str:
            return value if len(value) <= LONG_TEXT else budget.shared(value)
        if value is None or kind is bool or (kind is int and -_EXACT_INT <= value < _EXACT_INT):
            return value
        encode = self._table.get(kind)
        if encode is None:
            if budget.exhausted():  # looking at a class for the first time costs as much as ten values
                return marked("cut")
            encode = self._table[kind] = self._encoder_for(kind)
        if depth > _MAX_DEPTH:
            budget.cut = True
            return marked("cut")
        return encode(value, budget, depth)

    def _encoder_for(self, kind: type) -> Encoder:
        if len(self._table) > 4_096:  # classes made on the fly must not pile up
            self._table.clear()
        # The class is asked, never the object: `type.__mro__` runs no user code, `isinstance` may call `__class__`.
        for base in type.__getattribute__(kind, "__mro__"):
            if base in self._own:
                return self._own[base]
            if base in self._encoders:
                return self._encoders[base] if base in _BASIC or _is_transparent(kind) else _opaque
        name = type_name(kind)
        if name.startswith("numpy."):
            return _numpy
        bases = type.__getattribute__(kind, "__mro__")
        is_dataclass = any("__dataclass_fields__" in type.__getattribute__(base, "__dict__") for base in bases)
        if is_dataclass or any(type_name(base) == "pydantic.main.BaseModel" for base in bases):
            return self._fields
        return _opaque

    def freeze_dict(self, value: dict[Any, Any], budget: Budget, depth: int) -> Any:
        """The snapshot of a dict, at `depth`."""
        left = budget.nodes = budget.nodes - dict.__len__(value)
        if left < _CLOCKED and budget.exhausted():
            return self._start_of_dict(value, budget, depth)
        try:
            out: dict[str, Any] = {}
            open_keys = self._open_keys
            for key, item in dict.items(value):
                kind = type(item)
                if type(key) is not str or key not in open_keys:
                    key = self._key(key, budget)
                    if self._is_secret(key, kind):
                        out[key] = MASK
                        continue
                if (
                    (kind is str and len(item) <= LONG_TEXT)
                    or item is None
                    or kind is bool
                    or (kind is int and -_EXACT_INT <= item < _EXACT_INT)
                ):
                    out[key] = item
                else:
                    out[key] = self.freeze(item, budget, depth + 1)
        except RuntimeError:  # another thread changed it meanwhile
            return self.freeze_dict(dict.copy(value), budget, depth)
        return out

    def _is_secret(self, key: str, kind: type) -> bool:
        """Whether an item of class `kind` under `key` is to be masked; the answer for a key is remembered."""
        secret = self._secret_keys.get(key)
        if secret is None:
            if len(self._secret_keys) > 4_096:
                self._secret_keys.clear()
                self._open_keys.clear()
            secret = self._secret_keys[key] = self._redact and is_secret_name(key)
            if not secret:
                self._open_keys.add(key)
        return secret and kind not in (bool, int, float, type(None))

    def _list(self, value: Any, budget: Budget, depth: int) -> Any:
        kind = type(value)
        if kind is not list:
            kind = list if list in kind.__mro__ else tuple
        items, count = kind.__iter__(value), kind.__len__(value)
        left = budget.nodes = budget.nodes - count
        if left < _CLOCKED and budget.exhausted():
            if left + count < 0:
                return marked("cut", f"{count} items")
            kept = [self.freeze(item, budget, depth + 1) for item, _ in zip(items, range(20), strict=False)]
            return [*kept, marked("cut", f"{count - len(kept)} more items")]
        known, below = self._table, depth + 1
        return [
            encode(item, budget, below)
            if depth < _MAX_DEPTH and (encode := known.get(type(item))) is not None
            else self.freeze(item, budget, below)
            for item in items
        ]

    def _start_of_dict(self, value: dict[Any, Any], budget: Budget, depth: int) -> Any:
        if budget.nodes + dict.__len__(value) < 0:
            return marked("cut", f"{dict.__len__(value)} items")
        out: dict[str, Any] = {}
        # A dict that another thread grows meanwhile fails here, and is shown by its class alone: a copy of it may cost 40 ms.
        for key, item in islice(dict.items(value), 20):
            name = self._key(key, budget)
            out[name] = MASK if self._is_secret(name, type(item)) else self.freeze(item, budget, depth + 1)
        out["…"] = marked("cut", f"{dict.__len__(value) - len(out)} more items")
        return out

    def _key(self, key: Any, budget: Budget) -> str:
        if type(key) is str:
            return key
        frozen = self.freeze(key, budget, _MAX_DEPTH)
        kind = type(frozen)
        if kind is str:
            return frozen[:LONG_TEXT]
        if kind is dict:
            return str(frozen.get("value", frozen.get(MARK)))[:LONG_TEXT]
        return str(frozen)[:LONG_TEXT] if kind in (int, float, bool, type(None)) else type_name(type(key))

    def _fields(self, value: Any, budget: Budget, depth: int) -> Any:
        """A dataclass or pydantic model: its stored fields; properties and defaults on the class are left alone."""
        kind = type(value)
        fields = _slots(value)
        if stored := _stored(value):
            fields = {**fields, **stored} if fields else stored
        return {MARK: type_name(kind), **self.freeze_dict(fields, budget, depth)}


def _is_transparent(kind: type) -> bool:
    """Whether reading the `__dict__` of an instance runs no code of its class."""
    for base in type.__getattribute__(kind, "__mro__"):
        own = type.__getattribute__(base, "__dict__")
        if "__getattribute__" in own and base is not object:
            return False
        if "__dict__" in own and type(own["__dict__"]) is not GetSetDescriptorType:
            return False
    return True


def type_name(kind: type) -> str:
    """The qualified name of a class, "module.Class", without running the class's own code."""
    module = type.__getattribute__(kind, "__module__")
    name = type.__getattribute__(kind, "__qualname__")
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str.__str__(name)


def _slots(value: Any) -> dict[str, Any]:
    """The fields of a slotted dataclass, read through its slots alone."""
    found: dict[str, Any] = {}
    for base in type(value).__mro__:
        for name, slot in type.__getattribute__(base, "__dict__").items():
            if type(slot) is MemberDescriptorType and not name.startswith("_"):
                try:
                    found.setdefault(name, slot.__get__(value))
                except AttributeError:  # never assigned
                    continue
    return found


def _stored(value: Any) -> dict[str, Any] | None:
    """The attributes of an object, past any `__dict__` or `__getattribute__` of its class; None where it has none."""
    for base in type.__getattribute__(type(value), "__mro__"):
        slot = type.__getattribute__(base, "__dict__").get("__dict__")
        if type(slot) is GetSetDescriptorType:
            stored = slot.__get__(value)
            return stored if type(stored) is dict else None
    return None


def _opaque(value: Any, budget: Budget, depth: int) -> Any:
    return marked(type_name(type(value)))


def _int(value: Any, budget: Budget, depth: int) -> Any:
    exact = int.__add__(value, 0)
    if -_EXACT_INT <= exact < _EXACT_INT:
        return exact
    bits = exact.bit_length()
    return marked("int", str(exact) if bits <= _MAX_INT_BITS else f"{bits} bits")


def _float(value: Any, budget: Budget, depth: int) -> Any:
    exact = float.__add__(value, 0.0)
    if exact - exact == 0.0:  # finite
        return exact
    return marked("float", "nan" if exact != exact else "inf" if exact > 0 else "-inf")


def _str(value: Any, budget: Budget, depth: int) -> Any:
    exact = str.__str__(value)
    return exact if len(exact) <= LONG_TEXT else budget.shared(exact)


def _bytes(value: Any, budget: Budget, depth: int) -> Any:
    view = memoryview(value)
    return {MARK: "bytes", "size": view.nbytes, "hex": bytes(view[:_PREVIEW_BYTES]).hex()}


def _text_of(value: Any, budget: Budget, depth: int) -> Any:
    kind = next(base for base in type.__getattribute__(type(value), "__mro__") if base in _TEXT_FORM)
    return marked(kind.__name__.lower(), _TEXT_FORM[kind](value))


def _datetime(value: Any, budget: Budget, depth: int) -> Any:
    kind: Any = datetime if datetime in type.__getattribute__(type(value), "__mro__") else time
    zone = type(kind.tzinfo.__get__(value))
    if zone in _SAFE_ZONES:
        return marked(kind.__name__, kind.isoformat(value))
    # The offset would come from the code of a class that we do not know.
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")[0 if kind is datetime else 3 :]
    local = kind(*(getattr(kind, part).__get__(value) for part in parts))
    return {**marked(kind.__name__, kind.isoformat(local)), "zone": type_name(zone)}


def _path(value: Any, budget: Budget, depth: int) -> Any:
    kind = type(value)
    return marked("purepath", PurePath.__str__(value)) if kind in _PATHS else marked(type_name(kind))


def _uuid(value: Any, budget: Budget, depth: int) -> Any:
    digits = f"{UUID.__dict__['int'].__get__(value):032x}"
    return marked("uuid", f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")


def _set(value: Any, budget: Budget, depth: int) -> Any:
    kind = set if set in type(value).__mro__ else frozenset
    count = kind.__len__(value)
    items: list[Any] = []
    budget.nodes -= count
    if budget.nodes >= 0:
        items = [item for item in kind.__iter__(value) if type(item) in (str, int, float, bool, type(None))]
    return {MARK: "set", "size": count, "value": items}


def _enum(value: Any, budget: Budget, depth: int) -> Any:
    name = (_stored(value) or {}).get("_name_")
    return marked(type_name(type(value)), name if type(name) is str else None)


def _type(value: Any, budget: Budget, depth: int) -> Any:
    return marked("type", type_name(value))


def _numpy(value: Any, budget: Budget, depth: int) -> Any:
    kind = type(value)
    if kind.__name__ == "ndarray":
        return {MARK: "numpy.ndarray", "shape": list(value.shape), "dtype": str(value.dtype)}
    item = value.item()  # a scalar
    encode = _BASIC.get(type(item))
    if type(item) in (bool, str):
        return item
    return encode(item, budget, depth) if encode else marked(type_name(kind))


# What these call is compiled code, which looks at the value's own fields.
_TEXT_FORM: dict[type, Callable[[Any], str]] = {
    date: date.isoformat,
    timedelta: lambda value: f"{timedelta.total_seconds(value)} s",
    Decimal: Decimal.__str__,
    complex: complex.__repr__,
}
_SAFE_ZONES: Final = frozenset((type(None), timezone, ZoneInfo))
_PATHS: Final = frozenset((PurePath, PurePosixPath, PureWindowsPath, Path, PosixPath, WindowsPath))

_BASIC: dict[type, Encoder] = {
    Enum: _enum,
    int: _int,
    float: _float,
    str: _str,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    set: _set,
    frozenset: _set,
    type: _type,
    datetime: _datetime,
    time: _datetime,
    PurePath: _path,
    UUID: _uuid,
    **dict.fromkeys(_TEXT_FORM, _text_of),
}
