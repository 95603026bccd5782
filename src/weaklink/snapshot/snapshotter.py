# Walks values of any type, which is the point of it.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Takes the snapshots: containers and objects, by class."""

from collections.abc import Mapping
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Final

from weaklink.redact import MASK, is_secret_name
from weaklink.snapshot.basic import BASIC, EXACT_INT, numpy_value, opaque, stored_fields
from weaklink.snapshot.budget import MAX_NODES, Budget, Encoder
from weaklink.snapshot.marks import LONG_TEXT, MARK, marked, type_name

_MAX_DEPTH: Final = 24
# With fewer nodes left than this a value is large, and the clock is read at each container.
_CLOCKED: Final = MAX_NODES - 500
_NOTHING_USED: Final = Budget(0)


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
        self._encoders: dict[type, Encoder] = dict(BASIC)
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
        if value is None or kind is bool or (kind is int and -EXACT_INT <= value < EXACT_INT):
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
                return self._encoders[base] if base in BASIC or _is_transparent(kind) else opaque
        name = type_name(kind)
        if name.startswith("numpy."):
            return numpy_value
        bases = type.__getattribute__(kind, "__mro__")
        is_dataclass = any("__dataclass_fields__" in type.__getattribute__(base, "__dict__") for base in bases)
        if is_dataclass or any(type_name(base) == "pydantic.main.BaseModel" for base in bases):
            return self._fields
        return opaque

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
                    or (kind is int and -EXACT_INT <= item < EXACT_INT)
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
        if stored := stored_fields(value):
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
