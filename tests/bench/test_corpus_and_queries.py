import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from llama_index.core.schema import TextNode

from weaklink.bench.corpus import UnusableCorpus, chunks, load_corpus
from weaklink.bench.data import Passage, Query
from weaklink.bench.labels import with_labels
from weaklink.bench.queries import UnusableQueries, load_queries, make_queries
from weaklink.bench.reading import decoded


def test_a_folder_becomes_passages_that_say_where_they_come_from(docs):
    (docs / "picture.png").write_bytes(b"\x89PNG")
    (docs / ".hidden").mkdir()
    (docs / ".hidden" / "no.md").write_text("not read")
    found = load_corpus(docs).passages
    assert {passage.metadata["source"] for passage in found} == {
        f"{topic}.md" for topic in ("rivers", "engines", "painters", "bread", "planets", "law")
    }
    assert not any("not read" in passage.text for passage in found)


def test_jsonl_keeps_ids_and_plain_metadata(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text(
        '{"_id": 7, "passage": "one", "year": 1999, "tags": ["x"]}\n\n{"text": "two", "metadata": {"a": "b"}}\n'
    )
    assert load_corpus(path).passages == [
        Passage(id="7", text="one", metadata={"year": 1999}),
        Passage(id="c-2", text="two", metadata={"a": "b"}),
    ]


def test_equal_texts_are_one_passage_and_ids_are_unique():
    found = load_corpus(
        [Passage(id="a", text="one"), Passage(id="b", text="one"), Passage(id="a", text="two")]
    ).passages
    assert [passage.text for passage in found] == ["one", "two"]
    assert len({passage.id for passage in found}) == 2


def test_documents_of_both_frameworks_are_read():
    found = load_corpus(
        [Document("from LangChain", id="x"), TextNode(text="from LlamaIndex", id_="y"), "a text", {"text": "a dict"}]
    ).passages
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


def test_what_a_folder_holds_beside_text_is_left_out_and_named(docs):
    (docs / "scan.pdf").write_bytes(b"%PDF-1.7")
    (docs / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (docs / "empty.md").write_text("\n \n")
    (docs / "windows.txt").write_bytes("Die Küche öffnet um elf".encode("cp1252"))
    (docs / "wide.txt").write_bytes("as an editor saves it".encode("utf-16"))
    (docs / "again.md").write_bytes((docs / "law.md").read_bytes())
    found = load_corpus(docs)
    texts = {passage.metadata["source"]: passage.text for passage in found.passages}
    assert texts["windows.txt"] == "Die Küche öffnet um elf"
    assert texts["wide.txt"] == "as an editor saves it"
    assert not {"scan.pdf", "photo.txt", "empty.md"} & set(texts)
    again = len(list(chunks((docs / "law.md").read_text())))
    assert found.notes == (
        "not read: 1 .pdf (.md, .markdown, .txt, .rst, .text are read; convert the others to text)",
        "empty: empty.md",
        "no text in it: photo.txt",
        "no UTF-8, read as Windows-1252: windows.txt",
        f"empty or there before: {again} passage{'s' if again > 1 else ''}",
    )


def test_the_texts_of_installed_packages_are_no_documents(docs):
    before = load_corpus(docs).passages
    for folder in ("node_modules/left-pad", "web/node_modules/left-pad", "env/lib/site-packages/pip"):
        (docs / folder).mkdir(parents=True)
        (docs / folder / "README.md").write_text("How to pad strings on their left.")
    found = load_corpus(docs)
    assert found.passages == before
    assert found.notes == (
        "left out, because packages are installed there: env/lib/site-packages, node_modules, web/node_modules",
    )


def test_every_kind_of_file_that_is_not_read_is_named(docs):
    for kind in ("js", "js", "json", "png", "pdf", "docx", "html"):
        (docs / f"{len(list(docs.iterdir()))}.{kind}").write_bytes(b"x")
    (note,) = load_corpus(docs).notes
    assert note.startswith("not read: 2 .js, 1 ")
    assert all(f"1 .{kind}" in note for kind in ("json", "png", "pdf", "docx", "html"))


def test_a_folder_of_text_alone_needs_no_notes(docs):
    assert load_corpus(docs).notes == ()


def test_a_file_that_is_no_text_is_refused_where_it_is_all_there_is(tmp_path):
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7\n\x00\x01\x02")
    with pytest.raises(UnusableCorpus, match=r"scan\.pdf is no text"):
        load_corpus(tmp_path / "scan.pdf")
    with pytest.raises(UnusableCorpus, match=r"no text file in .* \(not read: 1 \.pdf"):
        load_corpus(tmp_path)


def test_a_jsonl_string_may_hold_any_line_separator(tmp_path):
    (tmp_path / "c.jsonl").write_text('{"text": "one\u2028line"}\r\n{"text": "two\x85lines"}', newline="")
    assert [passage.text for passage in load_corpus(tmp_path / "c.jsonl").passages] == ["one\u2028line", "two\x85lines"]


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_are_not(data):
    found = decoded(data)
    assert found is None or "\0" not in found.text


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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.csv", 'Question,relevant,team\n"How long, then?",a.md#1;b.md,hr\n,,\nWhy?,,it\n'),
        ("q.tsv", "query\tlabels\nHow long, then?\ta.md#1; b.md\n\nWhy?\t\n"),
        ("q.json", '[{"question": "How long, then?", "relevant": ["a.md#1", "b.md"]}, "Why?"]'),
        ("q.jsonl", '\n{"question": "How long, then?", "relevant": ["a.md#1", "b.md"]}\n\n{"question": "Why?"}\n'),
    ],
)
def test_questions_and_labels_come_in_the_usual_forms(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    found = load_queries(tmp_path / name)
    assert [(query.text, query.relevant) for query in found] == [
        ("How long, then?", {"a.md#1": 1.0, "b.md": 1.0}),
        ("Why?", {}),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("q.csv", "How long?\nWhy?\n", "has to name the columns"),
        ("q.json", '{"question": "Why?"}', "holds no list"),
        ("q.json", '{"question": "Why?"}\n{"question": "How?"}', "is no JSON"),
        ("q.txt", "\n \n", "there is no question in"),
        ("q.jsonl", '{"question": "Why?", "relevant": {"a": "very"}}', "the labels of query 1 are"),
    ],
)
def test_a_file_of_questions_that_cannot_be_used_says_why(tmp_path, name, content, says):
    (tmp_path / name).write_text(content)
    with pytest.raises(UnusableQueries, match=says):
        load_queries(tmp_path / name)


