"""All settings, read in one place: argument, then WEAKLINK_* in the environment, then [tool.weaklink] of pyproject.toml."""

import os
import tomllib
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from weaklink.errors import WeaklinkError

# pydantic-settings would do the same, and its import alone takes 130 ms (2.16), which every host process would pay.


class InvalidSettings(WeaklinkError):
    """A WEAKLINK_* variable or a key of [tool.weaklink] has a value that cannot be used."""


class Settings(BaseModel, frozen=True, extra="ignore"):
    """What can be set. Each field is also the variable WEAKLINK_<FIELD> and the key <field> of [tool.weaklink]."""

    store: str = str(Path(".weaklink") / "traces.db")
    """Path or URL of the store."""
    redact: bool = True
    """Mask secrets before anything is stored."""
    max_span_bytes: int = Field(default=1_048_576, ge=1_024)
    """Characters of text kept of one span's input, and of its output."""
    max_queue_bytes: int = Field(default=64 * 1_048_576, ge=65_536)
    """Bytes that may wait for the writer; what comes on top is dropped, counted and reported."""
    flush_interval_ms: int = Field(default=200, ge=10)
    """How long a finished span waits at most before it is on its way to disk."""
    sample_rate: float = Field(default=1.0, ge=0, le=1)
    """The share of traces that is stored; those in which a step failed are stored all the same."""
    keep_days: float | None = Field(default=None, ge=0)
    """Traces older than this are deleted; None keeps them for ever."""
    keep_traces: int | None = Field(default=None, ge=0)
    """At most so many traces are kept."""
    keep_bytes: int | None = Field(default=None, ge=0)
    """The store takes at most so many bytes."""
    keep_longer: float = Field(default=4.0, ge=1)
    """How many times longer traces are kept that are broken, have feedback, or belong to the sample."""
    keep_sample: float = Field(default=0.0, ge=0, le=1)
    """The share of traces that is kept longer whatever became of them."""
    judge: str = ""
    """The language model that judges: provider:model, an OpenAI-compatible http address#model, or file.py:name. "" is none."""
    judge_embeddings: str = ""
    """The embedding model of the judge, file.py:name; "" is Weaklink's own."""
    judge_concurrency: int = Field(default=8, ge=1)
    """How many calls of the judge run at the same time."""
    judge_timeout: float = Field(default=60.0, gt=0)
    """Seconds that one call of the judge may take."""
    prices: str = ""
    """A TOML file of what models cost, see weaklink.prices; "" is none, and then no cost is shown."""
    references: str = ""
    """A file of right answers, as JSON lines or CSV with question and reference; "" is none."""


def load_settings(**given: object) -> Settings:
    """The settings in force; `given` wins where it is not None.

    Raises InvalidSettings where a value cannot be used.
    """
    values = _from_pyproject(Path("pyproject.toml"))
    for name in Settings.model_fields:
        if (set_to := os.environ.get(f"WEAKLINK_{name.upper()}")) is not None:
            values[name] = set_to
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise InvalidSettings(
            f"the setting {name!r} cannot be used: {first['msg'].lower()}, and it is {first['input']!r}; "
            f"set WEAKLINK_{name.upper()} or [tool.weaklink] {name} to another value, or remove it"
        ) from None


def _from_pyproject(path: Path) -> dict[str, object]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("weaklink", {})
    except (OSError, ValueError):
        return {}  # absent, or not ours to complain about: other tools read the same file
    return dict(table)
