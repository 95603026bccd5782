"""Finding traces: by id, by the end of an id, by words, and the newest first."""

import time
from pathlib import Path

import apsw
import pytest

from weaklink.errors import AmbiguousTrace, StoreError, UnknownTrace
from weaklink.model import Trace, Usage
from weaklink.store import open_store
from weaklink.store.read import read_summaries, summaries_of, trace_ids
from weaklink.store.sqlite import SQLiteStore
from weaklink.testing import build


def numbered(number: int, question: str = "", answer: str = "") -> Trace:
    trace = build(
        "chain > llm", question or f"question {number}", answer or "yes", trace_id=number, llm={"tokens": (10, number)}
    )
    return Trace.of(span.model_copy(update={"start_ns": span.start_ns + number * 10**9}) for span in trace.spans)


def named(id: str) -> Trace:
    span = build("chain").root
    return Trace(spans=(span.model_copy(update={"id": id, "trace_id": id}),))


def test_the_newest_come_first_and_page_on(store: SQLiteStore):
    store.write(numbered(number) for number in (3, 1, 2))
    assert store.latest() == numbered(3)
    assert list(store.traces()) == [numbered(3), numbered(2), numbered(1)]
    assert list(store.traces(limit=1)) == [numbered(3)]
    assert list(store.traces(before=numbered(3).start_ns, limit=1)) == [numbered(2)]
    assert [line.id for line in store.summaries(before=numbered(2).start_ns)] == [numbered(1).id]


def test_a_summary_says_the_same_as_the_trace(store: SQLiteStore):
    store.write([numbered(1)])
    (line,) = store.summaries()
    assert line.model_dump() == {
        "id": numbered(1).id, "name": "chain", "status": "ok", "start_ns": numbered(1).start_ns, "duration_ns": numbered(1).duration_ns,
        "spans": 2, "usage": Usage(input_tokens=10, output_tokens=1).model_dump(), "question": "question 1", "answer": "yes",
        "verdict": None, "culprit": None, "failure": None, "role": None, "confidence": None, "version": None, "scores": {}, "tags": (),
        "models": {},
    }  # fmt: skip


def test_an_id_may_be_shortened_from_the_end(store: SQLiteStore):
    first, second = "0190" + "a" * 24 + "1234", "0190" + "a" * 24 + "5634"
    store.write([named(first), named(second)])
    assert store.get("234").id == first
    assert store.get(" 5634 ").id == second
    assert store.get(second.upper()).id == second
    assert store.get(f"{first[:8]}-{first[8:12]}-{first[12:16]}-{first[16:20]}-{first[20:]}").id == first
    with pytest.raises(AmbiguousTrace) as raised:
        store.get("34")
    assert str(raised.value) == (
        "'34' names several traces, because their ids all end so: …aaaaaaaa1234, …aaaaaaaa5634; type more of the end"
    )


@pytest.mark.parametrize("unknown", ["ffff", "", "0190", "%", "_", "' OR 1=1 --", "\x00", "é"])
def test_an_id_that_is_not_there_says_what_to_type(store: SQLiteStore, unknown: str):
    store.write([named("0190" + "a" * 28)])
    with pytest.raises(UnknownTrace) as raised:
        store.get(unknown)
    assert str(raised.value) == f"there is no trace {unknown!r} in this store; type: weaklink list"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("engine", [1]), ("ENGINE", [1]), ("analytical engine", [1]), ("engine analytical", [1]), ("engine soup", []), ("soup", [2]),
        ("crème", [3]), ("creme", [3]), ("Größe", [3]), ("日本", [4]), ("don't", [2]),
        ('"analytical engine"', [1]), ("", [4, 3, 2, 1]), ("  ", [4, 3, 2, 1]),
        ("engine*", [1]), ("eng*", [1]), ("-engine", [4, 3, 2]), ("engine\x00", [1]), ("^engine", [1]), ("NEAR(engine)", []),
        ("(engine", [1]), ("{engine}", [1]), ("a^and", []), ("'engine'", [1]),
    ],
)  # fmt: skip
def test_words_find_traces_and_nothing_is_an_operator_of_the_index(store: SQLiteStore, query: str, found: list[int]):
    store.write([
        numbered(1, "Who designed the Analytical Engine?"), numbered(2, "What is for lunch?", "Soup. We don't know more."),
        numbered(3, "Größe der Crème?"), numbered(4, "日本 の 首都"),
    ])  # fmt: skip
    assert [trace.id for trace in store.traces(query)] == [numbered(number).id for number in found]
    assert [line.id for line in store.summaries(query)] == [numbered(number).id for number in found]


