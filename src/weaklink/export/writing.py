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
    """Write `parts` to `path`, mode 0600: under another name first, then renamed. Raises Unwritable; then nothing changed.

    A link is replaced, not followed. A device or a pipe is written into as it is: renaming would put a file in its place.
    """
    target = Path(path).expanduser()
    try:
        if _takes_a_stream(target):
            with target.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
                stream.writelines(parts)
        else:
            _replace(target, parts)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unwritable(
            f"cannot write {target}: {why}; name a file in a folder that is there and that you may write to"
        ) from error
    return target


def _takes_a_stream(target: Path) -> bool:
    """A device, pipe or socket, such as /dev/stdout, whatever that leads to."""
    if target.is_dir() or not target.exists():
        return False
    place = target.parent.resolve()
    return not target.is_file() or place == Path("/dev") or place.is_relative_to("/proc")


def _replace(target: Path, parts: Iterable[str]) -> None:
    if target.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    # Beside the target: renaming is atomic only within one file system. mkstemp makes it readable by its owner alone.
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
