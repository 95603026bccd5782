"""What is kept and what goes: by age, number and size; broken, labelled and sampled traces later than others."""

import threading
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from weaklink.errors import StoreError
from weaklink.model import Diagnosis, Trace
from weaklink.settings import Settings
from weaklink.store import Feedback, Retention, SQLiteStore
from weaklink.store.connection import connect
from weaklink.store.retention import Housekeeping
from weaklink.store.schema import APPLICATION_ID, MIGRATIONS
from weaklink.testing import build

DAY = 86_400 * 10**9


def aged(days: float, number: int, tree: str = "chain > llm", words: int = 100, root: str = "") -> Trace:
    """A trace that began so many days ago."""
    trace = build(tree, f"question {number}", trace_id=number, llm={"output": f"{number} " * words})
    began = time.time_ns() - int(days * DAY)
    ids = {span.id: root or span.id for span in trace.spans if span.id == trace.id}
    moved = [
        span.model_copy(
            update={
                "start_ns": began + index, "id": ids.get(span.id, span.id), "trace_id": ids.get(trace.id, trace.id),
                "parent_id": span.parent_id and ids.get(span.parent_id, span.parent_id),
            }
        )
        for index, span in enumerate(trace.spans)
    ]  # fmt: skip
    return Trace.of(moved)


def questions(store: SQLiteStore) -> list[str]:
    return [trace.question for trace in store.traces(limit=1_000)]


def test_what_is_older_than_so_many_days_goes(store: SQLiteStore):
    store.write(aged(days, number) for number, days in enumerate([0.1, 1, 2, 6.9, 7.1, 30]))
    assert store.prune(keep=Retention(days=7)) == 2
    assert questions(store) == [f"question {number}" for number in range(4)]
    assert store.prune(keep=Retention(days=7)) == 0


@pytest.mark.parametrize("mark", ["raised", "diagnosed", "labelled", "sampled"])
def test_what_somebody_may_come_back_to_stays_four_times_longer(store: SQLiteStore, mark: str):
    tree = "chain > llm!" if mark == "raised" else "chain > llm"
    sampled = {"root": "0190" + "a" * 24 + "0001"} if mark == "sampled" else {}
    for number, days in ((1, 20), (2, 35)):
        root = {key: f"{value[:-1]}{number}" for key, value in sampled.items()}
        trace = aged(days, number, tree, **root)
        store.write([trace])
        if mark == "diagnosed":
            store.add_diagnosis(Diagnosis(trace_id=trace.id, verdict="broken", confidence=1, summary="it broke"), "1")
        if mark == "labelled":
            store.add_feedback(Feedback(trace_id=trace.id, name="thumbs", value=1))
    store.write([aged(20, 0xFFFF)])
    keep = Retention(days=8, sample=0.01 if mark == "sampled" else 0)
    assert store.prune(keep=keep) == 2
    assert questions(store) == ["question 1"]
    assert store.prune(keep=keep.model_copy(update={"longer": 1})) == 1


def test_of_two_as_old_the_broken_one_is_the_last_to_go(store: SQLiteStore):
    store.write([aged(2, 1, "chain > llm!"), aged(1, 2), aged(0.6, 3), aged(0.4, 4)])
    assert store.prune(keep=Retention(traces=2)) == 2
    assert questions(store) == ["question 4", "question 1"]


def test_a_store_is_brought_below_its_size_and_its_file_shrinks(store: SQLiteStore, store_path: Path):
    store.write(aged(number / 1_000, number, words=2_000) for number in range(150))
    before = store_path.stat().st_size
    assert store.prune(keep=Retention(bytes=500_000)) > 50
    left = store.count()
    assert questions(store) == [f"question {number}" for number in range(left)]
    assert store.used_bytes() <= 500_000
    assert left > 10
    store.close()
    assert store_path.stat().st_size < 0.7 * before
    assert apsw.Connection(str(store_path)).execute("PRAGMA integrity_check").get == "ok"


def test_nothing_goes_where_there_is_no_limit(store: SQLiteStore):
    store.write([aged(1_000, 1)])
    assert store.prune(keep=Retention()) == 0
    assert not Retention(longer=2, sample=1).is_limited


def test_steps_without_a_root_go_once_their_chain_cannot_run_any_more(store: SQLiteStore, store_path: Path):
    store.write([aged(0.01, 1), aged(1, 2), aged(1, 3)])
    apsw.Connection(str(store_path)).execute("DELETE FROM traces WHERE rowid < 3")
    assert store.prune(keep=Retention(traces=10)) == 0
    left = apsw.Connection(str(store_path)).execute("SELECT count(DISTINCT trace_id) FROM spans").get
    assert left == 2


