"""`weaklink bench`, with exact search and BM25: no framework has to be loaded."""

import json

import pytest

TEXT = "The {} has {} rooms. It was built in {} and restored twice. Visitors come by the northern road in summer."


@pytest.fixture
def docs(cli, tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    for number, name in enumerate(("castle", "abbey", "mill", "bridge", "tower")):
        (folder / f"{name}.txt").write_text(
            "\n\n".join(TEXT.format(f"{name}{n} " * 12, n + number, 1500 + n) for n in range(8))
        )
    return "docs"


def test_a_new_user_gets_sentences_and_a_table(cli, docs):
    said = cli.ok("bench", "--corpus", docs, "--stores", "exact,bm25", "--repeats", "2")
    assert "docs: " in said
    assert "queries made from it" in said.replace("\n", " ")
    assert "Stores, the fastest first" in said
    assert "A/A control: exact, measured twice" in said.replace("\n", " ")


def test_reports_are_written_in_each_form_and_compared(cli, docs, tmp_path):
    files = [f"r.{form}" for form in ("json", "html", "md", "svg", "txt")]
    outputs = [part for file in files for part in ("-o", file)]
    found = cli.json("bench", "--corpus", docs, "--stores", "exact", "--repeats", "1", *outputs)
    assert found["stores"][0]["recall"]["value"] == 1
    assert json.loads((tmp_path / "r.json").read_text()) == found
    page = (tmp_path / "r.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert (tmp_path / "r.svg").read_text().startswith("<svg")
    assert "| store | recall@10 |" in (tmp_path / "r.md").read_text()

    assert "p50" in cli.ok("bench", "compare", "r.json", "r.json")
    found["stores"][0]["recall"]["value"] = 0.8
    (tmp_path / "worse.json").write_text(json.dumps(found))
    worse = cli.json("bench", "compare", "r.json", "worse.json", code=1)
    assert [change["measure"] for change in worse["changes"] if change["is_regression"]] == ["recall"]
    assert cli.json("bench", "compare", "worse.json", "r.json")["ok"]
    found["k"] = 3
    (tmp_path / "other.json").write_text(json.dumps(found))
    assert not cli.json("bench", "compare", "r.json", "other.json", code=2)["ok"]


def test_that_nothing_could_be_measured_is_a_failure(cli, docs, monkeypatch):
    monkeypatch.setattr("weaklink.bench.session.missing_packages", lambda _: ("a-package",))
    assert cli("bench", "--corpus", docs, "--stores", "exact").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "weaklink bench --corpus FOLDER"),
        (["--corpus", "nowhere"], "there is no corpus at nowhere"),
        (["--corpus", "docs", "--stores", "pinecone"], "there is no store 'pinecone'"),
        (["--corpus", "docs", "--set", "ef=3"], "names no store"),
        (["--corpus", "docs", "--url", "chroma"], "is no value for --url"),
        (["--corpus", "docs", "-o", "r.pdf"], "its name has to end in .html"),
        (["--corpus", "docs", "-o", "absent/r.html"], "there is no folder absent"),
        (["--corpus", "docs", "--stores", ","], "no store is named"),
        (["--corpus", "docs", "--stores", "chroma-server", "--url", "chroma-sevrer=x"], "did you mean chroma-server?"),
        (["--corpus", "docs", "--chain", "nowhere:ask"], "there is no module nowhere here"),
        (["nowhere.toml"], "cannot read nowhere.toml"),
        (["--corpus", "docs", "--queries", "traces"], "there is no store"),
        (["--corpus", "docs", "--embedder", "glove"], "there is no embedder 'glove'"),
        (["compare", "a.json", "b.json"], "cannot read a.json"),
    ],
)
def test_a_mistake_is_said_in_one_message(cli, docs, arguments, says):
    assert says in cli.fails("bench", *arguments).replace("\n", " ")


def test_a_file_describes_a_run_and_what_is_typed_wins(cli, docs, tmp_path):
    (tmp_path / "run.toml").write_text('corpus = "docs"\nstores = ["exact"]\nrepeats = 1\nk = 3\nchain = "extractive"')
    found = cli.json("bench", "run.toml", "-k", "2", "--stores", "exact,bm25")
    assert (found["k"], found["repeats"]) == (2, 1)
    assert {store["name"] for store in found["stores"]} == {"exact", "bm25"}
    assert [effect["store"] for effect in found["answers"]] == ["bm25"]


def test_a_folder_in_the_first_place_is_the_corpus(cli, docs):
    assert cli.json("bench", docs, "--stores", "exact", "--repeats", "1")["corpus"]["source"] == docs


def test_questions_come_from_recorded_traces(filled, docs):
    found = filled.json("bench", "--corpus", docs, "--stores", "exact", "--repeats", "1", "--queries", "traces")
    assert (found["corpus"]["origin"], found["corpus"]["queries"]) == ("traces", 3)


def test_the_list_names_every_store_of_both_frameworks(cli):
    names = {recipe["name"] for recipe in cli.json("bench", "--list")}
    assert {
        "exact",
        "bm25",
        "langchain.memory",
        "langchain.chroma",
        "langchain.faiss-hnsw",
        "langchain.qdrant",
    } <= names
