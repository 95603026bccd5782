import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from llama_index.core.schema import TextNode

from weaklink.bench.corpus import UnusableCorpus, chunks, load_corpus
from weaklink.bench.data import Passage, Query
from weaklink.bench.queries import UnusableQueries, load_queries, make_queries


def test_a_folder_becomes_passages_that_say_where_they_come_from(docs):
    (docs / "picture.png").write_bytes(b"\x89PNG")
    (docs / ".hidden").mkdir()
    (docs / ".hidden" / "no.md").write_text("not read")
    found = load_corpus(docs)
    assert {passage.metadata["source"] for passage in found} == {
        f"{topic}.md" for topic in ("rivers", "engines", "painters", "bread", "planets", "law")
    }
    assert not any("not read" in passage.text for passage in found)


def test_jsonl_keeps_ids_and_plain_metadata(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text(
        '{"_id": 7, "passage": "one", "year": 1999, "tags": ["x"]}\n\n{"text": "two", "metadata": {"a": "b"}}\n'
    )
    assert load_corpus(path) == [
        Passage(id="7", text="one", metadata={"year": 1999}),
        Passage(id="c-2", text="two", metadata={"a": "b"}),
    ]


def test_equal_texts_are_one_passage_and_ids_are_unique():
    found = load_corpus([Passage(id="a", text="one"), Passage(id="b", text="one"), Passage(id="a", text="two")])
    assert [passage.text for passage in found] == ["one", "two"]
    assert len({passage.id for passage in found}) == 2


def test_documents_of_both_frameworks_are_read():
    found = load_corpus(
        [Document("from LangChain", id="x"), TextNode(text="from LlamaIndex", id_="y"), "a text", {"text": "a dict"}]
    )
    assert [passage.text for passage in found] == ["from LangChain", "from LlamaIndex", "a text", "a dict"]
    assert [passage.id for passage in found][:2] == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "line 1 of .* is no JSON"),
        ("[1]", "is no object"),
        ('{"title": "x"}', "line 1 of .* has no text"),
        ("", "holds 0 passages"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, content, says):
    path = tmp_path / "c.jsonl"
    path.write_text(content)
    with pytest.raises(UnusableCorpus, match=says):
        load_corpus(path)


def test_a_file_that_is_no_text_is_named(docs):
    (docs / "sheet.txt").write_bytes("as Windows saves it".encode("utf-16"))
    with pytest.raises(UnusableCorpus, match=r"sheet\.txt is no text in UTF-8"):
        load_corpus(docs)


def test_an_empty_folder_and_no_folder_are_different_mistakes(tmp_path):
    with pytest.raises(UnusableCorpus, match="there is no text file in"):
        load_corpus(tmp_path)
    with pytest.raises(UnusableCorpus, match="there is no corpus at"):
        load_corpus(tmp_path / "absent")


@given(st.text(alphabet=st.sampled_from("ab. \n?é"), max_size=4000))
def test_chunks_lose_no_word_and_are_short_enough(text):
    found = list(chunks(text, 50))
    assert all(0 < len(chunk) <= 50 for chunk in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_equal_questions_become_one_with_its_frequency(tmp_path):
    path = tmp_path / "q.txt"
    path.write_text("How long?\nhow  long?\n\nWhy?\n")
    assert [(query.text, query.count) for query in load_queries(path)] == [("How long?", 2), ("Why?", 1)]


def test_labels_are_lists_or_gains(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text(
        json.dumps({"question": "A?", "relevant": ["x"]}) + "\n" + json.dumps({"query": "B?", "relevant": {"y": 2}})
    )
    assert [query.relevant for query in load_queries(path)] == [{"x": 1.0}, {"y": 2.0}]


def test_merged_questions_keep_all_traces_and_labels():
    found = load_queries(
        [
            Query(id="1", text="A", relevant={"x": 1}, traces=("t1",)),
            Query(id="2", text="a", relevant={"y": 1}, traces=("t2",)),
        ]
    )
    assert found == [Query(id="1", text="A", relevant={"x": 1, "y": 1}, traces=("t1", "t2"), count=2)]


@pytest.mark.parametrize("given", [[], [{"answer": "x"}], [{"question": "x", "relevant": "p1"}]])
def test_unusable_queries_are_refused(given):
    with pytest.raises(UnusableQueries):
        load_queries(given)


def test_made_queries_are_words_of_their_passage_and_the_same_each_time():
    passages = load_corpus(
        [f"The harbour of town{n} was built by guild{n} in winter. It has {n} cranes." for n in range(30)]
    )
    made = make_queries(passages, 10)
    texts = {passage.id: passage.text.lower() for passage in passages}
    assert made == make_queries(passages, 10)
    assert all(word in texts[label] for query in made for label in query.relevant for word in query.text.split())