def _passages(*ids):
    return [Passage(id=each, text=f"text of {each}", metadata={"source": each.partition("#")[0]}) for each in ids]


def test_a_label_names_a_passage_or_a_file():
    passages = _passages("hr/a.md#1", "hr/a.md#2", "it/b.md#1", "hr/b.md#1")
    queries = load_queries([
        {"question": "passage?", "relevant": ["hr/a.md#2"]},
        {"question": "path?", "relevant": {"hr/a.md": 2}},
        {"question": "name?", "relevant": ["a.md"]},
        {"question": "which b?", "relevant": ["b.md"]},
    ])  # fmt: skip
    found = with_labels(queries, passages)
    assert [query.relevant for query in found.queries] == [
        {"hr/a.md#2": 1.0}, {"hr/a.md#1": 2.0, "hr/a.md#2": 2.0}, {"hr/a.md#1": 1.0, "hr/a.md#2": 1.0}, {},
    ]  # fmt: skip
    assert found.notes == ("1 of 4 labels name nothing in the corpus: b.md",)


def test_labels_of_another_corpus_are_refused():
    queries = load_queries([{"question": "a?", "relevant": ["p17", "p18"]}])
    with pytest.raises(UnusableQueries, match=r"none of the labels .* p17, p18; .* 'a\.md#1', files such as 'a\.md'"):
        with_labels(queries, _passages("a.md#1", "b.md#1"))


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
    ).passages
    made = make_queries(passages, 10)
    texts = {passage.id: passage.text.lower() for passage in passages}
    assert made == make_queries(passages, 10)
    assert all(word in texts[label] for query in made for label in query.relevant for word in query.text.split())
