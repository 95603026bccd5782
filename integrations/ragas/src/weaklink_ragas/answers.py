"""The judge's answers, kept by content: the same question is never paid for twice."""

import os
import sqlite3
import threading
from pathlib import Path

_TABLE = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, judge TEXT NOT NULL, text TEXT NOT NULL, seconds REAL NOT NULL)"
_WAIT_S = 10.0


class Answers:
    """Answers by key, in a file (mode 0600) or, without one, in memory. May be used from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        """The file is made with the first answer."""
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str) -> str | None:
        """The answer, or None where the judge has not been asked this."""
        with self._lock:
            if self._connection is None and self._path is not None and not self._path.exists():
                return None
            row = self._open().execute("SELECT text FROM answers WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, judge: str, text: str, seconds: float) -> None:
        """Keep an answer, and how long the judge took for it."""
        with self._lock, self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", (key, judge, text, seconds))

    def seconds(self, judge: str) -> float | None:
        """How long this judge takes for an answer, on average; None where it has given none."""
        with self._lock:
            if self._connection is None and self._path is not None and not self._path.exists():
                return None
            row = self._open().execute("SELECT avg(seconds) FROM answers WHERE judge = ?", (judge,)).fetchone()
        return row[0]

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._path is not None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(self._path or ":memory:", timeout=_WAIT_S, check_same_thread=False)
            self._connection.execute(_TABLE)
        return self._connection
