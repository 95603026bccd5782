"""The arguments of a call, as LlamaIndex hands them out: bound to the parameters of a method, or of the wrapper around it."""

from __future__ import annotations

from typing import Any, cast

from weaklink_llama_index.shapes import as_dict

Arguments = dict[str, Any]

_KEYWORDS = ("kwargs", "prompt_args", "kwds")


def first_of(arguments: Arguments) -> Any:
    """The first argument; None without one."""
    for name, value in arguments.items():
        if name == "args" and type(value) is tuple:
            if positional := _positional(value):
                return positional[0]
        elif name == "kwargs" and type(value) is dict:
            return next(iter(as_dict(value).values()), None)
        else:
            return value
    return None


def by_name(arguments: Arguments) -> Arguments:
    """All of them by name; those that were passed by position to a wrapper are "input", "1", "2", ..."""
    found: Arguments = {}
    for name, value in arguments.items():
        if name in _KEYWORDS and type(value) is dict:
            found.update(as_dict(value))
        elif name == "args" and type(value) is tuple:
            found.update({str(number) if number else "input": item for number, item in enumerate(_positional(value))})
        elif name != "self":
            found[name] = value
    return found


def _positional(value: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", value)
