import pytest

from weaklink.bench.plan import UnusablePlan, load_plan

TEXT = """
corpus = "docs"
stores = "chroma, faiss-hnsw"
queries = "traces"
k = 5
output = "report.html"
[set.faiss-hnsw]
ef = [16, 64]
m = 32
[url]
qdrant-server = "http://localhost:6333"
"""


def test_a_plan_is_read_with_paths_seen_from_its_folder(tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(TEXT)
    plan = load_plan(path)
    assert plan.corpus == str(tmp_path / "docs")
    assert plan.queries == "traces"
    assert plan.output == [str(tmp_path / "report.html")]
    assert plan.names == ["chroma", "faiss-hnsw"]
    assert plan.set == {"faiss-hnsw": {"ef": [16, 64], "m": [32]}}
    assert (plan.k, plan.repeats, plan.url) == (5, 3, {"qdrant-server": "http://localhost:6333"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('corpsu = "docs"', "there is no field 'corpsu'; did you mean corpus?"),
        ("repeats = 0", "repeats is 0, and input should be greater than or equal to 1"),
        ("k = 'ten'", "k is 'ten', and input should be a valid integer"),
        ("corpus = ", "is no TOML: Invalid value"),
    ],
)
def test_a_mistake_in_a_plan_is_named(tmp_path, text, says):
    path = tmp_path / "bench.toml"
    path.write_text(text)
    with pytest.raises(UnusablePlan, match=r"bench\.toml") as raised:
        load_plan(path)
    assert says in str(raised.value)


def test_a_plan_that_is_not_there_is_named():
    with pytest.raises(UnusablePlan, match=r"cannot read absent\.toml: no such file"):
        load_plan("absent.toml")
