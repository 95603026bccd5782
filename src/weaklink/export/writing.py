"""Writing a file whole or not at all, for its owner alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from weaklink.errors import WeaklinkError


class Unwritable(WeaklinkError):
    """You named a file that cannot be written."""


def write_file(path: str | os.PathLike[str], parts: Iterable[str]) -> Path:
    """Write `parts` to `path`, mode 0600: under another name first, then renamed. Raises Unwritable; then nothing changed."""
    target = Path(path).expanduser()
    try:
        # Beside the target: renaming is atomic only within one file system. mkstemp makes it readable by its owner alone.
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        try:
            with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                for part in parts:
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            if target.is_dir():
                raise IsADirectoryError(21, "it is a folder")
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unwritable(
            f"cannot write {target}: {why}; name a file in a folder that is there and that you may write to"
        ) from error
    return target
