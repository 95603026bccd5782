"""One write transaction: rows collected, long texts interned, everything upserted."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

import apsw

from weaklink.redact import may_hold_secret, redact
from weaklink.store.codec import Encoder

_KNOWN_TEXTS: Final = 20_000

# A span without an end never replaces one that has it; what a later version of a span does not know stays as it was.
_UPSERT_SPAN: Final = """
INSERT INTO spans (trace_id, id, parent_id, name, kind, status, start_ns, duration_ns, plumbing,
                   input, output, model, error, tags, metadata, attributes, notes)
VALUES {rows}
ON CONFLICT (trace_id, id) DO UPDATE SET
    kind = excluded.kind, status = excluded.status, duration_ns = excluded.duration_ns, plumbing = excluded.plumbing,
    input = coalesce(excluded.input, input), output = coalesce(excluded.output, output),
    model = coalesce(excluded.model, model), error = coalesce(excluded.error, error), tags = coalesce(excluded.tags, tags),
    metadata = coalesce(excluded.metadata, metadata), attributes = coalesce(excluded.attributes, attributes),
    notes = coalesce(excluded.notes, notes)
WHERE excluded.duration_ns IS NOT NULL OR spans.duration_ns IS NULL
"""
_UPSERT_TRACE: Final = """
INSERT INTO traces (id, name, status, start_ns, duration_ns, spans, input_tokens, output_tokens)
VALUES {rows}
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, status = excluded.status, start_ns = excluded.start_ns, duration_ns = excluded.duration_ns,
    spans = max(spans, excluded.spans), input_tokens = coalesce(excluded.input_tokens, input_tokens),
    output_tokens = coalesce(excluded.output_tokens, output_tokens)
WHERE excluded.duration_ns IS NOT NULL OR traces.duration_ns IS NULL
"""
_UPSERT_DOCUMENT: Final = """
INSERT OR REPLACE INTO documents
    (trace_id, span_id, role, rank, id, content, text_id, score, higher_is_better, score_kind, metadata)
VALUES {rows}
"""
_SET_STATUS: Final = "UPDATE spans SET status = ? WHERE trace_id = ? AND id = ?"
_SET_TRACE_STATUS: Final = "UPDATE traces SET status = ? WHERE id = ?"
_SEARCHABLE: Final = """
INSERT OR REPLACE INTO search (rowid, question, answer)
SELECT seq, column1, column2 FROM (VALUES {rows}) CROSS JOIN traces ON traces.id = column3
"""
# SQLite gives the GIL back at each step of a statement, and a thread that computes then keeps it for 5 ms: row by row, 512 spans
# beside a busy host took up to 400 ms and 16 us of CPU each, and 2 us each in statements of many rows.
_ROWS_AT_ONCE: Final = (64, 8, 1)


class Texts:
    """The long texts of a store: each stored once, found again by content hash. Used by one thread."""

    def __init__(self, cursor: apsw.Cursor, *, redacted: bool) -> None:
        """Texts go through `redact` before they are stored where `redacted` is True."""
        self._cursor = cursor
        self.redacted = redacted
        self._ids: OrderedDict[bytes, int] = OrderedDict()
        self._this_batch: dict[int, tuple[str, int]] = {}

    def start(self) -> None:
        """A new transaction begins."""
        self._this_batch.clear()

    def forget(self) -> None:
        """The transaction was rolled back: ids given in it are void."""
        self._ids.clear()
        self._this_batch.clear()

    def id_of(self, text: str) -> int:
        """The id of the row that holds `text`, which is made where there is none."""
        # The same string object stands in up to seven payloads of one call; hashing it once is enough.
        seen = self._this_batch.get(id(text))
        if seen is not None:
            return seen[1]
        data = text.encode("utf-8", "backslashreplace")
        key = hashlib.blake2b(data, digest_size=16).digest()
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = self._insert(data, key)
            if len(self._ids) > _KNOWN_TEXTS:
                self._ids.popitem(last=False)
        self._this_batch[id(text)] = (text, found)  # holds the string, so that its id stays its own
        return found

    def _insert(self, data: bytes, key: bytes) -> int:
        clean = data.decode()
        if self.redacted and may_hold_secret(data):
            masked = redact(clean)
            if masked is not clean and masked != clean:
                clean = masked
                key = hashlib.blake2b(clean.encode(), digest_size=16).digest()
        row = self._cursor.execute("SELECT id FROM texts WHERE hash = ?", (key,)).fetchone()
        if row is None:
            row = self._cursor.execute("INSERT INTO texts (hash, content) VALUES (?, ?) RETURNING id", (key, clean)).fetchone()
        return int(row[0])


class Batch:
    """The rows of one transaction."""

    def __init__(self, texts: Texts) -> None:
        """`texts` takes the long strings."""
        self.text_id = texts.id_of
        self.json = Encoder(texts.id_of, redacted=texts.redacted)
        self.spans: list[tuple[Any, ...]] = []
        self.traces: list[tuple[Any, ...]] = []
        self.documents: list[tuple[Any, ...]] = []
        self.statuses: list[tuple[str, str, str]] = []
        """(status, trace id, span id) of spans whose fate was learnt after they were written."""
        self.searchable: list[tuple[str, str, str]] = []
        """(question, answer, trace id)."""

    def run(self, cursor: apsw.Cursor) -> None:
        """Write all rows; the caller holds the transaction."""
        _execute(cursor, _UPSERT_SPAN, self.spans)
        _execute(cursor, _UPSERT_DOCUMENT, self.documents)
        _execute(cursor, _UPSERT_TRACE, self.traces)
        _execute(cursor, _SEARCHABLE, self.searchable)
        if self.statuses:
            cursor.executemany(_SET_STATUS, self.statuses)
            roots = [(status, trace_id) for status, trace_id, span_id in self.statuses if trace_id == span_id]
            cursor.executemany(_SET_TRACE_STATUS, roots)


Fill = Callable[[Batch], None]


def _execute(cursor: apsw.Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run `sql` over all rows, many at once."""
    done = 0
    for count in _ROWS_AT_ONCE:
        while len(rows) - done >= count:
            values = tuple(chain.from_iterable(rows[done : done + count]))
            cursor.execute(_for_rows(sql, count, len(rows[0])), values)
            done += count


@cache
def _for_rows(sql: str, count: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * count))


def transact(connection: apsw.Connection, cursor: apsw.Cursor, texts: Texts, fill: Fill) -> None:
    """Fill a batch and write it in one transaction: all of it, or an exception and nothing."""
    cursor.execute("BEGIN IMMEDIATE")
    try:
        texts.start()
        batch = Batch(texts)
        fill(batch)
        batch.run(cursor)
        cursor.execute("COMMIT")
    except BaseException:
        texts.forget()
        if connection.in_transaction:
            cursor.execute("ROLLBACK")
        raise
