"""Values that break careless tracers: each raises, hangs, is endless or huge as soon as somebody looks at it.

For the tests of an integration: send every value of `hostile_values()` through a chain, as input, output, metadata or argument,
and compare with the same chain untraced. `Touched` is a BaseException, so that no `except Exception` hides that user code was run.
"""

import dataclasses
import enum
import inspect
import sys
import threading
import time
from collections import OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, SecretStr

HANG_S = 20.0
"""How long a hanging value hangs: long enough to be noticed, short enough for a test run to end."""

_METHODS = (
    "repr", "str", "format", "bytes", "bool", "len", "iter", "next", "contains", "getitem", "hash", "eq", "ne", "lt", "getattr",
    "getattribute", "int", "float", "index", "reduce", "reduce_ex", "sizeof", "dir", "call", "copy", "deepcopy", "length_hint", "fspath",
)  # fmt: skip


class Touched(BaseException):
    """User code was run by the tracer."""


class Refused(Exception):
    """User code was run by the tracer, and a tracer that catches exceptions gets away with it."""


def raises(error: type[BaseException]) -> Callable[..., Any]:
    """A method that raises `error` whatever it is asked."""

    def method(*args: Any, **kwargs: Any) -> Any:
        raise error

    return method


def _hang(*args: Any, **kwargs: Any) -> Any:
    time.sleep(HANG_S)
    return NotImplemented


def hostile_class(*bases: type, error: type[BaseException] = Touched, leave: tuple[str, ...] = ()) -> type:
    """A subclass of `bases` of which every special method raises `error`, but those named in `leave`."""
    methods = {f"__{name}__": raises(error) for name in _METHODS if name not in leave}
    if "hash" in leave:  # a class that has __eq__ has no hash else
        methods["__hash__"] = bases[0].__hash__
    lying = {} if "class" in leave else {"__class__": property(raises(error))}
    return type("Hostile", bases, {**methods, **lying, "__module__": "hostile"})


class _LyingMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        raise Touched

    def __subclasscheck__(cls, subclass: type) -> bool:
        raise Touched

    def __repr__(cls) -> str:
        raise Touched


class _Lying(metaclass=_LyingMeta):
    pass


class _LyingDict:
    __dict__ = property(raises(Touched))  # type: ignore[assignment]


class _LyingClass:
    __class__ = property(lambda self: dict)  # type: ignore[assignment]


class _NoWeakReference:
    __slots__ = ()


class _Zone(tzinfo):
    utcoffset = dst = tzname = raises(Touched)


class _Color(enum.Enum):
    RED = "red"
    __str__ = __repr__ = __hash__ = raises(Refused)  # type: ignore[assignment]


class _Point(NamedTuple):
    x: Any
    y: Any


@dataclasses.dataclass
class _Record:
    value: Any

    @property
    def broken(self) -> Any:
        """Raises."""
        raise Touched


@dataclasses.dataclass(slots=True)
class _Slotted:
    value: Any


class _Model(BaseModel):
    value: Any = None

    def __repr__(self) -> str:
        raise Touched

    @property
    def broken(self) -> Any:
        """Raises."""
        raise Touched


class FakeFrame:
    """A data frame as far as a tracer can tell: its truth is undefined, its text takes long."""

    shape = (1_000_000, 3)
    __bool__ = raises(ValueError)
    __eq__ = lambda self, other: FakeFrame()  # type: ignore[assignment]  # noqa: E731 - comparing gives a frame, as pandas does
    __hash__ = None  # type: ignore[assignment]
    __repr__ = __str__ = __iter__ = __len__ = _hang


def _cycle() -> Any:
    loop: dict[str, Any] = {"list": []}
    loop["list"].append(loop)
    loop["self"] = loop
    return loop


def _deep(depth: int = 5_000) -> Any:
    value: Any = "bottom"
    for number in range(depth):
        value = [value] if number % 2 else {"deeper": value}
    return value


def _wide_and_deep() -> Any:
    value: Any = "bottom"
    for _ in range(40):
        value = [value, value]  # 2 ** 40 leaves, 40 lists
    return value


def _endless() -> Iterator[int]:
    while True:
        yield 1


def _failed() -> BaseException:
    error = hostile_class(Exception, leave=("getattribute", "class", "reduce", "reduce_ex"))("text", object())
    error.__cause__ = error.__context__ = ValueError("first")
    return error


def _object(name: str, method: Callable[..., Any]) -> Any:
    return type("Hostile", (), {f"__{name}__": method})()


