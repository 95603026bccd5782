# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""The embedded store: one SQLite file in WAL mode."""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import apsw

from weaklink.errors import StoreError
from weaklink.model import Diagnosis, Score, Trace
from weaklink.query import Query
from weaklink.redact import redact
from weaklink.settings import Settings, load_settings
from weaklink.store import pruning, read, reserve
from weaklink.store.codec import escaped, loads, plain_dumps
from weaklink.store.connection import Patience, connect, file_at
from weaklink.store.figures import Figures, read_figures
from weaklink.store.forking import watch
from weaklink.store.location import resolve
from weaklink.store.page import read_page
from weaklink.store.protocol import Breakdown, Feedback, OutlineStep, Page, Retention, Store, TraceSummary
from weaklink.store.retention import Pruner
from weaklink.store.texts import Texts
from weaklink.store.whole import fill_with_trace
from weaklink.store.write import ADD_USAGE, FORGET_USAGE, SUMMARISE, Fill, run_batch

_T = TypeVar("_T")


def open_store(url_or_path: str | os.PathLike[str] | None = None) -> Store:
    """The store at a path or `sqlite:///` URL; by default the one that WEAKLINK_STORE names, else ./.weaklink/traces.db.

    The file is made at the first write. Raises StoreError where the URL names no kind of store that is installed.
    """
    settings = load_settings(store=None if url_or_path is None else os.fspath(url_or_path))
    return SQLiteStore(resolve(settings.store), settings)


