"""Marked objects, which stand for what JSON cannot say."""

from typing import Any, Final

MARK: Final = "$type"
# Texts longer than this are stored once each, by content hash; shorter ones stay inside the value.
LONG_TEXT: Final = 256


def marked(name: str, value: Any = None) -> dict[str, Any]:
    """The marked object for what JSON cannot say."""
    return {MARK: name} if value is None else {MARK: name, "value": value}


def type_name(kind: type) -> str:
    """The qualified name of a class, "module.Class", without running the class's own code."""
    module = type.__getattribute__(kind, "__module__")
    name = type.__getattribute__(kind, "__qualname__")
    return f"{module}.{name}" if type(module) is str and module != "builtins" else str.__str__(name)
