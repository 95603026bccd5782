"""Numbers as people read them."""

import pytest

from weaklink.report.figures import (
    age_text,
    bytes_text,
    confidence_text,
    count_text,
    duration_text,
    plain_number,
    score_text,
    share_text,
)


@pytest.mark.parametrize(
    ("given", "text"),
    [(None, ""), (0, "0 ns"), (999, "999 ns"), (1_500, "1.5 us"), (999_998, "1.0 ms"), (12_300_000, "12 ms"), (1_449_000_000, "1.4 s"),
     (90_000_000_000, "1.5 min"), (7_200_000_000_000, "2.0 h")],
)  # fmt: skip
def test_durations(given, text):
    assert duration_text(given) == text


def test_scores_and_probabilities():
    assert [score_text(value) for value in (None, 0, 0.004, 0.21, 0.994, 0.995, 1)] == [
        "",
        ".00",
        ".00",
        ".21",
        ".99",
        "1.0",
        "1.0",
    ]
    assert [confidence_text(value) for value in (0.5, 0.994, 1)] == [".50", ".99", ">.99"]


def test_only_all_is_all_and_only_nothing_nothing():
    assert [share_text(value) for value in (None, 0, 0.001, 0.5, 0.999, 1)] == ["", "0%", "1%", "50%", "99%", "100%"]


def test_counts_ages_sizes_and_store_scores():
    assert [count_text(value) for value in (None, 0, 9_999, 12_400, 2_500_000)] == ["", "0", "9999", "12.4k", "2.5M"]
    assert [age_text(0, seconds * 10**9) for seconds in (0, 59, 60, 7_300, 90_000, 700_000, 40_000_000)] == [
        "0 s", "59 s", "1 min", "2 h", "1 d", "1 w", "1 y",
    ]  # fmt: skip
    assert [bytes_text(value) for value in (0, 999, 84_000, 1_200_000, 3_000_000_000)] == [
        "0 B",
        "999 B",
        "84 kB",
        "1.2 MB",
        "3.0 GB",
    ]
    assert [plain_number(value) for value in (None, 0.0, 0.34842, 12.5, 1234.0, 1e-9)] == [
        "",
        "0.000",
        "0.348",
        "12.500",
        "1.23e+03",
        "1e-09",
    ]
