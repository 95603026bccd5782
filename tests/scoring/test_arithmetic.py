"""Sums that a sentence writes out."""

import pytest

from weaklink.scoring.arithmetic import sums_in
from weaklink.scoring.text.tokens import tokenise


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("149.00 + 2 × 35.50 = 220.00", 220.0, "220"),
        ("38 euros plus 2 x 14 euros, so 66 euros altogether", 66.0, "66"),
        ("18 days a year (1.5 days × 12 months)", 18.0, None),
        ("3 times 4 euros less 2, which makes 11", 10.0, "11"),
        ("30 divided by 4", 7.5, None),
    ],
)
def test_a_sum_is_worked_out(text: str, value: float, result: str | None):
    (found,) = sums_in(text, tokenise(text))
    assert found.value == value
    assert (found.result.value if found.result else None) == result


@pytest.mark.parametrize("text", ["10-15 minutes", "999 instead of 1249", "fewer than 5 of 20", "7 / 0", "", "1 + "])
def test_other_numbers_make_no_sum(text: str):
    assert sums_in(text, tokenise(text)) == []
