# Rows of SQLite: apsw's stubs leave the type of a blob unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Opening the file: who may read it, which version it has, how long to wait for others."""

import errno
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import apsw

from weaklink.errors import NewerStore, StoreError
from weaklink.store.forking import is_usable
from weaklink.store.log import keep_short
from weaklink.store.reserve import keep, log_pages
from weaklink.store.schema import APPLICATION_ID, MIGRATIONS

NEWEST = len(MIGRATIONS)
BUSY_TIMEOUT_S = 10.0
_LONG_S = 0.5


def connect(path: Path, *, writable: bool, may_wait: Callable[[], bool] | None = None) -> apsw.Connection:
    """A connection to the store at `path`; a writable one makes and migrates the file.

    `may_wait` is asked while another process holds the write lock; the default waits 10 seconds.
    Raises StoreError where the file cannot be opened, NewerStore where writing would need a newer Weaklink.
    """
    if not is_usable():
        raise StoreError(
            f"the store {path} cannot be used in this process: it was forked while the store was being written; "
            "start workers before recording, or with the method 'spawn'"
        )
    try:
        if writable:
            _make_private(path)
        elif not path.exists():
            raise _nothing_there(path)
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if writable else 0)
        connection = _open(path, flags)
        busy = _waiting(may_wait)
        connection.set_busy_handler(busy)
        version = _version(connection, path)
        if not writable and version == 0:  # another process is about to make its tables
            connection.close()
            raise _nothing_there(path)
        if not writable and version < NEWEST:
            connection.close()
            _upgrade(path)
            return connect(path, writable=False)
        if writable:
            if version > NEWEST:
                connection.close()
                raise NewerStore(
                    f"the store {path} cannot be written: it has version {version}, and this Weaklink knows up to {NEWEST}; "
                    "type: pip install --upgrade weaklink, or set WEAKLINK_STORE to another file"
                )
            if version == 0:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # a pruned file can then shrink
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            keep_short(connection, log_pages(path.parent), busy)
            _migrate(connection, version)
            keep(path)
        connection.execute("PRAGMA query_only = 1" if not writable else "PRAGMA synchronous = NORMAL")
        return connection
    except (apsw.Error, OSError) as error:
        raise StoreError(
            f"the store {path} cannot be opened: {_plain(error)}; check the file, or name another one"
        ) from error


def _upgrade(path: Path) -> None:
    """Bring an older store up to date, so that it can be read."""
    try:
        connect(path, writable=True).close()
    except StoreError as error:
        raise StoreError(
            f"the store {path} cannot be read: an older Weaklink made it, and it cannot be brought up to date ({error}); "
            "copy it to where you may write, and name the copy"
        ) from error


def _nothing_there(path: Path) -> StoreError:
    return StoreError(
        f"there is no store at {path}: nothing was recorded there yet; check the path, or run your chain with a "
        "WeaklinkCallbackHandler first"
    )


class Patience:
    """How long one writer waits for others."""

    def __init__(self, may_wait: Callable[[], bool] | None) -> None:
        """Ask `may_wait` whether to go on; without one it is 10 seconds."""
        self._may_wait = may_wait
        self._began = time.monotonic()

    def is_over(self) -> bool:
        """Whether to give up."""
        if self._may_wait is not None:
            return not self._may_wait()
        return time.monotonic() - self._began >= BUSY_TIMEOUT_S

    def pause(self) -> None:
        """Sleep a little: SQLite knows no queue, and who asks at random moments gets its turn beside a busy writer.

        That leaves a tenth of a millisecond between two transactions, so who has waited long asks more often.
        """
        waited = time.monotonic() - self._began
        time.sleep(random.uniform(0.0005, 0.004) / (1 if waited < _LONG_S else 10))


def file_at(path: Path) -> tuple[int, int] | None:
    """What file lies at `path`; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _open(path: Path, flags: int) -> apsw.Connection:
    if flags & apsw.SQLITE_OPEN_CREATE:
        return apsw.Connection(str(path), flags=flags)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder, and the store is a file in one, such as traces.db")
    try:
        connection = apsw.Connection(str(path), flags=flags)
    except apsw.CantOpenError:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    if _can_read(connection) or _has_log(path):
        return connection
    # Beside its file SQLite keeps an index of the log, also to read. In a folder that nobody may write to there is no
    # log, nobody who adds to it, and no index needed.
    connection.close()
    still = f"{path.resolve().as_uri()}?immutable=1"
    return apsw.Connection(still, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)


def _can_read(connection: apsw.Connection) -> bool:
    try:
        connection.pragma("user_version")
    except (apsw.ReadOnlyError, apsw.CantOpenError):
        return False
    except apsw.Error:  # a lock, or no database at all: whoever reads next is told
        return True
    return True


def _has_log(path: Path) -> bool:
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def _make_private(path: Path) -> None:
    """The folder for the owner alone, ignored by git; the file too. What is there already keeps its mode."""
    folder = path.parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # another process may be as far
        if folder.name == ".weaklink":
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # WAL and shared memory take their mode from it


def _version(connection: apsw.Connection, path: Path) -> int:
    version = int(connection.pragma("user_version"))  # type: ignore[arg-type]
    application = int(connection.pragma("application_id"))  # type: ignore[arg-type]
    is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").get == 0
    if application != APPLICATION_ID and not is_empty:
        connection.close()
        raise StoreError(f"{path} is not a Weaklink store: it is a database of another program; name another file")
    return version


def _migrate(connection: apsw.Connection, version: int) -> None:
    if version == NEWEST:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.pragma("user_version"))  # type: ignore[arg-type] - another process may have been faster
        for script in MIGRATIONS[version:]:
            connection.execute(script)
        connection.execute(f"PRAGMA user_version = {NEWEST}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself ends it where the disk fails
            connection.execute("ROLLBACK")
        raise


def _waiting(may_wait: Callable[[], bool] | None) -> Callable[[int], bool]:
    patience: list[Patience] = []

    def busy(tries: int) -> bool:
        if tries == 0:
            patience[:] = [Patience(may_wait)]
        if patience[0].is_over():
            return False
        patience[0].pause()
        return True

    return busy


def _plain(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror or error}".lower()
    if isinstance(error, apsw.ReadOnlyError):
        return "neither it nor a file beside it can be written here"
    return str(error).split(":", 1)[-1].strip() or type(error).__name__
