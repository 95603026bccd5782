"""Looking into values of any class without running code of that class."""

from __future__ import annotations

from typing import Any, cast


def as_dict(value: Any) -> dict[str, Any]:
    """`value` itself where it is a plain dict, else an empty one."""
    return cast("dict[str, Any]", value) if type(value) is dict else {}


def as_list(value: Any) -> list[Any]:
    """`value` itself where it is a plain list, else an empty one."""
    return cast("list[Any]", value) if type(value) is list else []


def class_of(value: object) -> type[object]:
    """The class of `value`, whatever it says itself."""
    return type(value)


def field(value: Any, name: str) -> Any:
    """What `value` stores under `name`, be it a dict or an object; None without one."""
    return fields_of(value).get(name)


def fields_of(value: Any) -> dict[str, Any]:
    """All that `value` stores by name, be it a dict or an object: its own dict, not a copy."""
    if type(value) is dict:
        return cast("dict[str, Any]", value)
    try:
        stored = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return as_dict(stored)


def private(value: Any, name: str) -> Any:
    """What a pydantic model stores under the name of a private attribute; None without one."""
    try:
        stored = object.__getattribute__(value, "__pydantic_private__")
    except AttributeError:
        return None
    return as_dict(stored).get(name)


def finite(value: Any) -> float | None:
    """A finite number as a float; None for anything else."""
    kind = class_of(value)
    if kind is not float and kind is not int and not kind.__module__.startswith("numpy"):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number - number == 0.0 else None