class SQLiteStore:
    """Traces in one SQLite file. Reading and writing use a connection each; both may be used from any thread."""

    def __init__(
        self, path: Path, settings: Settings | None = None, *, may_wait: Callable[[], bool] | None = None
    ) -> None:
        """Nothing is opened yet. `may_wait` is asked while another process holds the write lock."""
        self.path = path
        self._settings = settings or load_settings(store=str(path))
        self._may_wait = may_wait
        self.lock = threading.RLock()
        self._reader: apsw.Connection | None = None
        self._writer: apsw.Connection | None = None
        self._cursor: apsw.Cursor | None = None
        self._texts: Texts | None = None
        self._file: tuple[int, int] | None = None
        watch(self)

    # --- reading

    def get(self, trace_id: str) -> Trace:
        """See Store.get."""
        return self._read(lambda db: read.read_trace(db, read.full_id(db, trace_id)))

    def full_id(self, trace_id: str) -> str:
        """See Store.full_id."""
        return self._read(lambda db: read.full_id(db, trace_id))

    def latest(self) -> Trace:
        """See Store.latest."""
        return self._read(lambda db: read.read_trace(db, read.latest_id(db)))

    def traces(self, query: str | None = None, *, limit: int = 50, before: int | str | None = None) -> Iterator[Trace]:
        """See Store.traces."""
        for trace_id in self._read(lambda db: read.trace_ids(db, query, limit, before)):
            yield self._read(lambda db, wanted=trace_id: read.read_trace(db, wanted))

    def summaries(
        self, query: str | None = None, *, limit: int = 50, before: int | str | None = None
    ) -> list[TraceSummary]:
        """See Store.summaries."""
        return self._read(lambda db: read.read_summaries(db, query, limit, before))

    def page(self, query: str = "", *, limit: int = 50, before: str | None = None) -> Page:
        """See Store.page."""
        return self._read(lambda db: read_page(db, read.parsed(db, query), limit, before))

    def parse(self, query: str) -> Query:
        """See Store.parse."""
        return self._read(lambda db: read.parsed(db, query))

    def outline(self, trace_id: str, *, most: int | None = None) -> list[OutlineStep]:
        """See Store.outline."""
        return self._read(lambda db: read.read_outline(db, trace_id, most))

    def part(self, trace_id: str, span_ids: Collection[str]) -> Trace:
        """See Store.part."""
        return self._read(lambda db: read.read_part(db, trace_id, span_ids))

    def beside(self, trace_id: str, query: str | None = None) -> tuple[str | None, str | None]:
        """See Store.beside."""
        return self._read(lambda db: read.beside(db, trace_id, query))

    def breakdown(self, query: str | None = None) -> list[Breakdown]:
        """See Store.breakdown."""
        return self._read(lambda db: read.breakdown(db, query))

    def figures(self, query: str = "", *, since_ns: int | None, until_ns: int, pieces: int) -> Figures:
        """See Store.figures."""
        return self._read(lambda db: read_figures(db, read.parsed(db, query), since_ns, until_ns, pieces))

    def version(self) -> int:
        """See Store.version."""
        return self._read(lambda db: int(db.pragma("data_version")))  # type: ignore[arg-type]

    def scores(self, trace_id: str) -> list[Score]:
        """See Store.scores."""
        rows = self._select("SELECT body FROM scores WHERE trace_id = ?", trace_id)
        return [Score.model_validate_json(row[0]) for row in rows]

    def diagnosis(self, trace_id: str, version: str) -> Diagnosis | None:
        """See Store.diagnosis."""
        rows = self._select("SELECT body FROM diagnoses WHERE trace_id = ? AND version = ?", trace_id, version)
        return Diagnosis.model_validate_json(rows[0][0]) if rows else None

    def waiting(self, version: str, *, limit: int = 1_000, sample: float = 1.0) -> list[str]:
        """See Store.waiting."""
        self._read(lambda db: None)  # where there is no store, none is made
        with self.lock:
            self._open_writer()  # an older file gets the column that is asked for
        return self._read(lambda db: read.waiting_ids(db, version, limit, sample))

    def feedback(self, trace_id: str) -> list[Feedback]:
        """See Store.feedback."""
        rows = self._select(
            "SELECT trace_id, span_id, name, value, comment, made_ns, document FROM feedback WHERE trace_id = ? ORDER BY id",
            trace_id,
        )
        return [
            Feedback(
                trace_id=row[0], span_id=row[1], name=row[2], value=loads(row[3]), comment=row[4], made_ns=row[5],
                document=row[6],
            )
            for row in rows
        ]  # fmt: skip

    # --- writing

    def append(self, fill: Fill) -> None:
        """Write what `fill` puts into a batch, in one transaction; raises apsw.Error where it cannot be written."""
        self._transaction(lambda connection, cursor, texts: run_batch(cursor, texts, fill))

    def write(self, traces: Iterable[Trace]) -> None:
        """See Store.write."""
        for trace in traces:
            self._write(lambda batch, whole=trace: fill_with_trace(batch, whole))

    def add_scores(self, trace_id: str, scores: Sequence[Score], *, instead_of: Iterable[str] = ()) -> None:
        """See Store.add_scores."""
        rows = [
            (
                trace_id,
                score.span_id,
                self._clean(score.name),
                _part(score),
                self._clean(score.scorer),
                score.value,
                self._body(score),
            )
            for score in scores
        ]

        def change(connection: apsw.Connection) -> None:
            replaced = [(trace_id, self._clean(name)) for name in instead_of]
            connection.executemany("DELETE FROM scores WHERE trace_id = ? AND name = ?", replaced)
            connection.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            connection.execute("UPDATE diagnoses SET version = '' WHERE trace_id = ?", (trace_id,))
            connection.execute(SUMMARISE, (trace_id,))

        self._in_transaction(change)

    def add_diagnosis(self, diagnosis: Diagnosis, version: str, seen: Trace | None = None) -> None:
        """See Store.add_diagnosis."""
        culprit = self._clean(diagnosis.culprit.name) if diagnosis.culprit else None
        body = self._body(diagnosis)
        used = [
            (self._clean(model), usage.input_tokens, usage.output_tokens, usage.cached_input_tokens, diagnosis.trace_id)
            for model, usage in (seen.usage_by_model if seen else {}).items()
        ]

        def change(connection: apsw.Connection) -> None:
            is_stale = seen is not None and not read.is_unchanged(connection, seen)
            row = (
                diagnosis.trace_id, diagnosis.verdict, culprit, diagnosis.failure and self._clean(diagnosis.failure), diagnosis.confidence,
                "" if is_stale else version, body,
            )  # fmt: skip
            connection.execute("INSERT OR REPLACE INTO diagnoses VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute(SUMMARISE, (diagnosis.trace_id,))
            connection.execute(FORGET_USAGE, (diagnosis.trace_id,))
            connection.executemany(ADD_USAGE, used)

        self._in_transaction(change)

    def add_feedback(self, feedback: Feedback) -> None:
        """See Store.add_feedback."""
        made = feedback.made_ns or time.time_ns()
        comment = self._clean(feedback.comment)
        value = plain_dumps(feedback.value, redacted=self._settings.redact)
        about = (feedback.trace_id, feedback.span_id, self._clean(feedback.name), feedback.document)

        def replace(connection: apsw.Connection) -> None:
            connection.execute(
                "DELETE FROM feedback WHERE trace_id = ? AND span_id IS ? AND name = ? AND document IS ?", about
            )
            connection.execute(
                "INSERT INTO feedback (trace_id, span_id, name, document, value, comment, made_ns) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*about, value, comment, made),
            )

        self._in_transaction(replace)

    def prune(self, *, keep: int | Retention) -> int:
        """See Store.prune."""
        kept = Retention(traces=keep, longer=1.0) if isinstance(keep, int) else keep
        pruner = Pruner(self, kept)
        pruner.look()
        while pruner.step():
            time.sleep(pruner.pause_s)
        return pruner.deleted

    def to_prune(self, *, keep: Retention) -> int:
        """How many traces `prune` would delete now."""
        return self._read(lambda db: len(pruning.doomed(db, keep, time.time_ns())))

    def count(self) -> int:
        """How many traces there are."""
        return int(self._select("SELECT count(*) FROM traces")[0][0])

    def used_bytes(self) -> int:
        """What the traces take on the disk, without the room in the file that is free for new ones."""
        return self._read(pruning.used_bytes)

    def change(self, work: Callable[[apsw.Connection], _T]) -> _T:
        """Do `work`, which makes room, in one write transaction; on a full disk the reserve is given up for it.

        Raises StoreError where the store cannot be written.
        """
        try:
            return self._in_transaction(work)
        except StoreError as error:
            if not isinstance(error.__cause__, apsw.FullError) or not reserve.give_up(self.path):
                raise
        with self.lock, suppress(apsw.Error):
            self._open_writer()[0].wal_checkpoint()
        return self._in_transaction(work)

    def look(self, query: Callable[[apsw.Connection], _T]) -> _T:
        """What `query` finds; raises StoreError where the store cannot be read."""
        return self._read(query)

    def close(self) -> None:
        """See Store.close."""
        with self.lock:
            for connection in self._connections():
                connection.close()
            self._forget_connections()

    def close_inherited(self) -> None:
        """See Forkable."""
        for connection in self._connections():
            with suppress(apsw.Error):
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                connection.close()
        self._forget_connections()

    def leave_inherited(self) -> None:
        """See Forkable."""
        import ctypes  # rarely needed, and not there in every Python

        for left in (*self._connections(), self._cursor):  # not closed at the end of the process, either
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(left))
        self._forget_connections()
        self.lock = threading.RLock()

    def _connections(self) -> list[apsw.Connection]:
        return [connection for connection in (self._reader, self._writer) if connection is not None]

    def _forget_connections(self) -> None:
        self._reader = self._writer = self._cursor = self._texts = self._file = None

    def _clean(self, text: str) -> str:
        """`text` as it may stand in a column of its own: without secrets and lone surrogates."""
        return redact(escaped(text)) if self._settings.redact else escaped(text)

    def _body(self, model: Score | Diagnosis) -> str:
        return plain_dumps(model.model_dump(), redacted=self._settings.redact)

    def _check(self) -> None:
        """Close what is open where the file is not the one that was opened: somebody removed or replaced it."""
        if self._file is not None and file_at(self.path) != self._file:
            self.close()

    def _open_writer(self) -> tuple[apsw.Connection, apsw.Cursor, Texts]:
        self._check()
        if self._writer is None or self._cursor is None or self._texts is None:
            self._writer = connect(self.path, writable=True, may_wait=self._may_wait)
            self._writer.set_busy_handler(None)  # `_transaction` waits without holding the lock
            self._cursor = self._writer.cursor()
            self._texts = Texts(self._cursor, redacted=self._settings.redact)
            self._file = file_at(self.path)
        return self._writer, self._cursor, self._texts

    def _read(self, query: Callable[[apsw.Connection], _T]) -> _T:
        with self.lock:
            self._check()
            if self._reader is None:
                self._reader = connect(self.path, writable=False)
                self._file = file_at(self.path)
            try:
                return query(self._reader)
            except apsw.Error as error:
                raise StoreError(f"the store {self.path} cannot be read: {error}; check the file") from error

    def _select(self, sql: str, *parameters: Any) -> list[Any]:
        def rows(db: apsw.Connection) -> list[Any]:
            return db.execute(sql, parameters).fetchall()

        return self._read(rows)

    def _write(self, fill: Fill) -> None:
        try:
            self.append(fill)
        except apsw.Error as error:
            raise StoreError(
                f"the store {self.path} cannot be written: {error}; check the disk and the file's mode"
            ) from error

    def _in_transaction(self, change: Callable[[apsw.Connection], _T]) -> _T:
        try:
            return self._transaction(lambda connection, cursor, texts: change(connection))
        except apsw.Error as error:
            raise StoreError(
                f"the store {self.path} cannot be written: {error}; check the disk and the file's mode"
            ) from error

    def _transaction(self, work: Callable[[apsw.Connection, apsw.Cursor, Texts], _T]) -> _T:
        """Do `work` in one write transaction, once no other process writes; all of it, or an exception and nothing."""
        patience = Patience(self._may_wait)
        while True:
            # Not held while waiting for another process: a fork waits for this lock.
            with self.lock:
                connection, cursor, texts = self._open_writer()
                try:
                    cursor.execute("BEGIN IMMEDIATE")
                except apsw.BusyError:
                    if patience.is_over():
                        raise
                else:
                    return _committed(connection, cursor, texts, work)
            patience.pause()


def _committed(
    connection: apsw.Connection,
    cursor: apsw.Cursor,
    texts: Texts,
    work: Callable[[apsw.Connection, apsw.Cursor, Texts], _T],
) -> _T:
    try:
        result = work(connection, cursor, texts)
        cursor.execute("COMMIT")
    except BaseException:
        texts.forget()
        if connection.in_transaction:
            cursor.execute("ROLLBACK")
        raise
    return result


def _part(score: Score) -> str:
    if score.document is not None:
        return f"document {score.document}"
    return f"sentence {score.sentence.start}-{score.sentence.end}" if score.sentence else ""
