"""Every recipe whose packages are installed: filled, searched, measured in full, through its framework."""

import pytest

from weaklink.bench.measure import Task
from weaklink.bench.recipes import find_recipe, find_recipes, missing_packages
from weaklink.bench.summary import Judge, summarise
from weaklink.bench.worker import Job, Variant, perform

# The servers and what starts one are slow; each runs in CI all the same.
SLOW = ("chroma-server", "pgvector", "pgvector-hnsw", "milvus-lite")
# These look up the nearest first and apply the filter to them: with a narrow filter hardly any is left.
FILTERED_AFTERWARDS = (
    "langchain.faiss-flat", "langchain.faiss-hnsw", "langchain.faiss-ivf", "langchain.lancedb", "duckdb-vss",
)  # fmt: skip
RECIPES = [
    pytest.param(name, marks=pytest.mark.slow) if recipe.name in SLOW else name
    for name, recipe in find_recipes().items()
    if not recipe.url_required
]


@pytest.mark.parametrize("name", RECIPES)
def test_a_store_finds_what_exact_search_finds(name, workload, tmp_path):
    recipe = find_recipe(name)
    if absent := missing_packages(recipe):
        pytest.skip(f"pip install {' '.join(absent)}")
    workload.save(tmp_path / "workload")
    (tmp_path / "store").mkdir()
    parameters = {**recipe.build, **recipe.search}
    measures = frozenset({"split", "k", "filters", "mmr"}) - ({"split"} if recipe.framework == "none" else set())
    job = Job(
        recipe=name, variants=(Variant(label=name, parameters=parameters),), repeat=0, workload=tmp_path / "workload",
        folder=tmp_path / "store", output=tmp_path / "out.json",
        task=Task(rounds=1, measures=measures, ks=(1, 5), client_calls=recipe.clients),
    )  # fmt: skip
    (run,) = perform(job)
    found = summarise(name, [run], Judge(workload, 10))
    assert found.status == "ok", found.reason
    assert found.self_found == 1
    if recipe.kind in ("lexical", "hybrid"):
        assert found.ndcg.value > 0.9
    else:
        assert found.recall.value == (1 if recipe.kind == "exact" else pytest.approx(1, abs=0.1))
    if recipe.clients and not any(note.startswith("split") for note in found.notes):
        assert found.split.store_ns > 0
    assert [at.k for at in found.by_k] == [1, 5]
    recalls = [at.recall for at in found.filtered]
    if name in FILTERED_AFTERWARDS:
        assert recalls[0] < 0.5
    else:
        assert all(recall > 0.9 for recall in recalls), (recalls, found.notes)
