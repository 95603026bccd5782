# Walks values of any type, which is the point of it.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Python's own types, read past any subclass: what they are as JSON, or as marked objects."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path, PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath
from types import GetSetDescriptorType
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from weaklink.snapshot.budget import Budget, Encoder
from weaklink.snapshot.marks import LONG_TEXT, MARK, marked, type_name

EXACT_INT: Final = 1 << 63
_MAX_INT_BITS: Final = 4_096
_PREVIEW_BYTES: Final = 256


def stored_fields(value: Any) -> dict[str, Any] | None:
    """The attributes of an object, past any `__dict__` or `__getattribute__` of its class; None where it has none."""
    for base in type.__getattribute__(type(value), "__mro__"):
        slot = type.__getattribute__(base, "__dict__").get("__dict__")
        if type(slot) is GetSetDescriptorType:
            stored = slot.__get__(value)
            return stored if type(stored) is dict else None
    return None


def opaque(value: Any, budget: Budget, depth: int) -> Any:
    """An object of which only the class is shown."""
    return marked(type_name(type(value)))


def _int(value: Any, budget: Budget, depth: int) -> Any:
    exact = int.__add__(value, 0)
    if -EXACT_INT <= exact < EXACT_INT:
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
    name = (stored_fields(value) or {}).get("_name_")
    return marked(type_name(type(value)), name if type(name) is str else None)


def _type(value: Any, budget: Budget, depth: int) -> Any:
    return marked("type", type_name(value))


def numpy_value(value: Any, budget: Budget, depth: int) -> Any:
    """An array by its shape, a scalar as what it is."""
    kind = type(value)
    if kind.__name__ == "ndarray":
        return {MARK: "numpy.ndarray", "shape": list(value.shape), "dtype": str(value.dtype)}
    item = value.item()  # a scalar
    encode = BASIC.get(type(item))
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

BASIC: dict[type, Encoder] = {
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