def test_a_trace_that_is_only_partly_stored_is_readable(store: SQLiteStore, store_path: Path):
    store.write([numbered(1)])
    store.close()
    apsw.Connection(str(store_path)).execute("DELETE FROM spans WHERE id = trace_id")
    assert [span.name for span in store.latest().spans] == ["llm"]
    (line,) = store.summaries()
    assert (line.name, line.question) == ("chain", "")


def test_a_file_that_breaks_while_it_is_read_is_a_store_error(store: SQLiteStore, store_path: Path):
    store.write(numbered(number) for number in range(200))
    store.close()
    data = bytearray(store_path.read_bytes())
    data[4_096:] = b"\xff" * (len(data) - 4_096)
    store_path.write_bytes(data)
    with pytest.raises(StoreError, match=r"the store .* cannot be"):
        list(store.traces())


def test_reading_uses_the_indexes(store: SQLiteStore, store_path: Path):
    store.write([numbered(1)])
    connection = apsw.Connection(str(store_path))

    def plan(sql: str, *given: object) -> str:
        return " | ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", given))

    assert "traces_by_start" in plan("SELECT t.id FROM traces t ORDER BY t.start_ns DESC LIMIT ?", 50)
    assert "traces_by_start" in plan(
        "SELECT t.id FROM traces t WHERE t.start_ns < ? ORDER BY t.start_ns DESC LIMIT ?", 1, 50
    )
    for table in ("spans", "documents", "scores", "diagnoses", "feedback"):
        assert plan(f"SELECT * FROM {table} WHERE trace_id = ?", "a").startswith("SEARCH"), table
    assert plan("SELECT id, content FROM texts WHERE id IN (1, 2)").startswith("SEARCH")
    assert plan("SELECT id FROM texts WHERE hash = ?", b"").startswith("SEARCH")


@pytest.mark.slow
def test_the_newest_of_100_000_traces_and_one_by_its_id_are_found_in_milliseconds(store: SQLiteStore, store_path: Path):
    store.write([numbered(1)])
    store.close()
    connection = apsw.Connection(str(store_path))
    connection.execute("BEGIN")
    rows = [(f"{number:032x}", 1_000 + number * 7_919 % 100_003) for number in range(2, 100_002)]
    connection.executemany(
        "INSERT INTO traces (id, name, status, start_ns, duration_ns, spans) VALUES (?, 'chain', 'ok', ?, 1, 2)", rows
    )
    columns = "trace_id, id, name, kind, status, start_ns, duration_ns, plumbing, input"
    spans = f"INSERT INTO spans ({columns}) VALUES (?1, ?1, 'chain', 'chain', 'ok', ?2, 1, 0, ?3)"
    connection.executemany(spans, [(id, start, f'"the question {start}"') for id, start in rows])
    connection.execute(
        "INSERT INTO search (rowid, question, answer) SELECT seq, 'the question ' || start_ns, 'yes' FROM traces"
    )
    connection.execute("COMMIT")
    connection.close()
    reader = open_store(store_path)

    def timed(what: str, read: object) -> float:
        quickest = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            read()  # type: ignore[operator]
            quickest = min(quickest, (time.perf_counter() - began) * 1000)
        print(f"100,000 traces: {what} in {quickest:.1f} ms")
        return quickest

    wanted = rows[500][0]
    assert timed("the newest 50", lambda: reader.summaries(limit=50)) < 50
    assert timed("page 1,000", lambda: reader.summaries(limit=50, before=51_000)) < 50
    assert timed("one by its id", lambda: reader.get(wanted)) < 10
    assert timed("the latest", reader.latest) < 10
    assert timed("a rare word", lambda: reader.summaries(f"{rows[500][1]}")) < 50
    assert timed("a word of all of them", lambda: reader.summaries("question", limit=50)) < 500
    assert timed("one by the end of its id", lambda: reader.get(wanted[-6:])) < 200
    assert len(trace_ids(apsw.Connection(str(store_path)), None, 50, None)) == 50
    reader.close()


def test_more_traces_are_listed_than_sqlite_takes_parameters(store: SQLiteStore, store_path: Path):
    store.write(numbered(number) for number in range(20))
    connection = apsw.Connection(str(store_path))
    connection.limit(apsw.SQLITE_LIMIT_VARIABLE_NUMBER, 8)
    found = read_summaries(connection, None, 20, None)
    assert [summary.question for summary in found] == [f"question {number}" for number in reversed(range(20))]
    assert summaries_of(connection, [summary.id for summary in found]) == found
    connection.close()
