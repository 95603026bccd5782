"""One comparison at a time in a folder: two would take each other's files for their own, and time each other's load."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from weaklink.errors import WeaklinkError


class UnusableFolder(WeaklinkError):
    """You started a comparison where another one runs, or where nothing can be written."""


@contextmanager
def alone_in(folder: Path) -> Generator[None]:
    """Keeps others out of `folder` while the block runs; the lock ends with the process, however that ends.

    Raises UnusableFolder where another comparison runs, or where nothing can be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection: Any = apsw.Connection(str(folder / "lock"))
    except (OSError, apsw.CantOpenError) as error:
        raise UnusableFolder(
            f"nothing can be written in {folder}: {error}; run the comparison where you may write"
        ) from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except (apsw.BusyError, apsw.ReadOnlyError) as error:
            raise UnusableFolder(
                f"another comparison runs in {folder}, and both would be measured wrong; wait for its end"
            ) from error
        yield
