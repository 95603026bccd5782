import numpy as np
import pytest

from weaklink.bench.statistics import Speeds, bootstrap_mean, kendall_tau, paired_bootstrap, percentile, tukey_quantile


def test_percentile_interpolates():
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([7], 0.99) == 7


def test_the_quantile_of_the_studentised_range_is_that_of_the_tables():
    # Tables of Tukey's q at .05: q(3, 10) = 3.88, q(5, 20) = 4.23, q(10, 18) = 5.07.
    assert tukey_quantile(3, 10) == pytest.approx(3.88, abs=0.08)
    assert tukey_quantile(5, 20) == pytest.approx(4.23, abs=0.08)
    assert tukey_quantile(10, 18) == pytest.approx(5.07, abs=0.1)


def test_speeds_that_do_not_differ_are_called_different_in_at_most_5_percent_of_runs():
    rng = np.random.default_rng(1)
    claims = 0
    for _ in range(400):
        block = rng.normal(0, 0.5, 3)  # what the machine did in each repeat
        times = {f"s{n}": np.exp(block + rng.normal(0, 0.1, 3)) for n in range(5)}
        speeds = Speeds(times)
        slowest, fastest = (pick(times, key=lambda name: np.log(times[name]).mean()) for pick in (max, min))
        claims += not (found := speeds.ratio(slowest, fastest)).low <= 1 <= found.high
    assert claims / 400 <= 0.075  # 5 % and three standard errors


def test_a_real_difference_is_found_in_spite_of_a_busy_machine():
    busy = np.array([1.0, 3.0, 1.7])
    speeds = Speeds({"fast": busy, "slow": 2 * busy * [1.02, 0.97, 1.01], "again": busy * [0.99, 1.02, 1.0]})
    found = speeds.ratio("slow", "fast")
    assert found.value == pytest.approx(2, rel=0.03)
    assert found.low > 1.7
    again = speeds.ratio("again", "fast")
    assert again.low < 1 < again.high


def test_one_repeat_says_nothing():
    assert Speeds({"a": [1.0], "b": [2.0]}).ratio("a", "b") is None
    assert Speeds({"a": [1.0, 2.0]}).ratio("a", "a") is None
    assert Speeds({}).ratio("a", "b") is None


def test_the_bootstrap_interval_holds_the_mean_and_weighs_by_frequency():
    found = bootstrap_mean([0.0, 1.0], [1, 3])
    assert found.value == 0.75
    assert found.low <= 0.75 <= found.high
    assert bootstrap_mean([]) is None


def test_paired_differences_cancel_what_queries_have_in_common():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0, 1, 80)
    found = paired_bootstrap(list(hard + 0.05 + rng.normal(0, 0.01, 80)), list(hard))
    assert found.excludes_zero
    assert found.value == pytest.approx(0.05, abs=0.01)
    assert not paired_bootstrap(list(hard), list(hard)).excludes_zero


def test_kendall_tau_with_ties():
    assert kendall_tau([1, 2, 3], [10, 20, 30]) == 1
    assert kendall_tau([1, 2, 3], [3, 2, 1]) == -1
    assert kendall_tau([1, 1, 1], [1, 2, 3]) is None
    assert kendall_tau([1, 2, 2], [1, 2, 3]) == pytest.approx(2 / np.sqrt(2 * 3))
