"""What calls of models cost, by prices that the user gives: Weaklink knows none, and invents none."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, Field, ValidationError

from weaklink.errors import WeaklinkError
from weaklink.model import Usage

_A_MILLION = 1_000_000


class BadPrices(WeaklinkError):
    """The file of prices cannot be used."""


class Price(BaseModel, frozen=True, extra="forbid"):
    """What one model costs, in US dollars per million tokens."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Of input that came from the provider's prompt cache; None: the same as other input."""


class Cost(NamedTuple):
    """What a trace cost."""

    usd: float | None
    """US dollars; None where a price or a number of tokens is not known."""
    reason: str = ""
    """Why there is none."""


class Prices(BaseModel, frozen=True):
    """Prices by the name of the model, in which `*` stands for anything."""

    by_name: dict[str, Price]

    def of(self, model: str) -> Price | None:
        """The price of this model: by its very name, else by the longest pattern that fits; None where there is none."""
        name = model.lower()
        patterns = {pattern.lower(): price for pattern, price in self.by_name.items()}
        fitting = [pattern for pattern in patterns if fnmatchcase(name, pattern.replace("[", "[[]"))]
        return patterns[max(fitting, key=lambda pattern: (pattern == name, len(pattern)))] if fitting else None

    def cost(self, models: Mapping[str, Usage]) -> Cost:
        """What these tokens cost together, by model; a sum of which a part is not known is not given."""
        total = 0.0
        for model, usage in sorted(models.items()):
            price = self.of(model)
            if price is None:
                return Cost(None, f"there is no price for {model or 'a model without a name'}")
            if usage.input_tokens is None or usage.output_tokens is None:
                return Cost(None, f"{model or 'a model'} did not say how many tokens it used")
            cached = min(usage.cached_input_tokens or 0, usage.input_tokens)
            total += (usage.input_tokens - cached) * price.input + usage.output_tokens * price.output
            total += cached * (price.input if price.cached_input is None else price.cached_input)
        return Cost(total / _A_MILLION) if models else Cost(None, "no call of a model is known")


def load_prices(path: str) -> Prices | None:
    """The prices in a TOML file, a table for each model; None for "".

    Raises BadPrices where the file cannot be read or used.
    """
    if not path:
        return None
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return Prices.model_validate({"by_name": tables})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadPrices(
            f"the prices in {path} cannot be used: {'.'.join(map(str, first['loc'][1:]))}: {first['msg'].lower()}; give each model a "
            'table in US dollars per million tokens, such as ["gpt-4o*"] with input = 2.5 and output = 10'
        ) from None
    except (OSError, ValueError) as error:
        raise BadPrices(f"the prices in {path} cannot be read: {error}; check the file, or name another one") from error
