"""The parsers of the demo's engine: prose as it is, or an amount as a number with its unit."""

import json
import re
from typing import Any

from llama_index.core.output_parsers.base import OutputParserException
from llama_index.core.types import BaseOutputParser
from pydantic import BaseModel

_AMOUNT = re.compile(r"(?P<number>\d[\d.,]*\d|\d)\s*(?P<unit>%|[a-z]+)", re.IGNORECASE)


class Amount(BaseModel):
    """A number with its unit."""

    amount: float
    unit: str


class TextParser(BaseOutputParser):
    """Takes the answer as it is."""

    def parse(self, output: str) -> str:
        """The same text."""
        return output


class AmountParser(BaseOutputParser):
    """Reads the first amount of an answer: "The budget is 1,400 euros." becomes 1400.0 and "euros"."""

    def __init__(self, thousands: str = ",", decimal: str = ".") -> None:
        """`thousands` is dropped, `decimal` separates the fraction."""
        self.thousands = thousands
        self.decimal = decimal

    def parse(self, output: str) -> Amount:
        """The first number with the word after it. Raises OutputParserException where there is none."""
        found = _AMOUNT.search(output)
        if found is None:
            raise OutputParserException(f"There is no amount in this answer: {output!r}")
        number = found["number"].replace(self.thousands, "").replace(self.decimal, ".")
        return Amount(amount=float(number), unit=found["unit"])


class JsonParser(BaseOutputParser):
    """Reads the answer as JSON."""

    def parse(self, output: str) -> Any:
        """What the JSON says. Raises OutputParserException where it is none."""
        try:
            return json.loads(output)
        except ValueError as error:
            raise OutputParserException(f"This answer is not JSON: {output!r}") from error
