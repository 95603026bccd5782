"""The parsers of the demo's chain: prose as it is, or an amount as a number with its unit."""

import re

from langchain_core.exceptions import OutputParserException
from langchain_core.output_parsers import BaseOutputParser

_AMOUNT = re.compile(r"(?P<number>\d[\d.,]*\d|\d)\s*(?P<unit>%|[a-z]+)", re.IGNORECASE)


class AmountParser(BaseOutputParser[dict[str, float | str]]):
    """Reads the first amount of an answer: "The budget is 1,400 euros." becomes {"amount": 1400.0, "unit": "euros"}."""

    thousands: str = ","
    decimal: str = "."

    def parse(self, text: str) -> dict[str, float | str]:
        """The first number with the word after it. Raises OutputParserException where there is none."""
        found = _AMOUNT.search(text)
        if found is None:
            raise OutputParserException(f"There is no amount in this answer: {text!r}", llm_output=text)
        number = found["number"].replace(self.thousands, "").replace(self.decimal, ".")
        return {"amount": float(number), "unit": found["unit"]}
