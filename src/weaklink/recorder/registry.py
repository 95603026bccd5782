"""One recorder per store and process; what happens to them at a fork and at exit."""

import atexit
import os
import threading
import time
from pathlib import Path

from weaklink.recorder.recorder import Recorder

# With what the interpreter needs besides, the exit is delayed by at most two seconds.
_EXIT_TIMEOUT_S = 1.9

_recorders: dict[Path, Recorder] = {}
_lock = threading.Lock()


def recorder_for(store: str | os.PathLike[str] | None = None) -> Recorder:
    """The recorder of the store at a path or URL, by default the one of the settings; the same one each time."""
    from weaklink.settings import load_settings
    from weaklink.store.location import resolve

    settings = load_settings(store=None if store is None else os.fspath(store))
    path = resolve(settings.store).absolute()
    with _lock:
        recorder = _recorders.get(path)
        if recorder is None:
            recorder = _recorders[path] = Recorder(path, settings)
        return recorder


def flush(timeout: float = 5.0) -> bool:
    """Wait until all that has been recorded by now is stored; False where that took longer than `timeout` seconds."""
    deadline = time.monotonic() + timeout
    done = [recorder.flush(max(0.0, deadline - time.monotonic())) for recorder in list(_recorders.values())]
    return all(done)


def _at_exit() -> None:
    deadline = time.monotonic() + _EXIT_TIMEOUT_S
    for recorder in list(_recorders.values()):
        recorder.close(max(0.1, deadline - time.monotonic()))


def _after_fork_in_child() -> None:
    # Only assignments: a lock may be held by a thread that does not exist here, and logging takes locks.
    global _lock
    _lock = threading.Lock()
    for recorder in _recorders.values():
        recorder.after_fork()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