_LAZY: dict[str, Callable[[], Any]] = {
    **{f"{name} raises": lambda name=name: _object(name, raises(Refused)) for name in _METHODS},
    **{f"{name} raises a BaseException": lambda name=name: _object(name, raises(Touched)) for name in _METHODS},
    **{f"{name} hangs": lambda name=name: _object(name, _hang) for name in ("repr", "str", "len", "iter", "bool", "eq", "getattr")},
    "everything raises": lambda: hostile_class(object)(),
    "class raises": lambda: type("Hostile", (), {"__class__": property(raises(Touched))})(),
    "class lies": lambda: _LyingClass(),
    "dict raises": lambda: _LyingDict(),
    "metaclass raises": lambda: _Lying(),
    "a class whose metaclass raises": lambda: _Lying,
    "no weak reference": lambda: _NoWeakReference(),
    "hostile dict": lambda: hostile_class(dict)(a=1),
    "hostile list": lambda: hostile_class(list)([1, 2]),
    "hostile tuple": lambda: hostile_class(tuple)((1, 2)),
    "hostile set": lambda: hostile_class(set)(),
    "hostile text": lambda: hostile_class(str)("text"),
    "hostile bytes": lambda: hostile_class(bytes)(b"bytes"),
    "hostile int": lambda: hostile_class(int)(7),
    "hostile float": lambda: hostile_class(float)(0.5),
    "hostile decimal": lambda: hostile_class(Decimal)("1.5"),
    "hostile path": lambda: type("Hostile", (PurePosixPath,), {"__str__": raises(Touched), "__fspath__": raises(Touched)})("a/b"),
    "hostile uuid": lambda: type("Hostile", (UUID,), {"__str__": raises(Touched), "__int__": raises(Touched)})(int=1),
    "hostile zone": lambda: datetime(2026, 1, 1, tzinfo=_Zone()),
    "hostile enum": lambda: _Color.RED,
    "hostile exception": _failed,
    "hostile key": lambda: {hostile_class(object, leave=("hash", "getattribute", "getattr", "class"))(): 1},
    "hostile inside": lambda: {"deep": [({"value": hostile_class(object)()},)]},
    "cycle": _cycle,
    "depth of 5,000": _deep,
    "one list 2 ** 40 times": _wide_and_deep,
    "list of 2 million": lambda: list(range(2_000_000)),
    "dict of 300,000": lambda: dict.fromkeys(range(300_000)),
    "text of 50 MB": lambda: "x" * 50_000_000,
    "bytes of 50 MB": lambda: b"x" * 50_000_000,
    "50,000 long texts": lambda: ["y" * 1_000] * 50_000,
    "int of 100,000 digits": lambda: 10**100_000,
    "negative int": lambda: -(2**70),
    "nan": lambda: float("nan"),
    "infinity": lambda: {"up": float("inf"), "down": float("-inf")},
    "complex": lambda: complex(1, float("nan")),
    "decimal nan": lambda: Decimal("sNaN"),
    "fraction": lambda: Fraction(1, 3),
    "lone surrogate": lambda: "a\ud800b",
    "lone surrogate as key": lambda: {"a\udfff": "\ud800" * 300},
    "nul": lambda: "a\x00b",
    "control characters": lambda: "\x1b[31m\u202e\u2066",
    "module": lambda: sys,
    "lock": threading.Lock,
    "thread": threading.Thread,
    "generator": _endless,
    "iterator": lambda: iter([1, 2]),
    "open coroutine function": lambda: raises,
    "frame": inspect.currentframe,
    "file": lambda: sys.stderr,
    "weird containers": lambda: [OrderedDict(a=1), defaultdict(list), deque([1]), UserDict(a=1), MappingProxyType({"a": 1}), range(3)],
    "namespace": lambda: SimpleNamespace(a=hostile_class(object)()),
    "named tuple": lambda: _Point(1, hostile_class(object)()),
    "dataclass": lambda: _Record(hostile_class(object)()),
    "slotted dataclass": lambda: _Slotted(hostile_class(object)()),
    "pydantic model": lambda: _Model(value=hostile_class(object)()),
    "secret": lambda: SecretStr("hunter2-hunter2-hunter2"),
    "data frame": FakeFrame,
    "memoryview": lambda: memoryview(bytearray(1_000_000)),
    "date at the end of time": lambda: [datetime.max, datetime.min, datetime.max.replace(tzinfo=UTC)],
    "callable": lambda: len,
    "type": lambda: type,
    "ellipsis": lambda: [..., NotImplemented, None],
}  # fmt: skip


def hostile_values() -> dict[str, Callable[[], Any]]:
    """By name, functions that make the values; each call makes a new one. Some take 50 MB."""
    return dict(_LAZY)
