"""A comparison described in a TOML file, so that it can be run again and kept beside the code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from weaklink.bench.data import Value
from weaklink.errors import WeaklinkError


class UnusablePlan(WeaklinkError):
    """You named a file that describes no comparison."""


def _listed(given: object) -> object:
    """A single value stands for a list of one."""
    return cast("object", given) if isinstance(given, list) else [given]


class Plan(BaseModel):
    """What to compare, and how; the fields are those of the command line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corpus: str | None = None
    """A folder or a file; in a TOML file seen from that file's folder, as are `queries` and `output`."""
    stores: str | list[str] = "all"
    queries: str | None = None
    """A file, or "traces"."""
    framework: str | None = None
    embedder: str | None = None
    chain: str | None = None
    k: int = Field(default=10, ge=1)
    repeats: int = Field(default=3, ge=1)
    rounds: int = Field(default=3, ge=1)
    seed: int = 0
    full: bool = False
    sweep: bool = False
    set: dict[str, dict[str, Annotated[list[Value], BeforeValidator(_listed)]]] = Field(
        default_factory=dict[str, dict[str, list[Value]]]
    )
    """By store, then by parameter, the values to compare."""
    url: dict[str, str] = Field(default_factory=dict[str, str])
    output: Annotated[list[str], BeforeValidator(_listed)] = Field(default_factory=list[str])
    limit: float = Field(default=600, ge=1)

    @property
    def names(self) -> list[str]:
        """The stores, one by one."""
        given = self.stores.replace(",", " ").split() if isinstance(self.stores, str) else self.stores
        return [name for name in given if name]


def load_plan(path: str | Path) -> Plan:
    """The plan in a TOML file; raises UnusablePlan, with the field that was probably meant."""
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UnusablePlan(f"cannot read {path}: {why}; name a TOML file that describes a comparison") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusablePlan(f"{path} is no TOML: {error}") from error
    try:
        plan = Plan.model_validate(table)
    except ValidationError as error:
        raise UnusablePlan("; ".join(f"{path}: {_words(each)}" for each in error.errors())) from None
    return _seen_from(Path(path).parent, plan)


def _seen_from(folder: Path, plan: Plan) -> Plan:
    def place(name: str | None) -> str | None:
        return name if name is None or name == "traces" else str(folder / name)

    moved = {
        "corpus": place(plan.corpus),
        "queries": place(plan.queries),
        "output": [str(folder / each) for each in plan.output],
    }
    return plan.model_copy(update=moved)


def _words(error: Any) -> str:
    field = ".".join(str(part) for part in error["loc"] if part not in ("str", "list[str]"))
    if error["type"] == "extra_forbidden":
        return f"there is no field {field!r}; {meant(field, Plan.model_fields)}"
    return f"{field} is {error['input']!r}, and {error['msg'][0].lower()}{error['msg'][1:]}"


def meant(given: str, known: Iterable[str]) -> str:
    """ "did you mean x? there are ...", for a name that is not known."""
    names = list(dict.fromkeys(known))
    close = get_close_matches(given.lower().replace("_", "-"), names, 1, 0.6) or get_close_matches(given, names, 1, 0.6)
    return f"{f'did you mean {close[0]}? ' if close else ''}there are {', '.join(names)}"
