"""A file that takes some room on the disk, to be given up when the disk is full: deleting needs room too.

SQLite writes what a DELETE changes into the write-ahead log first, and the log can begin anew only once all of it was copied into
the file, which may have to grow for that. The reserve is as large as the log becomes, so giving it up is always enough.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = 4_096
_MOST_PAGES: Final = 1_000  # SQLite's own default
_FEWEST_PAGES: Final = 50
# A small disk gets a short log and a small reserve: each at most this part of what is free.
_SHARE: Final = 8
# The log exceeds its limit by the transaction that reaches it, and SQLite needs a little for itself.
_LARGER: Final = 1.25


def log_pages(folder: Path) -> int:
    """How many pages the write-ahead log of a store in this folder may have before it is copied into the file."""
    free = shutil.disk_usage(folder).free
    return max(_FEWEST_PAGES, min(_MOST_PAGES, free // _SHARE // PAGE_BYTES))


def keep(path: Path) -> None:
    """Make the reserve of the store at `path`, where there is none and there is room for it."""
    reserve = _reserve_of(path)
    with suppress(OSError):
        size = int(log_pages(path.parent) * PAGE_BYTES * _LARGER)
        if reserve.exists() or shutil.disk_usage(path.parent).free < 2 * size:
            return
        descriptor = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _fill(descriptor, size)
        except OSError:
            reserve.unlink()
        finally:
            os.close(descriptor)


def give_up(path: Path) -> bool:
    """Free the room that the reserve of the store at `path` takes; False where there was none."""
    try:
        _reserve_of(path).unlink()
    except OSError:
        return False
    return True


def _fill(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.write(descriptor, bytes(size))


def _reserve_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-reserve")
