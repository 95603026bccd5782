import numpy as np
import pytest
from llama_index.core.embeddings import MockEmbedding

from weaklink.bench.exact import distances, nearest, unit
from weaklink.bench.named import UnusableCode
from weaklink.bench.vectors import UnusableEmbedder, VectorTable, as_embedder, embed_all


def test_exact_search_is_that_of_a_full_sort():
    rng = np.random.default_rng(0)
    vectors, queries = (
        unit(rng.standard_normal((300, 16)).astype(np.float32)),
        unit(rng.standard_normal((70, 16)).astype(np.float32)),
    )
    expected = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :7]
    assert (nearest(vectors, queries, 7) == expected).all()
    assert nearest(vectors, queries, 1000).shape == (70, 300)


def test_distances_are_euclidean():
    vectors = unit(np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32))
    assert distances(vectors, vectors[0], [0, 1, 2]) == pytest.approx([0, 2**0.5, 2])


def test_a_zero_vector_gets_a_direction():
    assert unit(np.zeros((1, 3), dtype=np.float32)).tolist() == [[1, 0, 0]]


def test_each_text_is_embedded_once_and_kept(tmp_path, embedder):
    calls = []
    embedder.embed_documents, original = (
        lambda texts: calls.append(len(texts)) or original(texts),
        embedder.embed_documents,
    )
    first = embed_all(as_embedder(embedder), ["a b", "c"], ["a"], tmp_path)
    again = embed_all(as_embedder(embedder), ["a b", "c"], ["a"], tmp_path)
    assert calls == [2]
    assert (first.passages == again.passages).all()
    assert first.embedder == "WordVectors (word-vectors)"
    assert np.linalg.norm(first.passages, axis=1) == pytest.approx([1, 1])
    embed_all(as_embedder(embedder), ["a b", "changed"], ["a"], tmp_path)
    assert calls == [2, 2]


def test_another_model_under_the_same_name_is_another_cache(tmp_path):
    def embed(texts):
        return [[1.0, 0.0]] * len(texts)

    one = embed_all(as_embedder(embed), ["a"], ["b"], tmp_path)

    def embed(texts):
        return [[0.0, 1.0]] * len(texts)

    other = embed_all(as_embedder(embed), ["a"], ["b"], tmp_path)
    assert one.passages.tolist() != other.passages.tolist()


def test_embedders_of_llama_index_are_taken(tmp_path):
    found = embed_all(as_embedder(MockEmbedding(embed_dim=5)), ["a", "b"], ["c"], tmp_path)
    assert found.passages.shape == (2, 5)


@pytest.mark.parametrize("vectors", [[[1.0]] * 2, [[float("nan")]], [["x"]], [[1.0], [1.0, 2.0]], [[]]])
def test_unusable_vectors_are_refused(tmp_path, vectors):
    with pytest.raises(UnusableEmbedder):
        embed_all(as_embedder(lambda texts: vectors), ["a"], ["b"], tmp_path)


@pytest.mark.parametrize("name", ["glove", "no_such_module_xyz:Thing", "json:Thing"])
def test_an_unknown_embedder_is_refused(name):
    with pytest.raises((UnusableEmbedder, UnusableCode)):
        as_embedder(name)
    with pytest.raises(UnusableEmbedder):
        as_embedder(3)


def test_the_table_looks_up_and_answers_probes():
    table = VectorTable(["a", "b"], np.eye(2, dtype=np.float32))
    table.prepare(["a"])
    assert table.many(["a", "b", "a store's probe"]) == [[1, 0], [0, 1], [1, 0]]
