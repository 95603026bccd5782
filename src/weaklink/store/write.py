# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""One write transaction: rows collected, long texts interned, everything upserted."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

import apsw

from weaklink.query.unspaced import apart
from weaklink.store.codec import Encoder
from weaklink.store.pruning import release, texts_of
from weaklink.store.texts import Texts, user_of

# The same rows in any order, and any number of times, give the same content. Of two versions of a span the longer one is the
# later one: an open one has no duration, and one that an ancestor's end closed may still end itself. What the later one does not
# know, the other one says; and where the fate of a span was learnt after its end, that stands (a trigger sees to new rows).
_IS_LATER: Final = "coalesce(excluded.duration_ns, -1) >= coalesce({table}.duration_ns, -1)"


def _of_the_later(table: str, *columns: str) -> str:
    is_later = _IS_LATER.format(table=table)
    return ", ".join(
        f"{name} = CASE WHEN {is_later} THEN coalesce(excluded.{name}, {table}.{name}) ELSE coalesce({table}.{name}, excluded.{name}) END"
        for name in columns
    )


def _status(table: str, trace_id: str) -> str:
    fate = f"SELECT status FROM fates WHERE fates.trace_id = excluded.{trace_id} AND fates.span_id = excluded.id"
    return f"status = coalesce(({fate}), CASE WHEN {_IS_LATER.format(table=table)} THEN excluded.status ELSE {table}.status END)"


_UPSERT_SPAN: Final = f"""
INSERT INTO spans (trace_id, id, parent_id, name, kind, status, start_ns, duration_ns, plumbing,
                   input, output, model, error, tags, metadata, attributes, notes)
VALUES {{rows}}
ON CONFLICT (trace_id, id) DO UPDATE SET {_status("spans", "trace_id")}, {
    _of_the_later(
        "spans",
        "kind",
        "duration_ns",
        "plumbing",
        "input",
        "output",
        "model",
        "error",
        "tags",
        "metadata",
        "attributes",
        "notes",
    )
}
"""
_UPSERT_TRACE: Final = f"""
INSERT INTO traces (id, name, status, start_ns, duration_ns, spans, input_tokens, output_tokens)
VALUES {{rows}}
ON CONFLICT (id) DO UPDATE SET {_status("traces", "id")}, {_of_the_later("traces", "name", "start_ns", "duration_ns")},
    spans = max(spans, excluded.spans),
    input_tokens = max(coalesce(input_tokens, excluded.input_tokens), coalesce(excluded.input_tokens, input_tokens)),
    output_tokens = max(coalesce(output_tokens, excluded.output_tokens), coalesce(excluded.output_tokens, output_tokens))
"""
_UPSERT_DOCUMENT: Final = """
INSERT OR REPLACE INTO documents
    (trace_id, span_id, role, rank, id, content, text_id, score, higher_is_better, score_kind, metadata)
VALUES {rows}
"""
# A step that was abandoned and made good was made good.
_SET_FATE: Final = """
INSERT INTO fates (status, trace_id, span_id) VALUES (?, ?, ?)
ON CONFLICT (trace_id, span_id) DO UPDATE SET status = max(status, excluded.status)
"""
_FATE: Final = "(SELECT status FROM fates WHERE trace_id = ?1 AND span_id = ?2)"
_SET_STATUS: Final = f"UPDATE spans SET status = {_FATE} WHERE trace_id = ?1 AND id = ?2"
_SET_TRACE_STATUS: Final = f"UPDATE traces SET status = {_FATE} WHERE id = ?1 AND id = ?2"
_REPLACE: Final = (
    "DELETE FROM search WHERE rowid = (SELECT seq FROM traces WHERE id = ?)",
    "DELETE FROM traces WHERE id = ?",
    *(f"DELETE FROM {table} WHERE trace_id = ?" for table in ("spans", "documents", "fates")),
)
_USE: Final = "INSERT OR IGNORE INTO uses (text_id, user) VALUES {rows}"
_SEARCHABLE: Final = """
INSERT OR REPLACE INTO search (rowid, question, answer)
SELECT seq, column1, column2 FROM (VALUES {rows}) CROSS JOIN traces ON traces.id = column3
"""
# What a row of `traces` says of the trace's diagnosis and scores: after either changed, or the row is a new one.
SUMMARISE: Final = """
UPDATE traces SET
    (verdict, culprit, role, kind, failure, confidence, diagnosed) = (
        SELECT verdict, culprit, json_extract(body, '$.culprit.role'), json_extract(body, '$.culprit.kind'), failure, confidence,
        version FROM diagnoses WHERE trace_id = traces.id),
    scores = (
        SELECT json_group_object(name, low) FROM
        (SELECT name, min(value) AS low FROM scores WHERE trace_id = traces.id AND part = '' AND value IS NOT NULL GROUP BY name)
        HAVING count(*) > 0)
WHERE id = ?
"""
FORGET_USAGE: Final = "DELETE FROM model_usage WHERE seq = (SELECT seq FROM traces WHERE id = ?)"
ADD_USAGE: Final = """
INSERT OR REPLACE INTO model_usage (seq, model, input_tokens, output_tokens, cached_input_tokens)
SELECT seq, ?1, ?2, ?3, ?4 FROM traces WHERE id = ?5
"""
# SQLite gives the GIL back at each step of a statement, and a thread that computes then keeps it for 5 ms: row by row, 512 spans
# beside a busy host took up to 400 ms and 16 us of CPU each, and 2 us each in statements of many rows.
_ROWS_AT_ONCE: Final = (64, 8, 1)
# FTS5 writes out what it has gathered before each statement of several rows: 30 traces in six statements took 25 us each, and 10
# in one, which is filled up with rows that name no trace.
_INDEXED_AT_ONCE: Final = (1, 8, 64, 256)


