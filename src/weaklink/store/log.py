"""The write-ahead log: copied into the file now and then, and kept short beside many writers."""

from collections.abc import Callable
from typing import Final

import apsw

_TOO_LONG: Final = 4
"""So many times the usual length."""
_WAIT_MS: Final = 100
"""How long all other writers may wait for the readers of a log that is too long."""


def keep_short(connection: apsw.Connection, pages: int, busy: Callable[[int], bool]) -> None:
    """From now on copy the log into the file at each commit that leaves it with `pages` pages or more; `busy` is the busy handler.

    By itself SQLite begins the log anew only when a writer happens to find all of it copied and nobody reading it. Beside eight
    busy writers and a reader that hardly came about, and the log grew by 30 MB a second: so where it is too long, the other
    writers wait until it has been copied and the readers have left it, for a moment at most.
    """
    too_long = pages * _TOO_LONG
    next_try = too_long

    def committed(connection: apsw.Connection, database: str, count: int) -> int:
        nonlocal next_try
        try:
            if count < too_long:
                next_try = too_long
            if count >= next_try:
                next_try = count + too_long  # a long reader must not hold up each commit
                connection.set_busy_timeout(_WAIT_MS)
                try:
                    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
                finally:
                    connection.set_busy_handler(busy)
            elif count >= pages:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error:  # what is committed is safe in the log; the next commit tries again
            pass
        return apsw.SQLITE_OK

    connection.set_wal_hook(committed)
