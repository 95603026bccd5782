import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaklink.bench.quality import hit_at_k, inverse_ratio_at_k, ndcg_at_k, recall_at_k, reciprocal_rank

near = st.lists(st.floats(0.01, 2.0), min_size=1, max_size=10).map(sorted)


def test_recall_is_the_share_of_results_as_near_as_the_kth_of_exact_search():
    assert recall_at_k([0.1, 0.2, 0.9], [0.1, 0.2, 0.3]) == pytest.approx(2 / 3)
    assert recall_at_k([], [0.1]) == 0
    assert recall_at_k([0.1], []) is None


def test_a_passage_at_the_same_distance_as_the_kth_is_as_right():
    assert recall_at_k([0.1, 0.3 + 1e-7], [0.1, 0.3]) == 1


def test_the_inverse_ratio_forgives_what_is_nearly_as_near():
    nearly, far = inverse_ratio_at_k([0.50, 0.52], [0.50, 0.51]), inverse_ratio_at_k([0.5, 1.5], [0.5, 0.51])
    assert nearly == pytest.approx(2 / (1 + 0.52 / 0.51))
    assert far < 0.6 < 0.98 < nearly < 1


def test_a_missing_result_counts_as_the_farthest():
    assert inverse_ratio_at_k([1.0], [1.0, 1.0]) == pytest.approx(2 / 3)


@given(near)
def test_exact_results_are_perfect(distances):
    assert recall_at_k(distances, distances) == 1
    assert inverse_ratio_at_k(distances, distances) == 1


@given(near, near)
def test_both_stay_between_0_and_1(found, exact):
    for value in (
        recall_at_k(found, exact),
        inverse_ratio_at_k([max(a, b) for a, b in zip(found, exact, strict=False)], exact),
    ):
        assert value is not None
        assert 0 <= value <= 1


def test_ndcg_by_hand():
    relevant = {"a": 2.0, "b": 1.0}
    ideal = 2 + 1 / math.log2(3)
    assert ndcg_at_k(["a", "b"], relevant, 10) == 1
    assert ndcg_at_k(["x", "a"], relevant, 10) == pytest.approx(2 / math.log2(3) / ideal)
    assert ndcg_at_k(["a", "a", "a"], relevant, 10) == pytest.approx(2 / ideal)  # a passage counts once
    assert ndcg_at_k(["a"], {}, 10) is None


def test_mrr_and_hit_look_at_the_first_k():
    relevant = {"b": 1.0}
    assert reciprocal_rank(["a", "b"], relevant, 2) == 0.5
    assert reciprocal_rank(["a", "b"], relevant, 1) == 0
    assert (hit_at_k(["a", "b"], relevant, 2), hit_at_k(["a", "b"], relevant, 1)) == (1, 0)
    assert reciprocal_rank(["a"], {}, 2) is None
    assert hit_at_k(["a"], {"a": 0.0}, 2) is None