SEARCHED_CHARACTERS: Final = 1_000
"""Of a question and of an answer, so many characters at the start are searched."""


class Batch:
    """The rows of one transaction."""

    def __init__(self, texts: Texts) -> None:
        """`texts` takes the long strings."""
        self.text_id = texts.id_of
        self.clean = texts.clean
        self.redacted = texts.redacted
        self.json = Encoder(texts.id_of, texts.json_id_of, redacted=texts.redacted)
        self._texts = texts
        self._used_by = ""
        self.uses = texts.uses
        """(text, user), see `used_by`."""
        self.spans: list[tuple[Any, ...]] = []
        self.traces: list[tuple[Any, ...]] = []
        self.documents: list[tuple[Any, ...]] = []
        self.statuses: list[tuple[str, str, str]] = []
        """(status, trace id, span id) of spans whose fate was learnt after they were written."""
        self.searchable: list[tuple[str, str, str]] = []
        """(question, answer, trace id)."""
        self.replaced: list[str] = []
        """Ids of traces of which nothing that is stored shall stay, but scores, diagnosis and feedback."""

    def used_by(self, trace_id: str) -> None:
        """What is encoded from now on belongs to this trace."""
        if trace_id != self._used_by:
            self._used_by = trace_id
            user = user_of(trace_id)
            self.json.encode_for(user)
            self._texts.used_by(user)

    def run(self, cursor: apsw.Cursor) -> None:
        """Write all rows; the caller holds the transaction."""
        replaced = set(self.replaced)
        released = {(text, user_of(trace_id)) for trace_id in replaced for text in texts_of(cursor, [trace_id])}
        for trace_id in replaced:
            for sql in _REPLACE:
                cursor.execute(sql, (trace_id,))
        _execute(cursor, _USE, sorted(self.uses))
        release(cursor, released - self.uses)
        _execute(cursor, _UPSERT_SPAN, self.spans)
        _execute(cursor, _UPSERT_DOCUMENT, self.documents)
        _execute(cursor, _UPSERT_TRACE, self.traces)
        _index(cursor, [(apart(asked), apart(said), of) for asked, said, of in self.searchable])
        for trace_id in self.replaced:
            cursor.execute(SUMMARISE, (trace_id,))
        if self.statuses:
            cursor.executemany(_SET_FATE, self.statuses)
            named = [(trace_id, span_id) for _, trace_id, span_id in self.statuses]
            cursor.executemany(_SET_STATUS, named)
            cursor.executemany(_SET_TRACE_STATUS, named)


Fill = Callable[[Batch], None]


def _execute(cursor: apsw.Cursor, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run `sql` over all rows, many at once."""
    done = 0
    for count in _ROWS_AT_ONCE:
        while len(rows) - done >= count:
            values = tuple(chain.from_iterable(rows[done : done + count]))
            cursor.execute(_for_rows(sql, count, len(rows[0])), values)
            done += count


def _index(cursor: apsw.Cursor, rows: Sequence[tuple[str, str, str]]) -> None:
    """Make these traces searchable, in as few statements as can be."""
    done = 0
    while left := len(rows) - done:
        count = next((count for count in _INDEXED_AT_ONCE if count >= left), _INDEXED_AT_ONCE[-1])
        values = list(chain.from_iterable(rows[done : done + count]))
        values += [None] * (3 * count - len(values))
        cursor.execute(_for_rows(_SEARCHABLE, count, 3), values)
        done = min(done + count, len(rows))


@cache
def _for_rows(sql: str, count: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * count))


def run_batch(cursor: apsw.Cursor, texts: Texts, fill: Fill) -> None:
    """Fill a batch and write its rows; the caller holds the transaction."""
    texts.start(cursor.execute("SELECT count FROM prunings").get)
    batch = Batch(texts)
    fill(batch)
    batch.run(cursor)
    texts.end()
