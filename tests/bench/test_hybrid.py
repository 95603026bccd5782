"""Reciprocal rank fusion, and what it gains where words and vectors know different things."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from weaklink.bench import Passage, Place
from weaklink.bench.direct.hybrid import HybridSearch, fused, hybrid

A, B, C, D = (Passage(id=name, text=name) for name in "abcd")


def test_a_passage_that_both_lists_have_beats_the_first_of_either():
    assert fused([[A, B, C], [D, B]], 60) == [B, A, D, C]


def test_equal_sums_keep_the_order_of_the_first_list():
    assert fused([[A], [B]], 60) == [A, B]
    assert fused([[], []], 60) == []


@given(st.lists(st.permutations([A, B, C, D]), min_size=1, max_size=4))
def test_each_passage_comes_once(lists):
    assert sorted(passage.id for passage in fused(lists, 60)) == ["a", "b", "c", "d"]


def test_it_finds_what_only_words_and_what_only_vectors_find():
    texts = ["the invoice 4711 is late", "a car", "an automobile", "nothing of the kind"]
    vectors = dict(zip(texts, ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.0, 1.0, 0.0]), strict=True))
    vectors |= {"4711": [0.0, 1.0, 0.0], "car": [1.0, 0.0, 0.0]}
    place = Place(Path(), lambda asked: [vectors[text] for text in asked], 3, 4, None, hybrid.search)
    store = HybridSearch(place)
    store.add([Passage(id=str(number), text=text) for number, text in enumerate(texts)])
    store.ready()

    def found(query, k):
        return [hit.id for hit in store.hits(store.search(query, k))]

    assert "0" in found("4711", 2)  # its vector is far from that of the question
    assert found("car", 2) == ["1", "2"]  # no word of the second is in the question
