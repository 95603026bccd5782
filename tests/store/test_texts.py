"""Long texts: each stored once, those that contain others as a list of parts, and gone with the last trace that needs them."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaklink.settings import Settings
from weaklink.store.codec import TEXT_REF
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import build, document

PASSAGES = [f"Passage {number}. {'Some words of it. ' * 40}" for number in range(4)]


def rows(path: Path, sql: str) -> list[Any]:
    return apsw.Connection(str(path)).execute(sql).fetchall()


def rag(number: int, passages: list[str], answer: str = "Ada.") -> Any:
    context = "\n\n".join(passages)
    prompt = f"Answer from:\n{context}\nQuestion {number}?"
    return build(
        "chain > retriever, pack:chain, llm", trace_id=number,
        retriever={"documents": [document(passage) for passage in passages]}, pack={"output": context},
        llm={"input": [{"role": "user", "content": prompt}], "output": answer},
    )  # fmt: skip


def test_a_prompt_is_stored_as_its_passages_and_what_stands_between_them(store: SQLiteStore, store_path: Path):
    trace = rag(1, PASSAGES[:2])
    store.write([trace])
    assert store.get(trace.id) == trace
    found = rows(store_path, "SELECT content, parts FROM texts ORDER BY id")
    assert found == [
        (PASSAGES[0], None), (PASSAGES[1], None), ("", '[1,"\\n\\n",2]'), ("", '["Answer from:\\n",1,"\\n\\n",2,"\\nQuestion 1?"]'),
    ]  # fmt: skip


def test_the_sqlite_of_python_reads_every_table_and_view(store: SQLiteStore, store_path: Path):
    """Older than ours on most systems: one view that it cannot parse, and it reads nothing of the file."""
    store.write([rag(1, PASSAGES[:2])])
    with closing(sqlite3.connect(store_path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")]
        ordinary = [name for name in names if not name.startswith("search")]
        counts = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ordinary}
        whole = [text for (text,) in db.execute("SELECT content FROM whole_texts ORDER BY id")]
    assert counts["traces"] == 1
    assert counts["texts"] == len(whole) == 4
    assert whole[2] == "\n\n".join(PASSAGES[:2])


def test_people_read_whole_texts_with_plain_sql(store: SQLiteStore, store_path: Path):
    store.write([rag(1, PASSAGES[:2])])
    whole = [text for (text,) in rows(store_path, "SELECT content FROM whole_texts ORDER BY id")]
    assert whole == [
        *PASSAGES[:2],
        "\n\n".join(PASSAGES[:2]),
        f"Answer from:\n{PASSAGES[0]}\n\n{PASSAGES[1]}\nQuestion 1?",
    ]
    assert rows(store_path, "SELECT content FROM whole_texts WHERE id = 3") == [("\n\n".join(PASSAGES[:2]),)]


def test_the_texts_of_another_trace_are_no_parts(store: SQLiteStore, store_path: Path):
    store.write([build("retriever", trace_id=1, retriever={"documents": [PASSAGES[0]]})])
    store.write([build("llm", trace_id=2, llm={"input": f"Look: {PASSAGES[0]}"})])
    assert rows(store_path, "SELECT count(*) FROM texts WHERE parts IS NOT NULL") == [(0,)]


def test_a_text_with_a_secret_is_no_list_of_parts(store: SQLiteStore, store_path: Path):
    passage = f"{'Words. ' * 50} the password"
    trace = build(
        "retriever > llm", retriever={"documents": [passage]}, llm={"input": f"{passage}: hunter2hunter2 {'x' * 99}"}
    )
    store.write([trace])
    assert b"hunter2hunter2" not in store_path.read_bytes()
    assert "the password: [redacted]" in store.get(trace.id).of_kind("llm")[0].input
    assert rows(store_path, "SELECT count(*) FROM texts WHERE parts IS NOT NULL") == [(0,)]


def test_a_part_stays_as_long_as_a_text_is_made_of_it(store: SQLiteStore, store_path: Path):
    first, second = rag(1, PASSAGES[:2]), rag(2, PASSAGES[1:3])
    later = build(
        "llm", trace_id=3, llm={"input": first.of_kind("chain")[1].output}
    )  # the whole context, without its passages
    store.write([first, later, second])
    store.close()
    connection = apsw.Connection(str(store_path))
    for trace, start in ((first, 1), (second, 2), (later, 3)):
        connection.execute("UPDATE traces SET start_ns = ? WHERE id = ?", (start, trace.id))
    assert store.prune(keep=1) == 2
    assert [span.input for span in store.get(later.id).spans] == ["\n\n".join(PASSAGES[:2])]
    assert len(rows(store_path, "SELECT id FROM texts")) == 3
    assert store.prune(keep=0) == 1
    for table in ("texts", "uses"):
        assert rows(store_path, f"SELECT * FROM {table}") == []


def test_what_a_replaced_trace_no_longer_says_is_gone(store: SQLiteStore, store_path: Path):
    store.write([build("llm", llm={"input": PASSAGES[0], "output": PASSAGES[1]})])
    store.write([build("llm", llm={"input": PASSAGES[0], "output": PASSAGES[2]})])
    assert rows(store_path, "SELECT content FROM texts ORDER BY 1") == [(PASSAGES[0],), (PASSAGES[2],)]
    assert rows(store_path, "SELECT count(*) FROM uses") == [(2,)]


@pytest.mark.parametrize(
    "value",
    [
        {TEXT_REF: 7}, {TEXT_REF: 1}, {TEXT_REF: [1]}, {TEXT_REF: [[1]]}, {TEXT_REF: {TEXT_REF: 1}}, {TEXT_REF: PASSAGES[0]},
        {"a": [{TEXT_REF: 1}]}, {TEXT_REF: 1, "b": 2}, {TEXT_REF: None}, f'"{TEXT_REF}":1', {f'"{TEXT_REF}":1': f'"{TEXT_REF}":1'},
    ],
)  # fmt: skip
def test_a_value_that_looks_like_a_reference_is_a_value(store: SQLiteStore, store_path: Path, value: Any):
    trace = build("llm", llm={"input": value, "output": PASSAGES[1], "metadata": {"m": value}})
    store.write([trace])
    assert store.get(trace.id) == trace
    store.prune(keep=0)
    assert rows(store_path, "SELECT * FROM texts") == []


WORDS = st.sampled_from(["a", "b ", "long words ", "é\n", '"', "\\", "\x00", "\U0001f642"])
LONG = st.builds(
    lambda words, times: "".join(words) * times, st.lists(WORDS, min_size=1, max_size=6), st.integers(1, 300)
)


@settings(max_examples=40, deadline=None, database=None)
@given(st.lists(LONG, min_size=1, max_size=4), st.lists(st.one_of(WORDS, st.integers(0, 9)), max_size=8), st.booleans())
def test_any_text_made_of_any_others_comes_back_as_it_was(passages: list[str], pieces: list[str | int], redacted: bool):
    text = "".join(piece if isinstance(piece, str) else passages[piece % len(passages)] for piece in pieces)
    with tempfile.TemporaryDirectory() as folder:
        store = SQLiteStore(Path(folder) / "traces.db", Settings(redact=redacted))
        trace = build(
            "retriever > llm > parser",
            retriever={"documents": passages},
            llm={"output": text},
            parser={"input": [text] * 2},
        )
        store.write([trace])
        assert store.get(trace.id) == trace
        whole = apsw.Connection(str(store.path)).execute("SELECT content FROM whole_texts").fetchall()
        assert {found for (found,) in whole} == {long for long in [*passages, text] if len(long) > 256}
        store.prune(keep=0)
        assert apsw.Connection(str(store.path)).execute("SELECT count(*) FROM texts").get == 0
        store.close()
