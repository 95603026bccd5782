"""R12: any stream of records, replayed, shuffled and doubled, with ends missing, gives the same content."""

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import apsw
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from weaklink.recorder import OpenSpan, Recorder
from weaklink.recorder.encode import encode
from weaklink.recorder.records import StillOpen
from weaklink.settings import Settings
from weaklink.snapshot import Passage, Snapshotter
from weaklink.store.sqlite import SQLiteStore
from weaklink.store.write import Batch

_ROWS = ("spans", "documents", "traces", "searchable", "statuses", "uses")
Rows = dict[str, list[Any]]


def content(path: Path) -> dict[str, list[Any]]:
    """All that a store says, whatever the order in which it was told."""
    connection = apsw.Connection(str(path))
    found = {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
        for table, order in (("spans", "trace_id, id"), ("documents", "trace_id, span_id, role, rank"), ("texts", "id"))
    }
    # Which texts a text is made of was learnt when it was stored; the rest is who uses them.
    found["uses"] = connection.execute(
        "SELECT text_id, user FROM uses WHERE typeof(user) = 'blob' ORDER BY 1, 2"
    ).fetchall()
    columns = "id, name, status, start_ns, duration_ns, spans, input_tokens, output_tokens"
    found["traces"] = connection.execute(f"SELECT {columns} FROM traces ORDER BY id").fetchall()
    words = "SELECT traces.id FROM search JOIN traces ON traces.seq = search.rowid WHERE search MATCH ? ORDER BY 1"
    found["search"] = [connection.execute(words, (word,)).fetchall() for word in ("question", "answer", "long")]
    connection.close()
    return found


def rows_of(batch: Batch, name: str) -> Any:
    """What adds rows to one table of a batch."""
    return batch.uses.update if name == "uses" else getattr(batch, name).extend


class Streams(RuleBasedStateMachine):
    """Steps begin, fail, are closed by others and end late; what a recorder hands to its writer meanwhile is the stream."""

    figures: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "traces.db"
        self.recorder = Recorder(path, Settings())
        self.recorder._writer._stop = True  # no thread: this test is the writer
        self.store = SQLiteStore(path)
        self.stream: list[Rows] = []
        self.begun: list[OpenSpan] = []
        self.take = Snapshotter().take

    def teardown(self) -> None:
        for span in list(self.begun):  # some never end
            if span.is_root and span.key % 3:
                self.end(span, span.key)
        if self.stream:
            self.replay()
        self.store.close()
        self.folder.cleanup()

    def written(self) -> None:
        """Write what the recorder has handed out, and remember the rows."""
        for record in self.recorder._queue.take(1_000):

            def fill(batch: Batch, record: Any = record) -> None:
                encode(record, batch)
                self.stream.append({name: list(getattr(batch, name)) for name in _ROWS})

            self.store.append(fill)

    @rule(
        under=st.integers(0, 99),
        kind=st.sampled_from(["chain", "retriever", "llm"]),
        text=st.sampled_from(["a question", "long " * 90]),
        show=st.booleans(),
    )
    def begin(self, under: int, kind: Any, text: str, show: bool) -> None:
        open_now = [span for span in self.begun if span.key in self.recorder._open]
        parent = open_now[under % len(open_now)] if open_now and under % 5 else None
        span = self.recorder.start(len(self.begun) + 1, parent.key if parent else None, f"step {len(self.begun)}", kind)
        span.input = self.take({"question": text})[0]
        self.begun.append(span)
        if show:  # as the tick does with what has been open for a while
            self.recorder._queue.put(StillOpen(span), 1)
            self.written()

    @precondition(lambda self: self.begun)
    @rule(which=st.integers(0, 99), how=st.sampled_from(["ok", "ok", "error", "left"]))
    def finish(self, which: int, how: str) -> None:
        span = self.begun[which % len(self.begun)]
        if how == "ok":
            self.end(span, which)
        else:
            self.recorder.fail(span, ValueError("broken") if how == "error" else GeneratorExit())
            self.written()

    @rule(under=st.integers(0, 99), is_stream=st.booleans())
    def learn_a_fate(self, under: int, is_stream: bool) -> None:
        """A failure that the step above makes good, or a stream that its reader leaves when the step above is over."""
        self.begin(under, "chain", "a question", show=False)
        above = self.begun[-1]
        span = self.recorder.start(len(self.begun) + 1, above.key, f"step {len(self.begun)}", "llm")
        self.begun.append(span)
        if not is_stream:
            self.recorder.fail(span, ValueError("broken"))
            self.written()
        self.end(above, under)
        if is_stream:
            self.recorder.fail(span, GeneratorExit())
            self.written()

    def end(self, span: OpenSpan, number: int) -> None:
        if self.recorder.find(span.key) is None:
            return
        span.output = self.take(f"an answer {number} " + "long " * (number % 100))[0]
        if span.kind == "retriever":
            span.documents = [Passage(f"passage {n} " * (n + 1) * 15, f"d{n}", {"n": n}) for n in range(number % 4)]
        if span.kind == "llm":
            span.model = {"name": "m", "usage": {"input_tokens": number, "output_tokens": 2}}
        self.recorder.finish(span)
        self.written()

    def replay(self) -> None:
        """Shuffled, in transactions of random size: once and twice more into a store that knows only the texts, and three times
        into the one that has all of it."""
        expected = content(self.store.path)
        other = SQLiteStore(Path(self.folder.name) / "other.db")
        other.append(lambda batch: None)
        copier = apsw.Connection(str(other.path))
        copier.executemany("INSERT INTO texts (id, hash, content, parts) VALUES (?, ?, ?, ?)", self.texts())
        copier.close()
        chance = random.Random(len(self.stream))
        for store, times in ((other, 1), (other, 2), (self.store, 3)):
            left = self.stream * times  # everything of one record comes together
            chance.shuffle(left)
            while left:
                some = [left.pop() for _ in range(min(len(left), chance.randint(1, 9)))]

                def fill(batch: Batch, some: list[Rows] = some) -> None:
                    for rows in some:
                        for name in _ROWS:
                            rows_of(batch, name)(rows[name])

                store.append(fill)
            assert content(store.path) == expected
        other.close()
        fates = sum(len(rows["statuses"]) for rows in self.stream)
        self.figures.update(streams=1, records=len(self.stream), fates=fates)

    def texts(self) -> list[Any]:
        return apsw.Connection(str(self.store.path)).execute("SELECT id, hash, content, parts FROM texts").fetchall()


def test_a_stream_in_any_order_and_number_gives_the_same_content(is_long: bool):
    from hypothesis.stateful import run_state_machine_as_test

    Streams.figures.clear()
    run_state_machine_as_test(
        Streams,
        settings=settings(
            max_examples=1_000 if is_long else 40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    streams, records = Streams.figures["streams"], Streams.figures["records"]
    print(f"R12: {streams} streams of {records:,} records, replayed 3 times and shuffled: same content")
    assert streams > 10
    assert Streams.figures["fates"] > 10
