"""A few labels make probabilities of scores again."""

import random

import pytest

from weaklink.errors import WeaklinkError
from weaklink.scoring import Calibration, recalibrate


def overconfident(count: int) -> tuple[list[float], list[bool]]:
    """Values that say .9 or .1 where six or four of ten are good."""
    chance = random.Random(1)
    values = [chance.choice([0.9, 0.1]) for _ in range(count)]
    return values, [chance.random() < (0.6 if value > 0.5 else 0.4) for value in values]


def test_without_labels_nothing_changes():
    same = recalibrate([], [])
    assert [same(value) for value in (0.1, 0.5, 0.9)] == pytest.approx([0.1, 0.5, 0.9])
    assert same.labels == 0


def test_values_that_are_too_sure_become_less_so():
    values, labels = overconfident(400)
    found = recalibrate(values, labels)
    for said in (0.9, 0.1):
        good = [label for value, label in zip(values, labels, strict=True) if value == said]
        assert found(said) == pytest.approx(sum(good) / len(good), abs=0.02)


def test_few_labels_change_little_and_never_the_order():
    found = recalibrate([0.9, 0.2], [False, True])
    values = [found(step / 20) for step in range(21)]
    assert values == sorted(values)
    assert found(0.99) > 0.5


@pytest.mark.parametrize("labels", [[True] * 30, [False] * 30])
def test_labels_of_one_kind_alone_give_finite_numbers(labels):
    found = recalibrate([0.01, 0.5, 1.0] * 10, labels)
    assert all(0 <= found(value) <= 1 for value in (0.0, 0.5, 1.0))


def test_what_cannot_be_fitted_says_why():
    with pytest.raises(WeaklinkError, match="2 values and 1 labels"):
        recalibrate([0.1, 0.2], [True])
    with pytest.raises(WeaklinkError, match="between 0 and 1"):
        recalibrate([1.5], [True])
    assert Calibration()(0.25) == pytest.approx(0.25)