def test_the_texts_of_a_store_of_an_older_version_go_too(store_path: Path):
    store_path.parent.mkdir()
    old = apsw.Connection(str(store_path))
    for script in MIGRATIONS[:3]:
        old.execute(script)
    old.execute(f"PRAGMA user_version = 3; PRAGMA application_id = {APPLICATION_ID}")
    old.execute("INSERT INTO texts VALUES (1, x'01', 'shared'), (2, x'02', 'of one'), (3, x'03', 'of a document')")
    for number, trace_id in enumerate(("0190" + "A" * 28, "short")):
        old.execute("INSERT INTO traces (id, name, status, start_ns) VALUES (?, 'chain', 'ok', ?)", (trace_id, number))
        text = '{"q": [{"$weaklink.text":1}]}' if number else '{"q": [{"$weaklink.text":1}, {"$weaklink.text":2}]}'
        columns = "trace_id, id, name, kind, status, start_ns, plumbing, input"
        values = "?1, ?1, 'c', 'chain', 'ok', 1, 0, ?2"
        old.execute(f"INSERT INTO spans ({columns}) VALUES ({values})", (trace_id, text))  # fmt: skip
    old.execute(
        "INSERT INTO documents (trace_id, span_id, role, rank, text_id) VALUES ('short', 'short', 'documents', 1, 3)"
    )
    old.close()
    store = SQLiteStore(store_path, Settings())
    assert store.prune(keep=1) == 1
    assert store.get("short").root.input == {"q": ["shared"]}
    reader = apsw.Connection(str(store_path))
    assert reader.execute("SELECT id FROM texts").fetchall() == [(1,), (3,)]
    assert store.prune(keep=0) == 1
    assert reader.execute("SELECT count(*) FROM texts").get == 0
    store.close()


def test_a_pruned_store_keeps_a_reserve_of_the_owner_alone(store: SQLiteStore, store_path: Path):
    store.write([aged(1, 1)])
    reserve = store_path.with_name("traces.db-reserve")
    assert reserve.stat().st_size >= 250_000
    assert reserve.stat().st_blocks * 512 >= reserve.stat().st_size
    reserve.unlink()
    store.prune(keep=0)
    assert reserve.exists()


def test_a_slice_holds_others_up_for_less_than_a_tenth_of_a_second(store: SQLiteStore, store_path: Path):
    waits: list[float] = []
    is_pruning, is_over = threading.Event(), threading.Event()

    def write() -> None:
        other = SQLiteStore(store_path, Settings())
        while not is_over.is_set():
            if is_pruning.wait(0.1):
                began = time.monotonic()
                other.change(lambda connection: connection.execute("UPDATE prunings SET count = count"))
                waits.append(time.monotonic() - began)
                time.sleep(0.002)
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(waits) < 40:
            store.write(aged(number / 1_000, number, words=300) for number in range(600))
            is_pruning.set()
            assert store.prune(keep=5) >= 595
            is_pruning.clear()
    finally:
        is_over.set()
        writer.join()
    waits.sort()
    assert waits[int(len(waits) * 0.95)] < 0.1


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def housekeeper(path: Path, keep: Retention, monkeypatch: pytest.MonkeyPatch) -> tuple[Housekeeping, Clock]:
    clock = Clock()
    monkeypatch.setattr("weaklink.store.retention.time.monotonic", clock)
    return Housekeeping(SQLiteStore(path, Settings()), keep), clock


def all_steps(keeper: Housekeeping) -> int:
    steps = 0
    while keeper.step() is not None:
        steps += 1
    return steps


def test_one_of_all_writers_looks_now_and_then(store: SQLiteStore, store_path: Path, monkeypatch: pytest.MonkeyPatch):
    store.write(aged(number, number) for number in range(10))
    first, clock = housekeeper(store_path, Retention(days=6.5), monkeypatch)
    second = Housekeeping(SQLiteStore(store_path, Settings()), Retention(days=3.5))
    assert all_steps(first) > 0
    assert store.count() == 7
    assert all_steps(second) == 0
    clock.now += 25
    assert all_steps(second) == 0  # by the clock on the wall the first has just looked
    connection: Any = connect(store_path, writable=True)
    connection.execute("UPDATE prunings SET looked_ns = looked_ns - 25000000000")
    assert all_steps(second) == 0
    clock.now += 25
    assert all_steps(second) > 0
    assert store.count() == 4


def test_what_has_outgrown_its_size_is_looked_at_at_once(
    store: SQLiteStore, store_path: Path, monkeypatch: pytest.MonkeyPatch
):
    keeper, clock = housekeeper(store_path, Retention(bytes=400_000), monkeypatch)
    store.write([aged(0, 0)])
    assert all_steps(keeper) == 0
    store.write(aged(number / 100, number, words=2_000) for number in range(100))
    clock.now += 1.1
    assert all_steps(keeper) > 0
    assert store.used_bytes() <= 400_000


def test_a_round_that_fails_is_over(store: SQLiteStore, store_path: Path, monkeypatch: pytest.MonkeyPatch):
    store.write(aged(number, number) for number in range(10))
    keeper, clock = housekeeper(store_path, Retention(days=5), monkeypatch)
    blocker = apsw.Connection(str(store_path))
    blocker.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("weaklink.store.connection.BUSY_TIMEOUT_S", -1.0)
    with pytest.raises(StoreError, match="database is locked"):
        keeper.step()
    blocker.execute("ROLLBACK")
    assert keeper.step() is None
    clock.now += 21
    assert all_steps(keeper) > 0
